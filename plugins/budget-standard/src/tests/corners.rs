//! Corners of each operation.

use serde_json::{Value, json};

use super::answer;

fn line(changes: Value) -> Value {
    let mut request = json!({
        "op": "line", "currency": "CNY", "budget": "1000.00", "actuals": [], "commitments": [],
        "forecast_to_go": "1000.00"
    });
    for (field, value) in changes.as_object().unwrap() {
        request[field] = value.clone();
    }
    answer(request)
}

#[test]
fn line_levels_are_inclusive_and_exact() {
    for (to_go, bp, level) in [
        ("1100.00", -1000, "alert"),
        ("1099.99", -1000, "warning"), // -999.9 shows as -1000, but is below the limit
        ("1050.00", -500, "warning"),
        ("1049.99", -500, "watch"),
        ("1000.01", 0, "watch"),
        ("1000.00", 0, "ok"),
        ("800.01", 2000, "ok"),
        ("800.00", 2000, "underspend"),
        ("0.00", 10_000, "underspend"),
        ("-50", 10_500, "underspend"),
        ("1000.05", 0, "watch"),  // half a basis point rounds to even
        ("1000.15", -2, "watch"), // one and a half as well
    ] {
        let outcome = line(json!({"forecast_to_go": to_go}));
        assert_eq!((&outcome["variance_bp"], &outcome["level"]), (&json!(bp), &json!(level)), "{to_go}");
    }
}

#[test]
fn a_line_without_budget_has_no_share() {
    for (to_go, level) in [("0.01", "alert"), ("0.00", "ok"), ("-5.00", "ok")] {
        let outcome = line(json!({"budget": "0.00", "forecast_to_go": to_go}));
        assert_eq!((&outcome["variance_bp"], &outcome["level"]), (&Value::Null, &json!(level)));
    }
}

#[test]
fn only_open_commitments_bind_money_and_never_less_than_none() {
    let states = ["requested", "refused", "reserved", "open", "part_invoiced", "consumed", "released", "closed"];
    for state in states {
        let bound = matches!(state, "reserved" | "open" | "part_invoiced");
        let outcome = line(json!({"commitments": [
            {"amount": "10.00", "invoiced": "4.00", "state": state},
            {"amount": "10.00", "invoiced": "14.00", "state": state}
        ]}));
        assert_eq!(outcome["open_commitments"], if bound { "6.00" } else { "0.00" }, "{state}");
    }
    assert_eq!(
        line(json!({"commitments": [{"amount": "1", "invoiced": "0", "state": "lost"}]}))["error"],
        "invalid-request"
    );
}

#[test]
fn a_commitment_is_granted_by_what_it_lacks() {
    let commit = |asked: &str, actual: &str| {
        answer(json!({
            "op": "commit", "currency": "CNY", "budget": "333.33", "actual": actual,
            "open_commitments": "0", "request": asked, "tolerance_bp": 500
        }))
    };
    assert_eq!(
        commit("333.33", "0"),
        json!({
            "decision": "approved", "available_before": "333.33", "available_after": "0.00",
            "shortfall": "0.00", "tolerance": "16.66"
        })
    );
    assert_eq!(commit("333.34", "0")["decision"], "budget-owner-override");
    assert_eq!(commit("349.99", "0")["decision"], "budget-owner-override");
    assert_eq!(commit("350.00", "0")["decision"], "top-management");
    // The line is overdrawn already: even nothing lacks something.
    assert_eq!(commit("0", "340.00")["decision"], "budget-owner-override");
    assert_eq!(commit("-1", "0")["error"], "negative-amount");
    let yen = answer(json!({
        "op": "commit", "currency": "JPY", "budget": "99", "actual": "0",
        "open_commitments": "0", "request": "103", "tolerance_bp": 500
    }));
    assert_eq!((&yen["tolerance"], &yen["decision"]), (&json!("4"), &json!("budget-owner-override")));
}

#[test]
fn the_cost_of_a_change_follows_its_currency() {
    let cost = answer(json!({
        "op": "change-cost", "currency": "KWD", "labour":
        [{"role": "dba", "hours": "0.25", "rate": "0.010"}, {"role": "dba", "hours": "0.75", "rate": "0.010"}],
        "items": [{"type": "licence", "name": "a:b", "quantity": "3", "unit_price": "-0.3335"}],
        "contingency_bp": 1, "recurring_monthly": "-1.5", "months_in_year": 12
    }));
    assert_eq!(
        cost,
        json!({
            "lines": [
                {"id": "labour:dba", "amount": "0.002"}, {"id": "labour:dba", "amount": "0.008"},
                {"id": "licence:a:b", "amount": "-1.000"}
            ],
            "subtotal": "-0.990", "contingency": "0.000", "one_off": "-0.990",
            "recurring_this_year": "-18.000", "total_this_year": "-18.990"
        })
    );
    let silent = json!({
        "op": "change-cost", "currency": "CNY", "labour": [], "items": [],
        "recurring_monthly": "0", "months_in_year": 0
    });
    assert_eq!(answer(silent.clone())["error"], "no-contingency");
    let mut long = silent;
    long["months_in_year"] = json!(13);
    assert_eq!(answer(long)["error"], "months-out-of-range");
}

#[test]
fn services_appear_once_in_order_of_mention() {
    let outcome = answer(json!({
        "op": "service-cost", "currency": "JPY",
        "direct": [{"id": "b", "amount": "10"}, {"id": "a", "amount": "5"}, {"id": "b", "amount": "-3"}],
        "indirect": [{"pool": "p", "basis": "tickets", "amount": "-3",
                      "keys": [{"id": "c", "weight": "1"}, {"id": "a", "weight": "1"}]}],
        "units": {"a": 0, "b": 2, "c": 4, "d": 9}
    }));
    assert_eq!(
        outcome,
        json!({
            "services": [
                {"id": "b", "direct": "7", "indirect": "0", "total": "7", "unit_cost": "4"},
                {"id": "a", "direct": "5", "indirect": "-1", "total": "4", "unit_cost": null},
                {"id": "c", "direct": "0", "indirect": "-2", "total": "-2", "unit_cost": "0"}
            ],
            "grand_total": "9"
        })
    );
    let unkeyed = json!({
        "op": "service-cost", "currency": "JPY", "direct": [],
        "indirect": [{"pool": "p", "basis": "tickets", "amount": "1", "keys": []}]
    });
    assert_eq!(answer(unkeyed)["error"], "no-allocation-basis");
}

fn close(budget: &str, actual: &str, accrued: &str, open: &str, policy: &str) -> Value {
    answer(json!({
        "op": "close", "currency": "CNY", "period": "2026-12", "budget": budget,
        "actuals": [actual], "received_not_invoiced": [{"po": "P", "amount": accrued}],
        "open_commitments": [{"po": "Q", "amount": open}], "carry_policy": policy, "pending": []
    }))
}

#[test]
fn unspent_budget_is_carried_or_lapses() {
    for (policy, open, carried, lapsed) in [
        ("lapse", "30.00", "0.00", "60.00"),
        ("carry-commitments", "30.00", "30.00", "30.00"),
        ("carry-commitments", "90.00", "60.00", "0.00"),
        ("carry-all", "30.00", "60.00", "0.00"),
    ] {
        let outcome = close("100.00", "40.00", "0.00", open, policy);
        assert_eq!(outcome["commitments_carried"], open, "{policy}");
        assert_eq!(outcome["budget_carried"], carried, "{policy}");
        assert_eq!(outcome["budget_lapsed"], lapsed, "{policy}");
        assert_eq!(outcome["reversals_next_period"], "0.00", "zero has no sign");
    }
    for policy in ["lapse", "carry-commitments", "carry-all"] {
        let overspent = close("100.00", "90.00", "10.01", "5.00", policy);
        assert_eq!(
            overspent,
            json!({
                "state": "closed", "period_cost": "100.01", "accruals": "10.01",
                "reversals_next_period": "-10.01", "unspent": "-0.01",
                "commitments_carried": "5.00", "budget_carried": "0.00", "budget_lapsed": "0.00"
            })
        );
    }
}

#[test]
fn a_late_cost_goes_to_the_next_open_period() {
    let post = |date: &str, closed: &[&str]| {
        let outcome = answer(json!({"op": "post", "date": date, "closed": closed}));
        (outcome["posted_period"].clone(), outcome["prior_period"].clone())
    };
    assert_eq!(post("2026-03-28", &[]), (json!("2026-03"), json!(false)));
    assert_eq!(post("2026-03-28", &["2026-02"]), (json!("2026-03"), json!(false)));
    assert_eq!(post("2025-11-30", &["2026-01", "2025-12", "2025-11", "2026-03"]), (json!("2026-02"), json!(true)));
    for period in ["2026-13", "2026-00", "26-01", "2026-1", "2026/01", "+026-01"] {
        let outcome = answer(json!({"op": "post", "date": "2026-01-01", "closed": [period]}));
        assert_eq!(outcome["error"], "invalid-period", "{period}");
    }
}

#[test]
fn the_run_rate_is_rounded_to_even() {
    let project = |actual: &str, elapsed: u32, total: u32| {
        answer(json!({
            "op": "run-rate", "currency": "CNY", "actual_to_date": actual,
            "periods_elapsed": elapsed, "periods_total": total, "budget": "1.00"
        }))
    };
    assert_eq!(project("0.05", 2, 5)["run_rate_eac"], "0.12");
    assert_eq!(project("0.07", 2, 5)["run_rate_eac"], "0.18");
    assert_eq!(project("-0.05", 2, 5)["run_rate_eac"], "-0.12");
    assert_eq!(project("0.10", 3, 12), json!({"run_rate_eac": "0.40", "variance": "0.60"}));
    assert_eq!(project("1", 0, 12)["error"], "no-elapsed-periods");
    assert_eq!(project("1", 3, 2)["error"], "periods-out-of-range");
}

#[test]
fn conversion_keeps_each_currencys_decimals() {
    let convert = |amount: &str, from: &str, to: &str, rate: &str| {
        let outcome = answer(json!({"op": "convert", "amount": amount, "from": from, "to": to, "rate": rate}));
        outcome.get("error").unwrap_or(&outcome["amount"]).clone()
    };
    assert_eq!(convert("1000", "JPY", "CNY", "0.04835"), "48.35");
    assert_eq!(convert("0.01", "CNY", "JPY", "20.68"), "0");
    assert_eq!(convert("0.025", "KWD", "JPY", "100"), "2");
    assert_eq!(convert("0.035", "KWD", "JPY", "100"), "4");
    assert_eq!(convert("-0.025", "KWD", "USD", "3.2"), "-0.08");
    assert_eq!(convert("-0.001", "KWD", "USD", "3.2"), "0.00");
    assert_eq!(convert("1.5", "JPY", "CNY", "1"), "too-many-decimals");
    assert_eq!(convert("1", "USD", "CNY", "0"), "rate-not-positive");
    assert_eq!(convert("1", "USD", "CNY", "-1"), "rate-not-positive");
    assert_eq!(convert("1", "usd", "CNY", "1"), "unknown-currency");
    assert_eq!(convert("1e9", "USD", "CNY", "1"), "not-a-number");
}

#[test]
fn huge_numbers_are_refused_not_wrapped() {
    let nines = "9".repeat(36);
    let outcome = line(json!({"budget": nines}));
    assert_eq!(outcome["error"], "out-of-range");
    let outcome = answer(json!({
        "op": "allocate", "currency": "CNY", "amount": nines,
        "keys": [{"id": "a", "weight": nines}, {"id": "b", "weight": "1"}]
    }));
    assert_eq!(outcome["error"], "out-of-range");
    let actuals = vec!["1".repeat(36); 1000];
    assert_eq!(line(json!({"actuals": actuals}))["error"], "out-of-range");
}
