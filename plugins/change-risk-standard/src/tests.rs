//! Golden cases, corners, and a second reading of the guide.

#![allow(clippy::unwrap_used)]

mod reference;

use mortise_sdk::prelude::*;
use mortise_sdk::testing;
use mortise_sdk::types::change_risk::{ApprovalRoute, Outcome, Request, RiskBand};
use serde_json::{Value, json};

use crate::{Standard, StandardSettings, score};

/// A harmless change; tests change what they are about.
fn harmless() -> Value {
    json!({
        "type": "normal", "model_approved": false,
        "affected": [{"ci": "CI-1", "criticality": 1}], "dependents": [],
        "complexity": "simple", "teams": 1,
        "backout": {"state": "tested", "duration_min": 10, "window_min": 60},
        "tests": {"planned": 20, "passed": 20}, "history": {"total": 40, "failed": 0},
        "timing": "maintenance-window", "collisions": [],
        "security_relevant": false, "design_transition": false,
        "previous_attempt_failed": false,
        "cost_minor": 0, "budget_available_minor": 1_000_000
    })
}

fn with(changes: Value) -> Value {
    let mut request = harmless();
    for (field, value) in changes.as_object().unwrap() {
        request[field] = value.clone();
    }
    request
}

fn try_decide(changes: Value) -> Result<Outcome, Refusal> {
    let request: Request = serde_json::from_value(with(changes)).unwrap();
    score(&request, &StandardSettings::default()).map(|decided| decided.outcome)
}

fn decide(changes: Value) -> Outcome {
    try_decide(changes).unwrap()
}

fn value_of(outcome: &Outcome, factor: &str) -> u32 {
    outcome.factors.iter().find(|it| it.factor == factor).unwrap().value
}

#[test]
fn golden_cases() {
    let text = include_str!("../../../tests/golden/change_risk.json");
    testing::golden::<Standard>(text).unwrap().assert_agrees();
}

#[test]
fn a_factor_without_evidence_is_the_worst_and_missing() {
    let nothing = decide(json!({
        "affected": [], "complexity": null, "backout": null, "tests": null, "history": null,
        "timing": null, "collisions": null
    }));
    let table = ["service_impact", "complexity", "backout", "testing", "history", "timing", "collision"];
    assert_eq!(nothing.missing, table);
    assert_eq!((nothing.base, nothing.band), (100, RiskBand::VeryHigh));
    assert!(nothing.top_management_signoff && nothing.flags.is_empty());
    let order: Vec<&str> = nothing.factors.iter().map(|it| it.factor.as_str()).collect();
    assert_eq!(order, table, "equal points keep the table's order");

    // Known dependants are evidence of the impact even where no item is named.
    let dependants = decide(json!({
        "affected": null, "dependents": [{"service": "S", "criticality": 3}]
    }));
    assert_eq!(value_of(&dependants, "service_impact"), 67);
    assert!(dependants.missing.is_empty());
}

#[test]
fn a_thin_history_is_known_but_half_bad() {
    let thin = decide(json!({"history": {"total": 4, "failed": 4}}));
    assert_eq!(value_of(&thin, "history"), 50);
    assert!(thin.missing.is_empty());
    assert_eq!(value_of(&decide(json!({"history": {"total": 5, "failed": 1}})), "history"), 40);
    assert_eq!(value_of(&decide(json!({"history": {"total": 7, "failed": 1}})), "history"), 28);
    assert_eq!(value_of(&decide(json!({"history": {"total": 6, "failed": 5}})), "history"), 100);
}

#[test]
fn testing_rounds_the_passed_share_down() {
    assert_eq!(value_of(&decide(json!({"tests": {"planned": 3, "passed": 2}})), "testing"), 34);
    assert_eq!(value_of(&decide(json!({"tests": {"planned": 0, "passed": 0}})), "testing"), 100);
    assert!(decide(json!({"tests": {"planned": 0, "passed": 0}})).missing.is_empty());
}

#[test]
fn backing_out_slowly_adds_but_not_without_a_plan() {
    let value = |state: &str, duration: u32, window: u32| {
        let plan = json!({"state": state, "duration_min": duration, "window_min": window});
        value_of(&decide(json!({"backout": plan})), "backout")
    };
    assert_eq!(value("tested", 30, 60), 0);
    assert_eq!(value("tested", 31, 60), 20);
    assert_eq!(value("partial", 31, 61), 90);
    assert_eq!(value("documented", 1, 0), 60);
    assert_eq!(value("documented", 0, 0), 40);
    assert_eq!(value("none", 31, 60), 100);
    assert_eq!(value("tested", u32::MAX, u32::MAX), 20);
}

#[test]
fn teams_and_dependants_are_capped() {
    let many = decide(json!({"teams": u32::MAX}));
    assert_eq!(value_of(&many, "complexity"), 100);
    let dependents: Vec<Value> = (0..9).map(|n| json!({"service": n.to_string(), "criticality": 1})).collect();
    let crowded = decide(json!({"dependents": dependents}));
    assert_eq!(value_of(&crowded, "service_impact"), 20);
}

#[test]
fn circumstances_lift_to_the_board_but_security_and_money_do_not() {
    for (changes, flag, route) in [
        (json!({"timing": "blackout"}), "H1-blackout", ApprovalRoute::Cab),
        (
            json!({"collisions": [{"change": "C", "relation": "related-ci"},
                                  {"change": "D", "relation": "same-ci"}]}),
            "H2-same-ci-collision",
            ApprovalRoute::Cab,
        ),
        (
            json!({"affected": [{"ci": "A", "criticality": 3}],
                   "backout": {"state": "none", "duration_min": 0, "window_min": 9}}),
            "H3-no-backout-on-critical",
            ApprovalRoute::Cab,
        ),
        (json!({"previous_attempt_failed": true}), "H4-repeat-after-failure", ApprovalRoute::Cab),
        (json!({"design_transition": true}), "H5-design-and-transition", ApprovalRoute::Cab),
        (json!({"security_relevant": true}), "H6-security-relevant", ApprovalRoute::ChangeManager),
        (json!({"cost_minor": 1_000_001}), "H7-over-budget", ApprovalRoute::ChangeManager),
    ] {
        let outcome = decide(changes.clone());
        assert_eq!(outcome.flags, [flag]);
        assert_eq!(outcome.route, route, "{flag}");
        // The same circumstance spoils a standard change.
        let mut standard = changes;
        standard["type"] = json!("standard");
        standard["model_approved"] = json!(true);
        let outcome = decide(standard);
        assert_eq!(outcome.flags, [flag, "standard-disqualified"]);
        assert_eq!(outcome.route, route, "{flag}");
    }
    // Without a budget line, or without a cost, nothing can be exceeded.
    assert!(decide(json!({"cost_minor": 9, "budget_available_minor": null})).flags.is_empty());
    assert!(decide(json!({"cost_minor": null})).flags.is_empty());
    // No way back on something unimportant, or with unknown impact, is no H3.
    let none = json!({"state": "none", "duration_min": 0, "window_min": 9});
    assert!(decide(json!({"backout": none})).flags.is_empty());
}

#[test]
fn an_emergency_is_reviewed_and_ratified_whatever_its_score() {
    let emergency = decide(json!({"type": "emergency", "timing": "blackout"}));
    assert_eq!((emergency.score, emergency.band), (24, RiskBand::Low));
    assert_eq!(emergency.route, ApprovalRoute::Ecab);
    assert!(!emergency.blocked);
    assert_eq!(emergency.conditions, ["cab-ratification-within-2-working-days", "post-implementation-review"]);
}

#[test]
fn evidence_that_contradicts_itself_is_refused() {
    for (changes, code) in [
        (json!({"affected": [{"ci": "A", "criticality": 0}]}), "criticality-out-of-range"),
        (json!({"dependents": [{"service": "S", "criticality": 5}]}), "criticality-out-of-range"),
        (json!({"teams": 0}), "no-teams"),
        (json!({"tests": {"planned": 1, "passed": 2}}), "more-tests-passed-than-planned"),
        (json!({"history": {"total": 1, "failed": 2}}), "more-changes-failed-than-made"),
    ] {
        assert_eq!(try_decide(changes).unwrap_err().code, code);
    }
}

#[test]
fn reasons_explain_factors_then_circumstances_then_the_route() {
    let request = with(json!({"type": "standard", "timing": "blackout", "tests": null}));
    let request: Request = serde_json::from_value(request).unwrap();
    let decided = score(&request, &StandardSettings::default()).unwrap();
    let codes: Vec<&str> = decided.reasons.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "testing",
            "timing",
            "service-impact",
            "complexity",
            "backout",
            "history",
            "collision",
            "h1-blackout",
            "standard-disqualified",
            "band-and-route"
        ]
    );
}

#[test]
fn settings_are_checked() {
    StandardSettings::validate("{}").unwrap();
    StandardSettings::validate(&StandardSettings::defaults()).unwrap();
    for (settings, path) in [
        (json!({"weights": {"testing": 16}}), "/weights"),
        (json!({"weights": {"testing": 101}}), "/weights/testing"),
        (json!({"bands": {"high": 20}}), "/bands/high"),
        (json!({"bands": {"very_high": 101}}), "/bands/very_high"),
        (json!({"timing": {"blackout": 101}}), "/timing/blackout"),
        (json!({"service_impact": {"by_criticality": [0, 1, 2, 300]}}), "/service_impact/by_criticality/3"),
        (json!({"history": {"min_changes": 0}}), "/history/min_changes"),
        (json!({"backout": {"required_from_criticality": 5}}), "/backout/required_from_criticality"),
    ] {
        let problems = StandardSettings::validate(&settings.to_string()).unwrap_err();
        assert!(problems.iter().any(|it| it.path == path), "{path}: {problems:?}");
    }
    assert!(StandardSettings::validate(r#"{"weight": {}}"#).is_err());
    let schema: Value = serde_json::from_str(&StandardSettings::schema()).unwrap();
    assert!(schema["description"].is_string());
}

#[test]
fn settings_change_the_score() {
    let request: Request = serde_json::from_value(harmless()).unwrap();
    let settings = r#"{"complexity": {"simple": 100}, "bands": {"medium": 10}}"#;
    let settings = StandardSettings::parse(settings).unwrap();
    let outcome = score(&request, &settings).unwrap().outcome;
    assert_eq!((outcome.score, outcome.band), (18, RiskBand::Medium));
}
