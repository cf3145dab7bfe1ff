//! All golden cases through the components.

use mortise_types::Process;

use super::{admit, answer, engine, golden, standard};

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
