//! A partner's desk: new projects in every language, built, tested and measured on the command line.

#![allow(clippy::unwrap_used)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mortise_types::Process;
use serde_json::Value;

use crate::app::{binary, components};

const LANGUAGES: [(&str, &str); 4] =
    [("rust", "src/lib.rs"), ("javascript", "src/policy.js"), ("python", "src/policy.py"), ("c", "src/policy.c")];

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The command line on a machine that has every compiler: those that `cargo xtask plugins` found or
/// installed.
fn mortise(folder: &Path, arguments: &[&str]) -> Output {
    let note = components().parent().unwrap().join("desk/tools.json");
    let note =
        fs::read_to_string(&note).unwrap_or_else(|e| panic!("{}: {e}; run `cargo xtask plugins`", note.display()));
    let tools: Value = serde_json::from_str(&note).unwrap();
    let folders = tools["folders"].as_array().unwrap().iter().map(|folder| PathBuf::from(folder.as_str().unwrap()));
    let path = env::join_paths(folders.chain(env::split_paths(&env::var_os("PATH").unwrap()))).unwrap();
    let mut command = Command::new(binary());
    command.current_dir(folder).args(arguments).env("PATH", path);
    // Projects in Rust share what they depend on, and take it from where this workspace has it.
    command.env("CARGO_TARGET_DIR", root().join("target/desk/projects")).env("CARGO_NET_OFFLINE", "true");
    if let Some(rustc) = tools["rustc"].as_str() {
        command.env("WASM_RUSTC", rustc);
    }
    if let Some(linker) = tools["linker"].as_str() {
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command printed, once it went well.
fn fine(output: &Output) -> String {
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// A new project `NAME` in a folder.
fn project(folder: &Path, process: Process, language: &str, name: &str) -> PathBuf {
    let mut arguments = vec!["plugin", "new", "--process", process.slug(), "--lang", language, name];
    let sdk = root().join("sdk");
    if language == "rust" {
        arguments.extend(["--sdk", sdk.to_str().unwrap()]);
    }
    fine(&mortise(folder, &arguments));
    if language == "rust" {
        // The versions that are on this machine.
        fs::copy(root().join("Cargo.lock"), folder.join(name).join("Cargo.lock")).unwrap();
    }
    folder.join(name)
}

/// Builds a new project and runs its cases.
fn agrees(process: Process, language: &str) {
    let folder = tempfile::tempdir().unwrap();
    let project = project(folder.path(), process, language, "my-policy");
    let report = fine(&mortise(&project, &["plugin", "test"]));
    assert!(report.contains("agree, 0 do not"), "{report}");
    assert!(project.join("target/my-policy.wasm").is_file());
}

#[test]
fn a_new_project_is_complete_and_small_in_every_language() {
    let folder = tempfile::tempdir().unwrap();
    for process in Process::ALL {
        for (language, source) in LANGUAGES {
            let name = format!("{language}-{process}");
            let project = project(folder.path(), process, language, &name);
            let manifest = fs::read_to_string(project.join("mortise.toml")).unwrap();
            for wanted in [&name, process.slug(), language] {
                assert!(manifest.contains(&format!("\"{wanted}\"")), "{manifest}");
            }
            let code = fs::read_to_string(project.join(source)).unwrap();
            let lines = code.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("\"\"\""));
            assert!((10..60).contains(&lines.count()), "{name}: the author's own code is short");
            let cases: Vec<Value> =
                serde_json::from_str(&fs::read_to_string(project.join(format!("golden/{process}.json"))).unwrap())
                    .unwrap();
            assert!(cases.len() >= 5 && cases.iter().any(|case| case["expected"]["error"].is_string()), "{name}");
            for file in fs::read_dir(&project).unwrap() {
                let path = file.unwrap().path();
                if path.is_file() {
                    assert!(!fs::read_to_string(&path).unwrap().contains("{{"), "{} has a gap", path.display());
                }
            }
            assert!(!code.contains("{{"), "{name} has a gap");
            if language != "rust" {
                let mut resolve = wit_parser::Resolve::default();
                let (package, _) = resolve.push_dir(project.join("wit")).unwrap();
                let world = resolve.select_world(&[package], Some("component")).unwrap();
                assert!(resolve.worlds[world].imports.values().all(|item| match item {
                    wit_parser::WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.is_empty(),
                    _ => false,
                }));
            }
        }
    }
}

#[test]
fn a_new_project_in_rust_builds_and_agrees_for_every_process() {
    for process in Process::ALL {
        agrees(process, "rust");
    }
}

#[test]
fn a_new_project_in_c_builds_and_agrees_for_every_process() {
    for process in Process::ALL {
        agrees(process, "c");
    }
}

#[test]
fn a_new_project_in_javascript_builds_and_agrees_for_every_process() {
    for process in Process::ALL {
        agrees(process, "javascript");
    }
}

#[test]
fn a_new_project_in_python_builds_and_agrees_for_every_process() {
    for process in Process::ALL {
        agrees(process, "python");
    }
}

#[test]
fn a_case_that_differs_is_shown_and_fails_the_test() {
    let folder = tempfile::tempdir().unwrap();
    let project = project(folder.path(), Process::Sla, "c", "night");
    let golden = project.join("golden/sla.json");
    let cases = fs::read_to_string(&golden).unwrap();
    fs::write(&golden, cases.replacen(r#"{"priority": "P2"}"#, r#"{"priority": "P1"}"#, 1)).unwrap();
    let output = mortise(&project, &["plugin", "test"]);
    assert_eq!(output.status.code(), Some(1));
    let report = text(&output.stdout);
    assert!(report.contains("DIFFERS the-highest-waits-a-little"), "{report}");
    assert!(report.contains(r#"priority: expected "P1", got "P2""#), "{report}");
    assert!(report.contains("9 cases: 8 agree, 1 do not"), "{report}");
}

#[test]
fn new_cases_are_recorded_and_others_keep_their_writing() {
    let folder = tempfile::tempdir().unwrap();
    let project = project(folder.path(), Process::Sla, "c", "night");
    let golden = project.join("golden/sla.json");
    let before = fs::read_to_string(&golden).unwrap();
    let case = " {\n  \"name\": \"new\",\n  \"input\": {\"urgency\":2, \"op\": \"priority\", \"impact\":2}\n }";
    let asked = before.replace("\n]\n", &format!(",\n{case}\n]\n"));
    fs::write(&golden, &asked).unwrap();

    let output = mortise(&project, &["plugin", "test"]);
    assert_eq!(output.status.code(), Some(1), "a case without an outcome proves nothing");
    assert_eq!(fs::read_to_string(&golden).unwrap(), asked);

    fine(&mortise(&project, &["plugin", "test", "--record"]));
    let recorded = fs::read_to_string(&golden).unwrap();
    assert_eq!(recorded, asked.replace("\"impact\":2}\n", "\"impact\":2},\n  \"expected\": {\"priority\":\"P4\"}\n"));
    assert!(fine(&mortise(&project, &["plugin", "test"])).contains("10 cases: 10 agree, 0 do not"));
}

#[test]
fn a_measurement_names_time_fuel_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let project = project(folder.path(), Process::Sla, "c", "night");
    let report = fine(&mortise(&project, &["plugin", "bench", "--runs", "20", "--case", "without-steps-as-by-day"]));
    let figures = report.lines().find(|line| line.ends_with("without-steps-as-by-day")).unwrap();
    let figures: Vec<u64> = figures.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [p50, p95, fuel, memory] = figures[..] else { panic!("{report}") };
    assert!(p50 <= p95 && fuel > 100 && (64..65_536).contains(&memory), "{report}");
    let output = mortise(&project, &["plugin", "bench", "--case", "no-such-case"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_example_of_this_repository_is_a_project_like_any_other() {
    let component = components().join("change-risk-cautious.wasm");
    let golden = root().join("tests/golden/change_risk.json");
    let arguments =
        ["plugin", "test", "--component", component.to_str().unwrap(), "--golden", golden.to_str().unwrap()];
    let report = fine(&mortise(&root(), &arguments));
    assert!(report.contains("13 cases: 13 agree"), "{report}");
}

#[test]
fn what_is_missing_or_wrong_is_one_line_and_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command.current_dir(folder.path()).args(arguments).env("PATH", folder.path());
        command.output().unwrap()
    };
    let refused = |arguments: &[&str], wanted: &str| {
        let output = nobody(arguments);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(wanted) && error.lines().count() == 1, "{arguments:?}: {error}");
    };
    refused(&["plugin", "new", "--process", "sla", "--lang", "cobol", "x"], "cobol");
    refused(&["plugin", "new", "--process", "hr", "--lang", "c", "x"], "hr");
    refused(&["plugin", "new", "--process", "sla", "--lang", "c", "../x"], "../x");
    refused(&["plugin", "new", "--process", "sla", "--lang", "c", "--sdk", ".", "x"], "--sdk");
    refused(&["plugin", "test", "nowhere"], "nowhere");
    for (language, hint) in
        [("c", "install clang and lld"), ("javascript", "Node.js"), ("python", "install it (3.10 or newer")]
    {
        assert!(nobody(&["plugin", "new", "--process", "sla", "--lang", language, language]).status.success());
        refused(&["plugin", "build", language], hint);
    }
    refused(&["plugin", "new", "--process", "sla", "--lang", "c", "c"], "there already");
    let golden = folder.path().join("golden.json");
    fs::write(&golden, r#"[{"name": "a", "input": {}, "expect": 1}]"#).unwrap();
    refused(&["plugin", "test", "c", "--golden", golden.to_str().unwrap()], "expect");
}
