//! The engine with real components: golden cases, contained failures, admission, the cache.
//!
//! The components come from `cargo xtask plugins` (`target/components`, or the folder that
//! `MORTISE_COMPONENTS` names).

#![allow(clippy::unwrap_used)]

mod admission;
mod cache;
mod compiling;
mod contained;
mod corpus;
mod fairness;
mod forged;
mod golden;
mod hostile;
mod lookups;
mod settings;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use mortise::engine::{Admission, Engine, EngineConfig, Evaluation, Grants, Limits, Verdict};
use mortise_types::{Process, Request};
use serde_json::Value;

/// The bytes of a built component, e.g. `sla-standard` or `guests/loop`.
pub(crate) fn component(name: &str) -> Arc<[u8]> {
    crate::app::component(name).into()
}

/// The standard component of a process.
pub(crate) fn standard(process: Process) -> Arc<[u8]> {
    component(&format!("{process}-standard"))
}

/// The version of its process's package that the standard component is built against.
pub(crate) fn version(process: Process) -> &'static str {
    if process == Process::Sla { "0.2.0" } else { "0.1.0" }
}

/// One engine with production limits for all tests that need nothing else. It keeps what it
/// compiles, so that the next run is quick.
pub(crate) fn engine() -> Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let cache_dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tmp/engine-cache"));
        Engine::new(EngineConfig { cache_dir: Some(cache_dir), ..EngineConfig::default() }).unwrap()
    });
    ENGINE.clone()
}

/// An engine with other limits.
pub(crate) fn engine_with(change: impl FnOnce(&mut EngineConfig)) -> Engine {
    let mut config = EngineConfig { concurrent_calls: 16, ..EngineConfig::default() };
    change(&mut config);
    Engine::new(config).unwrap()
}

/// Admits a component with all that this host grants.
pub(crate) async fn admit(engine: &Engine, bytes: Arc<[u8]>) -> Admission {
    engine.admit(bytes, &Grants::all()).await.unwrap()
}

/// A golden file.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) request: Request,
    pub(crate) expected: Value,
}

/// The golden cases of a process.
pub(crate) fn golden(process: Process) -> Vec<Case> {
    golden_file(process, &process.slug().replace('-', "_"))
}

/// The cases of one golden file.
pub(crate) fn golden_file(process: Process, file: &str) -> Vec<Case> {
    let path = format!("{}/golden/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    cases
        .into_iter()
        .map(|case| Case {
            name: case["name"].as_str().unwrap().to_owned(),
            request: Request::from_json(process, case["input"].clone()).unwrap(),
            expected: case["expected"].clone(),
        })
        .collect()
}

/// The first golden case whose name begins so.
pub(crate) fn case(process: Process, name: &str) -> Case {
    golden(process).into_iter().find(|case| case.name.starts_with(name)).unwrap()
}

/// What an evaluation says, in the golden files' form.
pub(crate) fn answer(evaluation: &Evaluation) -> Value {
    match &evaluation.result {
        Ok(Verdict::Decided(decision)) => decision.outcome.to_json(),
        Ok(Verdict::Refused(refusal)) => refusal.to_json(),
        Err(failure) => panic!("no answer: {failure}"),
    }
}

/// The standard SLA component decides a golden case correctly on this engine.
pub(crate) async fn assert_healthy(engine: &Engine) {
    let healthy = admit(engine, standard(Process::Sla)).await;
    let case = case(Process::Sla, "S01");
    let evaluation = engine.evaluate(&healthy.prepared, &case.request, "{}").await;
    assert_eq!(answer(&evaluation), case.expected);
    assert!(evaluation.fuel > 0 && evaluation.fuel < Limits::default().fuel);
    assert!(evaluation.memory_peak > 0);
}
