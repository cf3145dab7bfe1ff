//! The command line, as its users call it.

#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::app::{binary, components};

fn mortise(arguments: &[&str], input: &str) -> Output {
    run(Command::new(binary()).args(arguments), input)
}

fn run(command: &mut Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A command that refuses its arguments does not read its input.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn golden_requests_in_golden_outcomes_out() {
    for (file, process) in
        [("sla", "sla"), ("change_risk", "change-risk"), ("budget", "budget"), ("supplier", "supplier")]
    {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{file}.json"));
        let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(golden).unwrap()).unwrap();
        let input: String = cases.iter().map(|c| format!("{}\n", c["input"])).collect();
        let component = components().join(format!("{process}-standard.wasm"));
        let output = mortise(&["plugin", "run", component.to_str().unwrap(), "--process", process], &input);
        assert!(output.status.success(), "{}", error(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        let outcomes: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(outcomes.len(), cases.len());
        for (case, outcome) in cases.iter().zip(outcomes) {
            assert_eq!(outcome, case["expected"], "{}", case["name"]);
        }
    }
}

#[test]
fn settings_decide_what_the_request_leaves_open() {
    let dir = tempfile::tempdir().unwrap();
    let settings = dir.path().join("settings.json");
    let component = components().join("sla-standard.wasm");
    let (component, settings_path) = (component.to_str().unwrap(), settings.to_str().unwrap());
    let arguments = ["plugin", "run", component, "--process", "sla", "--settings", settings_path];
    let request = r#"{"op":"priority","impact":1,"urgency":1}"#;
    std::fs::write(&settings, r#"{"matrix":{"1":{"1":"P5"}}}"#).unwrap();
    let output = mortise(&arguments, request);
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), r#"{"priority":"P5"}"#, "{}", error(&output));

    std::fs::write(&settings, r#"{"matrix":{"1":{"1":"P5"}},"colour":1}"#).unwrap();
    let output = mortise(&arguments, request);
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("colour"), "{}", error(&output));
}

#[test]
fn bad_input_is_one_line_and_status_2() {
    let component = components().join("sla-standard.wasm");
    let component = component.to_str().unwrap();
    let sla = ["plugin", "run", component, "--process", "sla"];
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    let cases: [(&[&str], &str, &str); 9] = [
        (&sla, "not json", "not JSON"),
        (&sla, r#"{"op":"clock"}"#, "1: "),
        (&sla, r#"{"op":"dance"}"#, "dance"),
        (&["plugin", "run", component, "--process", "budget"], "", "decides for sla"),
        (&["plugin", "run", component, "--process", "tax"], "", "tax"),
        (&["plugin", "run", "/nonexistent.wasm", "--process", "sla"], "", "/nonexistent.wasm"),
        (&["--config", "/nonexistent.toml", "migrate"], "", "/nonexistent.toml"),
        (&["--data-dir", dir, "record", "create", "incident", "{\"title\":1}", "--roles", "SD"], "", "[type]"),
        (&["--data-dir", dir, "record", "create", "unicorn", "{}", "--roles", "SD"], "", "unicorn"),
    ];
    for (arguments, input, expected) in cases {
        let output = mortise(arguments, input);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", error(&output));
        assert!(error(&output).contains(expected), "{arguments:?}: {}", error(&output));
        assert!(!error(&output).contains("panicked"), "{arguments:?}: {}", error(&output));
    }
}

#[test]
fn an_unknown_key_of_the_configuration_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mortise.toml");
    std::fs::write(&file, "[database]\nurll = \"sqlite:x\"\n").unwrap();
    let output = mortise(&["--config", file.to_str().unwrap(), "migrate"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("urll"), "{}", error(&output));
    let output = run(Command::new(binary()).arg("migrate").env("MORTISE_LISTN", "x"), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("listn"), "{}", error(&output));
}

#[test]
fn every_command_explains_itself() {
    for command in [
        vec!["serve"],
        vec!["migrate"],
        vec!["token", "create"],
        vec!["token", "list"],
        vec!["token", "revoke"],
        vec!["record", "create"],
        vec!["record", "list"],
        vec!["record", "transition"],
        vec!["import"],
        vec!["trust", "allow"],
        vec!["trust", "disallow"],
        vec!["plugin", "list"],
        vec!["plugin", "upload"],
        vec!["plugin", "approve"],
        vec!["plugin", "activate"],
        vec!["plugin", "rollback"],
        vec!["plugin", "inspect"],
        vec!["plugin", "run"],
        vec!["plugin", "key", "new"],
        vec!["plugin", "sign"],
        vec!["plugin", "verify"],
        vec!["plugin", "push"],
        vec!["plugin", "pull"],
    ] {
        let output = mortise(&[command.clone(), vec!["--help"]].concat(), "");
        assert!(output.status.success(), "{command:?}");
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(help.contains("Usage:"), "{command:?}: {help}");
    }
}

#[test]
fn a_component_shows_what_it_is() {
    for process in ["sla", "change-risk", "budget", "supplier"] {
        let component = components().join(format!("{process}-standard.wasm"));
        let output = mortise(&["plugin", "inspect", "--json", component.to_str().unwrap()], "");
        let about: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", error(&output)));
        assert_eq!(about["process"], process);
        assert!(about["settings_schema"]["properties"].is_object(), "{about}");
        let imports = about["imports"].as_array().unwrap();
        assert!(imports.iter().all(|i| i.as_str().unwrap().starts_with("itsm:")), "{imports:?}");
    }
}

#[test]
fn a_component_shows_itself_in_words() {
    let component = components().join("sla-standard.wasm");
    let output = mortise(&["plugin", "inspect", component.to_str().unwrap()], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for words in [
        "Component     sla-standard",
        "Process       sla",
        "Built for     ",
        "itsm:sla/forecast@0.2.0",
        "Needs granted none",
        "processed-by: wit-component",
        "horizon_days: integer = ",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}{}", error(&output));
    }
    let granted = components().join("guests/ungranted.wasm");
    let output = mortise(&["plugin", "inspect", granted.to_str().unwrap()], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("Needs granted itsm:log/log"), "{text}");
}

#[test]
fn a_publisher_makes_keys_signs_and_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let component = at("a.wasm");
    std::fs::copy(components().join("sla-standard.wasm"), &component).unwrap();
    for algorithm in ["ed25519", "ecdsa-p256"] {
        let made = mortise(&["plugin", "key", "new", &at(algorithm), "--algorithm", algorithm], "");
        assert!(made.status.success(), "{}", error(&made));
        let made = String::from_utf8_lossy(&made.stdout).into_owned();
        let id = made.lines().next().unwrap().to_owned();
        let (private, public) = (at(&format!("{algorithm}.key")), at(&format!("{algorithm}.pub")));
        for file in [&private, &public] {
            let shown = mortise(&["plugin", "key", "show", file], "");
            assert_eq!(String::from_utf8_lossy(&shown.stdout).trim(), id);
        }
        let again = mortise(&["plugin", "key", "new", &at(algorithm)], "");
        assert_eq!(again.status.code(), Some(2), "a key is never overwritten");
        assert!(mortise(&["plugin", "sign", &component, "--key", &private], "").status.success());
        let good = mortise(&["plugin", "verify", &component, "--key", &public], "");
        assert_eq!(String::from_utf8_lossy(&good.stdout).trim(), format!("good: {id}"), "{}", error(&good));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    // The signature that is there is by the other key.
    let other = mortise(&["plugin", "verify", &component, "--key", &at("ed25519.pub")], "");
    assert_eq!(other.status.code(), Some(2));
    assert!(error(&other).contains("not by"), "{}", error(&other));
    let mut bytes = std::fs::read(&component).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&component, bytes).unwrap();
    let bent = mortise(&["plugin", "verify", &component, "--key", &at("ecdsa-p256.pub")], "");
    assert!(error(&bent).contains("not of these bytes"), "{}", error(&bent));
    let not_a_key = mortise(&["plugin", "sign", &component, "--key", &component], "");
    assert_eq!(not_a_key.status.code(), Some(2));
}

#[test]
fn an_administrator_says_whose_components_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (data, component, signature) = (at("data"), at("a.wasm"), at("a.wasm.sig"));
    let desk = |arguments: &[&str]| mortise(&[&["--data-dir", &data], arguments].concat(), "");
    let said = |output: &Output| {
        assert!(output.status.success(), "{}", error(output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let show = || serde_json::from_str::<Value>(&said(&desk(&["trust", "show"]))).unwrap();
    std::fs::copy(components().join("sla-vip.wasm"), &component).unwrap();
    said(&desk(&["token", "create", "--user", "root", "--roles", "ADM"]));
    assert_eq!((&show()["unsigned"], &show()["revision"]), (&"allow-named".into(), &0.into()));
    // A file that is there is meant by its bytes, anything else is a digest or a name.
    let bytes = std::fs::read(&component).unwrap();
    let named: Value = serde_json::from_str(&said(&desk(&["trust", "allow", &component]))).unwrap();
    assert_eq!(named["allowed"], serde_json::json!([mortise::domain::canonical::sha256(&bytes)]));
    said(&desk(&["trust", "allow", "sla-own", "--reason", "ours"]));
    said(&desk(&["trust", "disallow", "sla-own"]));
    said(&desk(&["trust", "disallow", &component]));
    assert_eq!((&show()["allowed"], &show()["revision"]), (&serde_json::json!([]), &4.into()));

    said(&mortise(&["plugin", "key", "new", &at("partner")], ""));
    let add = ["trust", "add", "--name", "Partner Ltd", "--public-key", &at("partner.pub"), "--process", "sla"];
    let key = said(&desk(&add));
    said(&desk(&["trust", "policy", "--unsigned", "refuse", "--reason", "the contract says so"]));
    assert!(error(&desk(&["trust", "allow", &component])).contains("allow-named"), "names none");
    assert_eq!((&show()["unsigned"], &show()["keys"][0]["id"]), (&"refuse".into(), &key.as_str().into()));

    let refused = desk(&["plugin", "upload", &component]);
    assert_eq!(refused.status.code(), Some(2), "{}", error(&refused));
    assert!(error(&refused).contains("sign"), "{}", error(&refused));
    said(&mortise(&["plugin", "sign", &component, "--key", &at("partner.key")], ""));
    let row = said(&desk(&["plugin", "upload", &component, "--signature", &signature]));
    let digest = row.split('\t').next().unwrap();
    let number = row.split('\t').next_back().unwrap();
    // Four eyes: whoever uploads it does not approve it, and without approval it does not decide.
    assert!(error(&desk(&["plugin", "activate", digest])).contains("a process owner approves it first"));
    let own = desk(&["plugin", "approve", number, "--user", "command-line"]);
    assert_eq!(own.status.code(), Some(2), "{}", String::from_utf8_lossy(&own.stdout));
    assert!(error(&own).contains("someone else"), "{}", error(&own));
    let approved: Value =
        serde_json::from_str(&said(&desk(&["plugin", "approve", &digest[..12], "--user", "wu"]))).unwrap();
    assert_eq!((&approved["number"], &approved["state"]), (&number.into(), &"approved".into()));
    assert_eq!(desk(&["plugin", "approve", "PLG-1999-000001", "--user", "wu"]).status.code(), Some(2));
    said(&desk(&["plugin", "activate", digest]));

    // What is live stays live when its key is revoked, and is told; it is not activated again.
    let revoked = desk(&["trust", "revoke", &key[..8], "--reason", "the key was lost"]);
    said(&revoked);
    assert!(error(&revoked).contains("not trusted any more"), "{}", error(&revoked));
    assert_eq!(show()["distrusted"].as_array().unwrap().len(), 1);
    let again = desk(&["plugin", "activate", digest, "--scope", "kind=incident"]);
    assert_eq!(again.status.code(), Some(2), "{}", String::from_utf8_lossy(&again.stdout));

    for wrong in [
        &["trust", "policy", "--unsigned", "perhaps"][..],
        &["trust", "add", "--name", "x", "--public-key", &component],
        &["trust", "add", "--name", "x", "--public-key", &at("partner.pub"), "--process", "hr"],
        &["trust", "revoke", "zz", "--reason", "there is none"],
    ] {
        let output = desk(wrong);
        assert_eq!((output.status.code(), error(&output).lines().count()), (Some(2), 1), "{}", error(&output));
    }
}

#[test]
fn a_command_whose_reader_has_gone_ends_quietly() {
    let component = components().join("sla-standard.wasm");
    let mut inspect = Command::new(binary());
    inspect.args(["plugin", "inspect", "--json"]).arg(component).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = inspect.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!words.contains("panicked") && output.status.code().is_some(), "{words}");
}
