//! Golden cases, corners, and a second reading of the guide.

#![allow(clippy::unwrap_used)]

mod reference;

use mortise_sdk::prelude::*;
use mortise_sdk::testing;
use serde_json::{Value, json};

use crate::{Standard, StandardSettings};

/// A supplier without fault; tests change what they are about.
fn perfect() -> Value {
    json!({
        "supplier": "SUP-1", "evaluated_on": "2026-03-31", "critical": false,
        "security_relevant": true, "previous_tenths": null,
        "breaches": {"minor": 0, "major_remedied": 0, "major_open": 0, "material": false},
        "measures": {
            "quality": {"accepted": 100, "delivered": 100},
            "delivery": {"on_time": 20, "due": 20},
            "service_level": {"met": 100, "measured": 100},
            "cost": {"currency": "CNY", "contracted": "100.00", "invoiced": "100.00"},
            "security": {"incidents": 0, "open_major": 0, "open_minor": 0},
            "responsiveness": {"in_time": 50, "requests": 50}
        }
    })
}

fn answer(change: impl FnOnce(&mut Value)) -> Value {
    let mut request = perfect();
    change(&mut request);
    testing::answer::<Standard>(request, "{}")
}

#[test]
fn golden_cases() {
    let text = include_str!("../../../tests/golden/supplier.json");
    testing::golden::<Standard>(text).unwrap().assert_agrees();
}

#[test]
fn shares_are_rounded_half_up_and_an_empty_whole_measures_nothing() {
    for (accepted, delivered, score) in [(1, 200, 1), (199, 200, 100), (1, 201, 0), (2, 3, 67), (1, 3, 33), (1, 8, 13)]
    {
        let outcome = answer(|it| {
            it["measures"]["quality"] = json!({"accepted": accepted, "delivered": delivered});
        });
        assert_eq!(outcome["scores"]["quality"], score, "{accepted}/{delivered}");
    }
    let outcome = answer(|it| {
        it["measures"]["delivery"] = json!({"on_time": 0, "due": 0});
        it["measures"]["responsiveness"] = json!({"in_time": 0, "requests": 0});
    });
    assert_eq!(outcome["missing"], json!(["delivery", "responsiveness"]));
    assert_eq!((&outcome["weight_present"], &outcome["base_tenths"]), (&json!(75), &json!(1000)));
    let outcome = answer(|it| it["measures"]["quality"] = json!({"accepted": 3, "delivered": 2}));
    assert_eq!(outcome["error"], "part-exceeds-whole");
}

#[test]
fn cost_deducts_for_the_exact_excess() {
    let cost = |currency: &str, contracted: &str, invoiced: &str| {
        let outcome = answer(|it| {
            it["measures"]["cost"] = json!({"currency": currency, "contracted": contracted, "invoiced": invoiced});
        });
        outcome.get("error").unwrap_or(&outcome["scores"]["cost"]).clone()
    };
    assert_eq!(cost("CNY", "1000", "999.99"), 100);
    assert_eq!(cost("CNY", "1000", "1000.00"), 100);
    assert_eq!(cost("CNY", "1000", "1000.01"), 99);
    assert_eq!(cost("CNY", "1000.00", "1005"), 99);
    assert_eq!(cost("CNY", "1000.00", "1005.01"), 98);
    assert_eq!(cost("CNY", "3.00", "4.00"), 33);
    assert_eq!(cost("CNY", "1000", "1495"), 1);
    assert_eq!(cost("CNY", "1000", "1495.01"), 0);
    assert_eq!(cost("CNY", "1000", "9999999"), 0);
    assert_eq!(cost("JPY", "0", "1"), 0);
    assert_eq!(cost("JPY", "0", "0"), 100);
    assert_eq!(cost("JPY", "0", "-1"), 100);
    assert_eq!(cost("XTS", "1.0000", "1.0050"), 99);
    assert_eq!(cost("JPY", "1.0", "1"), "too-many-decimals");
    assert_eq!(cost("CNY", "-1", "1"), "negative-amount");
    assert_eq!(cost("CNY", "one", "1"), "not-a-number");
    assert_eq!(cost("CNY", &"9".repeat(36), "0"), 100);
    assert_eq!(cost("CNY", "1", &"9".repeat(36)), "out-of-range");
}

#[test]
fn security_cannot_fall_below_zero() {
    let outcome = answer(|it| {
        it["measures"]["security"] = json!({"incidents": u32::MAX, "open_major": u32::MAX, "open_minor": u32::MAX});
    });
    assert_eq!(outcome["scores"]["security"], 0);
    assert_eq!((&outcome["caps"], &outcome["grade"]), (&json!(["security-below-40"]), &json!("C")));
    let outcome = answer(|it| {
        it["measures"]["security"] = json!({"incidents": 1, "open_major": 0, "open_minor": 2});
    });
    assert_eq!((&outcome["scores"]["security"], &outcome["caps"]), (&json!(40), &json!([])));
}

#[test]
fn all_caps_are_named_and_the_worst_wins() {
    let outcome = answer(|it| {
        it["measures"]["service_level"] = json!({"met": 59, "measured": 100});
        it["measures"]["security"] = Value::Null;
        it["breaches"]["major_open"] = json!(1);
        it["breaches"]["material"] = json!(true);
    });
    assert_eq!(
        outcome["caps"],
        json!(["service-level-below-60", "security-evidence-missing", "open-major-breach", "material-breach"])
    );
    assert_eq!(outcome["grade"], "D");
    assert_eq!(outcome["actions"], json!(["stop-new-orders", "exit-or-replace-plan", "collect-data"]));
    // 59.5 % counts as 60, and who is not security-relevant needs no evidence.
    let outcome = answer(|it| {
        it["security_relevant"] = json!(false);
        it["measures"]["security"] = Value::Null;
        it["measures"]["service_level"] = json!({"met": 119, "measured": 200});
    });
    assert_eq!((&outcome["scores"]["service_level"], &outcome["caps"]), (&json!(60), &json!([])));
    // A cap never improves a grade.
    let outcome = answer(|it| {
        it["breaches"] = json!({"minor": 0, "major_remedied": 0, "major_open": 9, "material": false});
    });
    assert_eq!((&outcome["grade"], &outcome["score_tenths"]), (&json!("D"), &json!(100)));
}

#[test]
fn penalties_add_up_but_the_score_stays_at_zero() {
    let outcome = answer(|it| {
        it["breaches"] = json!({"minor": u32::MAX, "major_remedied": 6, "major_open": 5, "material": false});
    });
    assert_eq!((&outcome["penalty_tenths"], &outcome["score_tenths"]), (&json!(1200), &json!(0)));
    let endless = answer(|it| {
        it["breaches"] = json!({
            "minor": 4, "major_remedied": u32::MAX, "major_open": u32::MAX, "material": false
        });
    });
    assert_eq!(endless["penalty_tenths"], u32::MAX);
}

#[test]
fn trends_are_inclusive_and_shorten_the_interval() {
    for (previous, trend, critical, months) in [
        (950, "improving", false, 12),
        (951, "stable", false, 12),
        (1049, "stable", false, 12),
        (1050, "declining", false, 3),
        (1050, "declining", true, 3),
        (1000, "stable", true, 6),
        (-50, "improving", false, 12),
    ] {
        let outcome = answer(|it| {
            it["previous_tenths"] = json!(previous);
            it["critical"] = json!(critical);
        });
        assert_eq!((&outcome["trend"], &outcome["review_months"]), (&json!(trend), &json!(months)), "{previous}");
    }
    // A critical C halves 3 to 2 months; declining allows it.
    let outcome = answer(|it| {
        it["critical"] = json!(true);
        it["previous_tenths"] = json!(990);
        it["breaches"]["major_open"] = json!(1);
    });
    assert_eq!((&outcome["grade"], &outcome["review_months"]), (&json!("C"), &json!(2)));
    assert_eq!(outcome["actions"], json!(["improvement-plan-30-days", "performance-meeting"]));
}

#[test]
fn the_next_review_stays_within_the_month() {
    for (on, next) in [("2027-02-28", "2028-02-28"), ("2028-02-29", "2029-02-28"), ("2026-12-31", "2027-12-31")] {
        assert_eq!(answer(|it| it["evaluated_on"] = json!(on))["next_review"], next);
    }
    let outcome = answer(|it| {
        it["evaluated_on"] = json!("2027-11-30");
        it["breaches"]["major_open"] = json!(1);
    });
    assert_eq!(outcome["next_review"], "2028-02-29");
}

#[test]
fn without_enough_data_there_is_a_penalty_but_no_grade() {
    let outcome = answer(|it| {
        it["measures"]["quality"] = Value::Null;
        it["measures"]["delivery"] = Value::Null;
        it["measures"]["security"] = Value::Null;
        it["previous_tenths"] = json!(900);
        it["breaches"] = json!({"minor": 1, "major_remedied": 0, "major_open": 1, "material": true});
    });
    assert_eq!((&outcome["weight_present"], &outcome["penalty_tenths"]), (&json!(45), &json!(120)));
    assert_eq!((&outcome["grade"], &outcome["trend"]), (&Value::Null, &json!("unknown")));
    assert_eq!((&outcome["caps"], &outcome["next_review"]), (&json!([]), &json!("2026-04-30")));
    let exactly = answer(|it| {
        it["measures"]["delivery"] = Value::Null;
        it["measures"]["security"] = Value::Null;
    });
    assert_eq!((&exactly["weight_present"], &exactly["grade"]), (&json!(70), &json!("C")));
}

#[test]
fn settings_are_checked_and_used() {
    StandardSettings::validate("{}").unwrap();
    StandardSettings::validate(&StandardSettings::defaults()).unwrap();
    for (settings, path) in [
        (json!({"weights": {"cost": 11}}), "/weights"),
        (json!({"weights": {"cost": 200}}), "/weights/cost"),
        (json!({"min_weight": 0}), "/min_weight"),
        (json!({"grades": {"b_tenths": 901}}), "/grades/a_tenths"),
        (json!({"grades": {"c_tenths": 751}}), "/grades/b_tenths"),
        (json!({"review": {"critical_divisor": 0}}), "/review/critical_divisor"),
        (json!({"trend": {"declining_tenths": 0}}), "/trend/declining_tenths"),
        (json!({"penalties": {"major_tenths": 1001}}), "/penalties/major_tenths"),
    ] {
        let problems = StandardSettings::validate(&settings.to_string()).unwrap_err();
        assert!(problems.iter().any(|it| it.path == path), "{path}: {problems:?}");
    }
    assert!(StandardSettings::validate(r#"{"caps": {"material_breach_grade": "E"}}"#).is_err());
    let schema: Value = serde_json::from_str(&StandardSettings::schema()).unwrap();
    assert_eq!(schema["properties"]["min_weight"]["maximum"], 100);

    let mut request = perfect();
    request["measures"]["service_level"] = json!({"met": 70, "measured": 100});
    let settings = json!({
        "caps": {"service_level_below": 80, "service_level_grade": "D"}, "review": {"d_months": 2}
    });
    let outcome = testing::answer::<Standard>(request, &settings.to_string());
    assert_eq!((&outcome["grade"], &outcome["caps"]), (&json!("D"), &json!(["service-level-below-80"])));
    assert_eq!(outcome["next_review"], "2026-05-31");
}
