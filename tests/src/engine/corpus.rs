//! Kept promises: the components that were built for each released version of the contracts, on today's host.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mortise_types::Process;

use super::{Case, admit, answer, engine, golden, golden_file};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// A component of the corpus: the folder that it lies in, its name, its bytes.
fn components() -> Vec<(String, String, Arc<[u8]>)> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "wasm") {
                let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
                let folder = folder.file_name().unwrap().to_string_lossy().into_owned();
                found.push((folder, name(&file), std::fs::read(&file).unwrap().into()));
            }
        }
    }
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found
}

/// The golden cases that a version of a process's contract has to answer.
fn cases(process: Process, version: &str) -> Vec<Case> {
    let mut cases = golden(process);
    if process == Process::Sla && version != "0.1.0" {
        cases.extend(golden_file(process, "sla_forecast"));
    }
    cases
}

#[tokio::test]
async fn every_released_component_still_decides_as_it_did() {
    let engine = engine();
    let mut seen = Vec::new();
    for (folder, name, bytes) in components() {
        let admission = admit(&engine, bytes).await;
        let process = admission.process;
        let version = folder.strip_prefix(&format!("{process}-")).unwrap_or_else(|| panic!("{folder} is of {process}"));
        assert!(admission.wit.contains(&format!("itsm:{process}@{version}")), "{folder}/{name}: {:?}", admission.wit);
        // A variant decides otherwise by intent; that it decides is what is asked of it.
        let standard = name == format!("{process}-standard");
        for case in cases(process, version) {
            let evaluation = engine.evaluate(&admission.prepared, &case.request, "{}").await;
            let got = answer(&evaluation);
            assert!(!standard || got == case.expected, "{folder}/{name}: {}: {got}", case.name);
        }
        seen.push(folder);
    }
    for wanted in ["sla-0.1.0", "sla-0.2.0", "change-risk-0.1.0", "budget-0.1.0", "supplier-0.1.0"] {
        assert!(seen.iter().any(|folder| folder == wanted), "{wanted} is not in the corpus: {seen:?}");
    }
}

#[tokio::test]
async fn an_older_component_is_asked_for_what_it_lacks_and_refuses() {
    let engine = engine();
    let old: Arc<[u8]> = std::fs::read(corpus().join("sla-0.1.0/sla-standard.wasm")).unwrap().into();
    let prepared = admit(&engine, old).await.prepared;
    let case = golden_file(Process::Sla, "sla_forecast").remove(0);
    let evaluation = engine.evaluate(&prepared, &case.request, "{}").await;
    assert_eq!(answer(&evaluation)["error"], "not-supported");
}

#[tokio::test]
async fn todays_component_looks_ahead() {
    let engine = engine();
    let prepared = admit(&engine, super::standard(Process::Sla)).await.prepared;
    for case in golden_file(Process::Sla, "sla_forecast") {
        let evaluation = engine.evaluate(&prepared, &case.request, "{}").await;
        assert_eq!(answer(&evaluation), case.expected, "{}", case.name);
    }
}
