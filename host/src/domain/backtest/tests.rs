#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::summary::Cost;
use super::*;

fn clock(breached: bool, met: Option<bool>, due: &str) -> Value {
    json!({ "level": if breached { "breached" } else { "ok" }, "met": met, "ever_breached": breached, "due_at": due })
}

fn sla(resolution: Value) -> Value {
    json!({ "outcome": { "priority": "P3", "response": clock(false, Some(true), "a"), "resolution": resolution } })
}

#[test]
fn equal_outcomes_are_the_same_whatever_the_reasons() {
    let old = json!({ "outcome": { "grade": "A" }, "reasons": [1] });
    let new = json!({ "outcome": { "grade": "A" }, "reasons": [] });
    assert_eq!(compare(Process::Supplier, None, &old, &new).sort, Sort::Same);
}

#[test]
fn a_verdict_that_turns_is_named() {
    let met = sla(clock(false, Some(true), "x"));
    let late = sla(clock(true, Some(false), "y"));
    let flip = compare(Process::Sla, None, &met, &late);
    assert_eq!((flip.sort, flip.group.as_str()), (Sort::Flips, "resolution: met → breached"));
    let paths: Vec<&str> = flip.differences.iter().map(|d| d.path.as_str()).collect();
    assert_eq!(paths, ["resolution.due_at", "resolution.ever_breached", "resolution.level", "resolution.met"]);
    let moved = compare(Process::Sla, None, &met, &sla(clock(false, Some(true), "y")));
    assert_eq!((moved.sort, moved.group.as_str()), (Sort::Differs, "figures"));

    let risk = |band: &str, route: &str| json!({ "outcome": { "band": band, "route": route, "score": band.len() } });
    let flip = compare(Process::ChangeRisk, None, &risk("low", "standard"), &risk("high", "cab"));
    assert_eq!(flip.group, "band: low → high, route: standard → cab");
    let refused =
        compare(Process::Supplier, None, &json!({ "outcome": { "grade": "B" } }), &json!({ "error": "no-data" }));
    assert_eq!(
        (refused.sort, refused.group.as_str()),
        (Sort::Flips, "answer: none → refused (no-data), grade: B → none")
    );
}

#[test]
fn money_is_summed_exactly() {
    let line = |eac: &str| json!({ "outcome": { "estimate_at_completion": eac, "level": "ok" } });
    let of = |currency| compare(Process::Budget, Some(currency), &line("127500.50"), &line("127500.80"));
    let up = of("CNY");
    let money = Money { millionths: 300_000, currency: "CNY".to_owned() };
    assert_eq!((up.sort, up.group.as_str(), up.money.as_ref()), (Sort::Flips, "money up CNY", Some(&money)));
    assert_eq!(Money::parse(&money.to_string()), Some(money));
    let mut summary = Summary::default();
    for _ in 0..3 {
        summary.add(&up, Cost { fuel: 10, took_us: 5 }, Cost { fuel: 15, took_us: 5 });
    }
    let mut all = Summary::default();
    all.join(&summary);
    all.join(&serde_json::from_value(serde_json::to_value(&summary).unwrap()).unwrap());
    let shown = all.to_json();
    let sum = json!([{ "amount": "1.80", "currency": "CNY" }]);
    assert_eq!(shown["groups"], json!([{ "group": "money up CNY", "count": 6, "money": sum }]));
    assert_eq!((&shown["agreement_bp"], &shown["fuel"]["percent"]), (&json!(0), &json!(150)));
    assert_eq!(Summary::default().to_json()["agreement_bp"], Value::Null);
}

#[test]
fn money_of_several_currencies_is_never_one_sum() {
    let level = |level: &str, eac: &str| json!({ "outcome": { "estimate_at_completion": eac, "level": level } });
    let mut summary = Summary::default();
    for (currency, eac) in [("CNY", "1.00"), ("JPY", "900"), ("CNY", "2.50")] {
        let turned = compare(Process::Budget, Some(currency), &level("ok", "0"), &level("alert", eac));
        summary.add(&turned, Cost::default(), Cost::default());
    }
    let cny = json!({ "amount": "3.50", "currency": "CNY" });
    let jpy = json!({ "amount": "900", "currency": "JPY" });
    let shown = json!([{ "group": "level: ok → alert", "count": 3, "money": [cny, jpy] }]);
    assert_eq!(summary.to_json()["groups"], shown);
    // As sums were stored before currencies were told apart.
    let old: Tally = serde_json::from_value(json!({ "count": 2, "money": "1500000" })).unwrap();
    assert_eq!(old.money.get(""), Some(&1_500_000));
}

#[test]
fn a_clock_that_ran_out_under_an_earlier_target_can_still_flip() {
    let late = |met: bool| {
        let level = if met { "warning" } else { "breached" };
        sla(json!({ "level": level, "met": met, "ever_breached": true, "due_at": "x" }))
    };
    let flip = compare(Process::Sla, None, &late(true), &late(false));
    assert_eq!((flip.sort, flip.group.as_str()), (Sort::Flips, "resolution: met after a breach → breached"));
}

#[test]
fn failures_are_not_flips() {
    let new = json!({ "failure": "out-of-fuel", "message": "…" });
    let fails = compare(Process::Sla, None, &sla(clock(false, None, "x")), &new);
    assert_eq!((fails.sort, fails.group.as_str()), (Sort::Fails, "fails: out-of-fuel"));
}
