//! Golden cases, and a second reading of the guide.

#![allow(clippy::unwrap_used)]

mod corners;
mod properties;

use mortise_sdk::prelude::*;
use mortise_sdk::testing;
use serde_json::{Value, json};

use crate::{Standard, StandardSettings};

/// The golden form of the answer to a request, with default settings.
fn answer(request: Value) -> Value {
    testing::answer::<Standard>(request, "{}")
}

#[test]
fn golden_cases() {
    let text = include_str!("../../../tests/golden/budget.json");
    testing::golden::<Standard>(text).unwrap().assert_agrees();
}

/// The golden requests carry the guide's limits; the settings have the same by default.
#[test]
fn golden_cases_agree_without_their_limits() {
    let text = include_str!("../../../tests/golden/budget.json");
    let mut cases: Vec<Value> = serde_json::from_str(text).unwrap();
    for case in &mut cases {
        let request = case["input"].as_object_mut().unwrap();
        for limit in ["warn_bp", "alert_bp", "underspend_bp", "tolerance_bp"] {
            request.remove(limit);
        }
        if request.remove("contingency_bp").is_some() {
            request.insert("risk_band".to_owned(), json!("high"));
        }
        if request.get("carry_policy") == Some(&json!("carry-commitments")) {
            request.remove("carry_policy");
        }
    }
    let text = serde_json::to_string(&cases).unwrap();
    testing::golden::<Standard>(&text).unwrap().assert_agrees();
}

#[test]
fn settings_are_checked() {
    StandardSettings::validate("{}").unwrap();
    StandardSettings::validate(&StandardSettings::defaults()).unwrap();
    for (settings, path) in [
        (json!({"warn_bp": 0}), "/warn_bp"),
        (json!({"warn_bp": 1001}), "/alert_bp"),
        (json!({"tolerance_bp": 100_001}), "/tolerance_bp"),
        (json!({"contingency_bp": {"medium": 2000}}), "/contingency_bp/high"),
        (json!({"currency_decimals": {"Xts": 2}}), "/currency_decimals/Xts"),
        (json!({"currency_decimals": {"XTS": 10}}), "/currency_decimals/XTS"),
    ] {
        let problems = StandardSettings::validate(&settings.to_string()).unwrap_err();
        assert!(problems.iter().any(|it| it.path == path), "{path}: {problems:?}");
    }
    assert!(StandardSettings::validate(r#"{"carry_policy": "burn"}"#).is_err());
    let schema: Value = serde_json::from_str(&StandardSettings::schema()).unwrap();
    assert_eq!(schema["properties"]["warn_bp"]["minimum"], 1);
}

#[test]
fn settings_decide_where_the_request_is_silent() {
    let with = |settings: Value, request: Value| testing::answer::<Standard>(request, &settings.to_string());
    let commit = json!({
        "op": "commit", "currency": "XTS", "budget": "100", "actual": "0",
        "open_commitments": "0", "request": "100.0001"
    });
    let settings = json!({"tolerance_bp": 0, "currency_decimals": {"XTS": 4}});
    assert_eq!(with(settings, commit.clone())["decision"], "top-management");
    assert_eq!(answer(commit)["error"], "unknown-currency");

    let close = json!({
        "op": "close", "currency": "CNY", "period": "2026-03", "budget": "10.00", "actuals": [],
        "received_not_invoiced": [], "open_commitments": [], "pending": []
    });
    assert_eq!(answer(close.clone())["budget_lapsed"], "10.00");
    let carried = with(json!({"carry_policy": "carry-all"}), close);
    assert_eq!((&carried["budget_carried"], &carried["budget_lapsed"]), (&json!("10.00"), &json!("0.00")));

    let change = json!({
        "op": "change-cost", "currency": "CNY", "labour": [], "items":
        [{"type": "hardware", "name": "disk", "quantity": "1", "unit_price": "100"}],
        "risk_band": "very-high", "recurring_monthly": "0", "months_in_year": 0
    });
    assert_eq!(answer(change.clone())["contingency"], "15.00");
    let generous = json!({"contingency_bp": {"very_high": 2000}});
    assert_eq!(with(generous, change)["contingency"], "20.00");
}
