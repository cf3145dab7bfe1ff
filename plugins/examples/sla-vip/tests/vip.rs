//! The variant against the standard rules.
#![allow(missing_docs, clippy::unwrap_used)]

use mortise_sdk::Settings as _;
use mortise_sdk::testing::{answer, golden};
use serde_json::{Value, json};
use sla_vip::{Vip, VipSettings};

fn request(vip: Value) -> Value {
    json!({
        "op": "clock", "now": "2025-06-03T01:00:00Z", "calendars": {},
        "ticket": {
            "opened_at": "2025-06-03T00:00:00Z",
            "history": [{"at": "2025-06-03T00:00:00Z", "impact": 1, "urgency": 2}]
        },
        "attributes": {"customer.vip": vip}
    })
}

#[test]
fn a_vip_has_targets_of_its_own() {
    let vip = answer::<Vip>(request(json!(true)), "{}");
    assert_eq!(vip["resolution"]["target_s"], 7200);
    assert_eq!(vip["response"]["due_at"], "2025-06-03T00:10:00Z");
    for other in [json!(false), json!("true"), json!(1)] {
        let other = answer::<Vip>(request(other), "{}");
        assert_eq!(other["resolution"]["target_s"], 14_400);
    }
    let renamed = answer::<Vip>(request(json!(true)), r#"{"attribute": "gold"}"#);
    assert_eq!(renamed["resolution"]["target_s"], 14_400);
}

#[test]
fn everybody_else_is_judged_by_the_standard_rules() {
    let text = include_str!("../../../../tests/golden/sla.json");
    golden::<Vip>(text).unwrap().assert_agrees();
}

#[test]
fn settings_are_checked_down_to_the_standard_ones() {
    assert!(VipSettings::validate(&VipSettings::defaults()).is_ok());
    let problems = VipSettings::validate(r#"{"standard": {"horizon_days": 0}}"#).unwrap_err();
    assert_eq!(problems[0].path, "/standard/horizon_days");
}
