//! All golden cases through the components.

use mortise_types::Process;
use serde_json::Value;

use super::{admit, answer, case, component, engine, golden, standard};

async fn every_case(process: Process) {
    let engine = engine();
    let admission = admit(&engine, standard(process)).await;
    assert_eq!(admission.process, process);
    let mut wrong = Vec::new();
    for case in golden(process) {
        let evaluation = engine.evaluate(&admission.prepared, &case.request, "{}").await;
        let got = match &evaluation.result {
            Ok(_) => answer(&evaluation),
            Err(failure) => failure.to_string().into(),
        };
        if got != case.expected {
            wrong.push(format!("{}\n  expected {}\n  got      {got}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn sla() {
    every_case(Process::Sla).await;
}

#[tokio::test]
async fn change_risk() {
    every_case(Process::ChangeRisk).await;
}

#[tokio::test]
async fn budget() {
    every_case(Process::Budget).await;
}

#[tokio::test]
async fn supplier() {
    every_case(Process::Supplier).await;
}

#[tokio::test]
async fn the_same_call_costs_and_answers_the_same() {
    let engine = engine();
    for process in Process::ALL {
        let prepared = admit(&engine, standard(process)).await.prepared;
        for case in golden(process) {
            let first = engine.evaluate(&prepared, &case.request, "{}").await;
            let second = engine.evaluate(&prepared, &case.request, "{}").await;
            assert_eq!(first.result, second.result, "{}", case.name);
            assert_eq!(first.fuel, second.fuel, "{}", case.name);
            assert_eq!(first.memory_peak, second.memory_peak, "{}", case.name);
        }
    }
}

#[tokio::test]
async fn reasons_come_with_a_decision() {
    let engine = engine();
    for process in Process::ALL {
        let prepared = admit(&engine, standard(process)).await.prepared;
        for case in golden(process) {
            let evaluation = engine.evaluate(&prepared, &case.request, "{}").await;
            if let Ok(mortise::engine::Verdict::Decided(decision)) = evaluation.result {
                assert!(!decision.reasons.is_empty(), "{} has no reasons", case.name);
            }
        }
    }
}

#[tokio::test]
async fn a_request_for_another_process_never_reaches_the_component() {
    let engine = engine();
    let prepared = admit(&engine, standard(Process::Sla)).await.prepared;
    let request = golden(Process::Supplier).remove(0).request;
    let failure = engine.evaluate(&prepared, &request, "{}").await.result.unwrap_err();
    assert_eq!(failure.cause.as_str(), "wrong-process");
    assert!(!failure.cause.blames_component());
}

/// The examples in other languages, each a variant that agrees with the guide while its own setting
/// is left alone.
const EXAMPLES: [(&str, Process); 3] = [
    ("sla-short-pause", Process::Sla),
    ("change-risk-cautious", Process::ChangeRisk),
    ("supplier-careful", Process::Supplier),
];

#[tokio::test]
async fn an_example_in_each_language_agrees_with_the_guide() {
    let engine = engine();
    for (name, process) in EXAMPLES {
        let admission = admit(&engine, component(name)).await;
        assert_eq!((admission.name.as_str(), admission.process), (name, process));
        assert_eq!(admission.imports, [""; 0], "{name} imports nothing");
        for case in golden(process) {
            let first = engine.evaluate(&admission.prepared, &case.request, "{}").await;
            assert_eq!(answer(&first), case.expected, "{name}: {}", case.name);
            let second = engine.evaluate(&admission.prepared, &case.request, "{}").await;
            assert_eq!((first.result, first.fuel), (second.result, second.fuel), "{name}: {}", case.name);
        }
    }
}

/// What an example answers to a golden request that was changed, with settings.
async fn varied(name: &str, case: &str, change: impl FnOnce(&mut Value), settings: &str) -> Value {
    let (_, process) = EXAMPLES.into_iter().find(|(known, _)| *known == name).unwrap();
    let engine = engine();
    let prepared = admit(&engine, component(name)).await.prepared;
    engine.check_settings(&prepared, settings).await.unwrap();
    let mut input = self::case(process, case).request.to_json();
    change(&mut input);
    let request = mortise_types::Request::from_json(process, input).unwrap();
    answer(&engine.evaluate(&prepared, &request, settings).await)
}

#[tokio::test]
async fn the_example_in_c_passes_over_short_pauses() {
    let elapsed =
        async |settings| varied("sla-short-pause", "S08", |_| {}, settings).await["resolution"]["elapsed_s"].clone();
    let counted = elapsed("{}").await.as_u64().unwrap();
    // The pause of S08 has two hours and a half.
    assert_eq!(elapsed(r#"{"shortest_pause_s": 9000}"#).await, counted);
    assert_eq!(elapsed(r#"{"shortest_pause_s": 9001}"#).await, counted + 9000);
}

#[tokio::test]
async fn the_example_in_javascript_charges_for_fridays() {
    let friday = |input: &mut Value| input["attributes"] = serde_json::json!({ "change.weekday": "friday" });
    let settings = r#"{"surcharges": {"friday": 7}}"#;
    let plain = varied("change-risk-cautious", "R02", |_| {}, settings).await;
    let charged = varied("change-risk-cautious", "R02", friday, settings).await;
    assert_eq!((&plain["score"], &charged["score"]), (&16.into(), &23.into()));
    assert_eq!(charged["surcharge"], 7);
}

#[tokio::test]
async fn the_example_in_python_lets_trust_come_back_by_the_step() {
    let settings = r#"{"careful": {"steps_up": 1}}"#;
    let bad_year = |input: &mut Value| input["previous_tenths"] = 500.into();
    let outcome = varied("supplier-careful", "V01", bad_year, settings).await;
    assert_eq!((&outcome["grade"], &outcome["caps"]), (&"C".into(), &serde_json::json!(["no-jump"])));
    let outcome = varied("supplier-careful", "V01", bad_year, "{}").await;
    assert_eq!(outcome["grade"], "A");
}

#[tokio::test]
async fn examples_name_what_is_wrong_with_settings() {
    let engine = engine();
    for (name, settings, path) in [
        ("sla-short-pause", r#"{"warning_pct": 95}"#, "/warning_pct"),
        ("sla-short-pause", r#"{"nonsense": 1}"#, ""),
        ("change-risk-cautious", r#"{"weights": {"backout": 14}}"#, "/weights"),
        ("change-risk-cautious", r#"{"bands": {"medium": 60}}"#, "/bands/high"),
        ("supplier-careful", r#"{"weights": {"cost": 11}}"#, "/weights"),
        ("supplier-careful", r#"{"caps": {"security_grade": "E"}}"#, "/caps/security_grade"),
    ] {
        let prepared = admit(&engine, component(name)).await.prepared;
        let refused = engine.check_settings(&prepared, settings).await.unwrap_err();
        assert_eq!(refused.problems[0].path, path, "{name} {settings}: {refused:?}");
    }
}
