//! The golden outcomes pass, and each of them spoilt in one place does not.
#![allow(clippy::unwrap_used)]

use mortise_types::{Decision, Milestone, Process};
use serde_json::{Value, json};

use super::*;

fn cases(process: Process) -> Vec<Value> {
    let text = match process {
        Process::Sla => include_str!("../../../../tests/golden/sla.json"),
        Process::ChangeRisk => include_str!("../../../../tests/golden/change_risk.json"),
        Process::Budget => include_str!("../../../../tests/golden/budget.json"),
        Process::Supplier => include_str!("../../../../tests/golden/supplier.json"),
    };
    serde_json::from_str(text).unwrap()
}

/// A golden case by the start of its name.
fn case(process: Process, name: &str) -> (Request, Value) {
    let of_name = |case: &Value| case["name"].as_str().unwrap().starts_with(name);
    let case = cases(process).into_iter().find(of_name).unwrap();
    (Request::from_json(process, case["input"].clone()).unwrap(), case["expected"].clone())
}

/// What is wrong with a golden outcome after some of its members were replaced.
fn spoilt(process: Process, name: &str, changes: &[(&str, Value)]) -> Result<(), String> {
    let (request, mut expected) = case(process, name);
    for (pointer, value) in changes {
        *expected.pointer_mut(pointer).unwrap() = value.clone();
    }
    check(&request, &Outcome::from_json(&request, expected).unwrap())
}

/// One member replaced is found.
fn found(process: Process, name: &str, pointer: &str, value: Value) {
    let verdict = spoilt(process, name, &[(pointer, value.clone())]);
    assert!(verdict.is_err(), "{name}: {pointer} = {value} went unnoticed");
}

#[test]
fn golden_outcomes_pass() {
    for process in Process::ALL {
        for case in cases(process) {
            if case["expected"].get("error").is_some() {
                continue;
            }
            let request = Request::from_json(process, case["input"].clone()).unwrap();
            let outcome = Outcome::from_json(&request, case["expected"].clone()).unwrap();
            assert_eq!(check(&request, &outcome), Ok(()), "{}", case["name"]);
        }
    }
}

#[test]
fn spoilt_clocks_are_found() {
    for (pointer, value) in [
        ("/resolution/remaining_s", json!(1)),
        ("/resolution/elapsed_s", json!(1_000_000_000)),
        ("/resolution/percent", json!(1)),
        ("/response/level", json!("breached")),
        ("/response/met", json!(null)),
        ("/response/met", json!(false)),
        ("/response/state", json!("running")),
        ("/response/ever_breached", json!(true)),
        ("/response/breached_at", json!("2025-06-03T00:30:00Z")),
        ("/priority", json!("")),
        ("/priority", json!("P0")),
    ] {
        found(Process::Sla, "S01", pointer, value);
    }
    // Breached at 00:30 and 04:00.
    found(Process::Sla, "S03", "/response/ever_breached", json!(false));
    found(Process::Sla, "S03", "/response/breached_at", json!("2024-06-03T00:30:00Z"));
    found(Process::Sla, "S03", "/response/breached_at", json!("2035-06-03T00:30:00Z"));
    found(Process::Sla, "S03", "/response/met", json!(true));
}

#[test]
fn spoilt_service_time_chains_and_priorities_are_found() {
    for (pointer, value) in [
        ("/agreed_s", json!(3_000_000)),
        ("/down_s", json!(3_000_000)),
        ("/availability_milli_pct", json!(99_931)),
        ("/availability_milli_pct", json!(null)),
        ("/met", json!(false)),
    ] {
        found(Process::Sla, "S19", pointer, value);
    }
    found(Process::Sla, "S18", "/service_s", json!(1));
    found(Process::Sla, "S18", "/intervals/0/1", json!("2035-01-01T00:00:00Z"));
    found(Process::Sla, "S21", "/slack_s", json!(0));
    found(Process::Sla, "S21", "/feasible", json!(false));
    found(Process::Sla, "S22", "/findings", json!([]));
    found(Process::Sla, "S23", "/priority", json!("P9"));
}

#[test]
fn spoilt_change_risk_is_found() {
    for (pointer, value) in [
        ("/score", json!(17)),
        ("/base", json!(17)),
        ("/route", json!("standard")),
        ("/reasons/0/points", json!(1)),
        ("/reasons/0/value", json!(101)),
        ("/reasons/0/factor", json!("")),
    ] {
        found(Process::ChangeRisk, "R02", pointer, value);
    }
}

#[test]
fn a_policy_may_have_other_tables() {
    let changes = [
        ("/score", json!(40)),
        ("/base", json!(40)),
        ("/band", json!("very-high")),
        ("/route", json!("cab")),
        ("/blocked", json!(true)),
        ("/conditions", json!(["ask-the-neighbours"])),
        ("/reasons", json!([{"factor": "moon", "value": 50, "weight": 80, "points": 4000}])),
    ];
    assert_eq!(spoilt(Process::ChangeRisk, "R02", &changes), Ok(()));
}

#[test]
fn spoilt_evaluations_are_found() {
    for (pointer, value) in [
        ("/scores/quality", json!(101)),
        ("/scores/quality", json!(null)),
        ("/missing", json!(["cost"])),
        ("/base_tenths", json!(1_001)),
        ("/score_tenths", json!(952)),
        ("/score_tenths", json!(null)),
        ("/grade", json!(null)),
        ("/trend", json!("stable")),
        ("/next_review", json!("2026-03-31")),
    ] {
        found(Process::Supplier, "V01", pointer, value);
    }
}

#[test]
fn money_that_does_not_add_up_is_found() {
    for (name, pointer, value) in [
        ("B01", "/parts/0/amount", json!("33.33")),
        ("B01", "/parts/0/id", json!("erp")),
        ("B01", "/total", json!("100.01")),
        ("B01", "/total", json!("one hundred")),
        ("B05", "/actual", json!("68500.51")),
        ("B05", "/available", json!("0.00")),
        ("B05", "/estimate_at_completion", json!("1.00")),
        ("B05", "/variance", json!("7500.50")),
        ("B05", "/variance_bp", json!(null)),
        ("B07", "/decision", json!("approved")),
        ("B07", "/available_before", json!("7000.01")),
        ("B07", "/available_after", json!("1500.00")),
        ("B07", "/shortfall", json!("0.00")),
        ("B07", "/tolerance", json!("much")),
        ("B09", "/subtotal", json!("5534.35")),
        ("B09", "/one_off", json!("6087.78")),
        ("B09", "/total_this_year", json!("0")),
        ("B10", "/currency", json!("USD")),
        ("B11", "/services/0/total", json!("57955.41")),
        ("B11", "/grand_total", json!("90277.78")),
        ("B12", "/reasons", json!([])),
        ("B13", "/period_cost", json!("1")),
        ("B13", "/accruals", json!("0")),
        ("B13", "/reversals_next_period", json!("3200.00")),
        ("B13", "/unspent", json!("1")),
        ("B13", "/commitments_carried", json!("0")),
        ("B13", "/budget_lapsed", json!("0")),
        ("B13", "/budget_carried", json!("-6000.00")),
        ("B14", "/posted_period", json!("2026-03")),
        ("B14", "/posted_period", json!("2026-01")),
        ("B14", "/posted_period", json!("2026-4")),
        ("B14", "/posted_period", json!("2026-13")),
        ("B14", "/prior_period", json!(false)),
        ("B15", "/variance", json!("10000.00")),
    ] {
        found(Process::Budget, name, pointer, value);
    }
}

#[test]
fn an_outcome_of_another_operation_is_found() {
    let (request, _) = case(Process::Budget, "B01");
    let (other, expected) = case(Process::Budget, "B15");
    assert!(check(&request, &Outcome::from_json(&other, expected).unwrap()).is_err());
    let (other, expected) = case(Process::Sla, "S01");
    assert!(check(&request, &Outcome::from_json(&other, expected).unwrap()).is_err());
}

#[test]
fn milestones_have_names_of_their_own_and_instants_that_can_be_written() {
    let (request, expected) = case(Process::Sla, "S01");
    let outcome = Outcome::from_json(&request, expected).unwrap();
    let with = |milestones: Vec<(&str, i64)>| {
        let milestone = |(name, at): (&str, i64)| Milestone { name: name.to_owned(), at: Instant(at) };
        let milestones = milestones.into_iter().map(milestone).collect();
        check_decision(&request, &Decision { outcome: outcome.clone(), milestones, reasons: Vec::new() })
    };
    assert_eq!(with(vec![("resolution.warning", 0), ("resolution.due", 1)]), Ok(()));
    assert!(with(vec![("due", 0), ("due", 1)]).is_err());
    assert!(with(vec![("", 0)]).is_err());
    assert!(with(vec![("due", i64::MAX)]).is_err());
    let names: Vec<String> = (0..33).map(|i| format!("m{i}")).collect();
    assert!(with(names.iter().map(|name| (name.as_str(), 0)).collect()).is_err());
}

#[test]
fn a_refusals_code_is_lower_case_with_hyphens() {
    let check = |code: &str| check_refusal(&Refusal::other(code, "")).is_ok();
    assert!(check("calendar-conflict") && check("x") && check("e404"));
    assert!(!check("") && !check("Calendar") && !check("two words") && !check("-x"));
    assert!(!check(&"x".repeat(65)));
}
