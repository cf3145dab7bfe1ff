//! What holds for every request, tried on many.

use serde_json::{Value, json};

use super::answer;

/// A small deterministic generator (xorshift): the tests need variety, not chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// An amount in hundredths, in both forms.
    fn fen(&mut self, end: u64) -> (i128, String) {
        let fen = self.below(end);
        (i128::from(fen), format!("{}.{:02}", fen / 100, fen % 100))
    }
}

/// Reads an amount back as hundredths without the code under test.
fn fen(value: &Value) -> i128 {
    value.as_str().unwrap().replace('.', "").parse().unwrap()
}

/// The whole number nearest to `n`/`d`, ties to even, found by comparing candidates.
fn nearest_even(n: i128, d: i128) -> i128 {
    let guess = n / d;
    let distance = |q: i128| (q * d - n).abs();
    (guess - 1..=guess + 1).min_by_key(|q| (distance(*q), q % 2 != 0)).unwrap()
}

#[test]
fn parts_of_an_allocation_add_up() {
    let mut dice = Dice(1);
    for _ in 0..3000 {
        let (amount, text) = dice.fen(10_000_000);
        let keys: Vec<Value> = (0..1 + dice.below(9))
            .map(|n| json!({"id": n.to_string(), "weight": format!("{}.{}", dice.below(30), dice.below(10))}))
            .collect();
        let outcome = answer(json!({"op": "allocate", "currency": "CNY", "amount": text, "keys": keys}));
        if keys.iter().all(|key| key["weight"] == "0.0") {
            assert_eq!(outcome, json!({"error": "no-allocation-basis"}));
            continue;
        }
        let parts: i128 = outcome["parts"].as_array().unwrap().iter().map(|it| fen(&it["amount"])).sum();
        assert_eq!((parts, fen(&outcome["total"])), (amount, amount));
    }
}

#[test]
fn service_costs_are_the_sum_of_all_costs() {
    let mut dice = Dice(2);
    for _ in 0..1000 {
        let mut all = 0;
        let direct: Vec<Value> = (0..dice.below(6))
            .map(|_| {
                let (amount, text) = dice.fen(5_000_000);
                all += amount;
                json!({"id": dice.below(4).to_string(), "amount": text})
            })
            .collect();
        let indirect: Vec<Value> = (0..dice.below(4))
            .map(|n| {
                let (amount, text) = dice.fen(5_000_000);
                all += amount;
                let keys: Value = (0..1 + dice.below(6))
                    .map(|_| json!({"id": dice.below(7).to_string(), "weight": (1 + dice.below(99)).to_string()}))
                    .collect();
                json!({"pool": n.to_string(), "basis": "tickets", "amount": text, "keys": keys})
            })
            .collect();
        let units: Value = (0..7).map(|n: i32| (n.to_string(), dice.below(50))).collect();
        let request = json!({
            "op": "service-cost", "currency": "CNY", "direct": direct, "indirect": indirect, "units": units
        });
        let outcome = answer(request);
        let mut sum = 0;
        for service in outcome["services"].as_array().unwrap() {
            let total = fen(&service["total"]);
            assert_eq!(fen(&service["direct"]) + fen(&service["indirect"]), total);
            match i128::from(units[service["id"].as_str().unwrap()].as_u64().unwrap()) {
                0 => assert_eq!(service["unit_cost"], Value::Null),
                units => assert_eq!(fen(&service["unit_cost"]), nearest_even(total, units)),
            }
            sum += total;
        }
        assert_eq!((sum, fen(&outcome["grand_total"])), (all, all));
    }
}

#[test]
fn a_line_balances_and_its_level_follows_the_exact_share() {
    let mut dice = Dice(3);
    for _ in 0..5000 {
        let (budget, budget_text) = dice.fen(20_000);
        let (actual, actual_text) = dice.fen(9000);
        let (to_go, to_go_text) = dice.fen(9000);
        let (amount, amount_text) = dice.fen(6000);
        let (invoiced, invoiced_text) = dice.fen(6000);
        let outcome = answer(json!({
            "op": "line", "currency": "CNY", "budget": budget_text, "actuals": [actual_text],
            "commitments": [{"amount": amount_text, "invoiced": invoiced_text, "state": "reserved"}],
            "forecast_to_go": to_go_text
        }));
        let open = if amount > invoiced { amount - invoiced } else { 0 };
        let estimate = actual + open + to_go;
        assert_eq!(fen(&outcome["available"]), budget - actual - open);
        assert_eq!(fen(&outcome["estimate_at_completion"]), estimate);
        assert_eq!(fen(&outcome["variance"]), budget - estimate);
        if budget == 0 {
            assert_eq!(outcome["variance_bp"], Value::Null);
            continue;
        }
        let bp = i128::from(outcome["variance_bp"].as_i64().unwrap());
        assert_eq!(bp, nearest_even((budget - estimate) * 10_000, budget));
        // Tenths and fifths of the budget, each side multiplied out.
        let expected = match estimate - budget {
            over if over * 10 >= budget => "alert",
            over if over * 20 >= budget => "warning",
            over if over > 0 => "watch",
            over if -over * 5 >= budget => "underspend",
            _ => "ok",
        };
        assert_eq!(outcome["level"], expected);
    }
}

#[test]
fn a_closed_period_loses_nothing() {
    let mut dice = Dice(4);
    for _ in 0..3000 {
        let (budget, budget_text) = dice.fen(30_000);
        let (actual, actual_text) = dice.fen(20_000);
        let (accrued, accrued_text) = dice.fen(9000);
        let (open, open_text) = dice.fen(20_000);
        let policy = ["lapse", "carry-commitments", "carry-all"][dice.below(3) as usize];
        let outcome = answer(json!({
            "op": "close", "currency": "CNY", "period": "2026-01", "budget": budget_text,
            "actuals": [actual_text], "received_not_invoiced": [{"po": "1", "amount": accrued_text}],
            "open_commitments": [{"po": "2", "amount": open_text}], "carry_policy": policy, "pending": []
        }));
        let unspent = budget - actual - accrued;
        let (carried, lapsed) = (fen(&outcome["budget_carried"]), fen(&outcome["budget_lapsed"]));
        assert_eq!(fen(&outcome["unspent"]), unspent);
        assert_eq!(fen(&outcome["commitments_carried"]), open);
        assert_eq!(fen(&outcome["reversals_next_period"]), -accrued);
        assert!(carried >= 0 && lapsed >= 0);
        assert_eq!(carried + lapsed, unspent.max(0));
        match policy {
            "lapse" => assert_eq!(carried, 0),
            "carry-all" => assert_eq!(lapsed, 0),
            _ => assert!(carried <= open && (carried == open || lapsed == 0)),
        }
    }
}

#[test]
fn the_cost_of_a_change_is_the_sum_of_rounded_lines() {
    let mut dice = Dice(5);
    for _ in 0..2000 {
        let mut subtotal = 0;
        let mut lines = Vec::new();
        let labour: Vec<Value> = (0..dice.below(5))
            .map(|_| {
                // Hours in quarters, rates in hundredths: thousandths of hundredths inside.
                let quarters = dice.below(80);
                let (rate, rate_text) = dice.fen(90_000);
                let amount = nearest_even(i128::from(quarters) * rate, 4);
                lines.push(amount);
                subtotal += amount;
                let hours = format!("{}.{:02}", quarters / 4, quarters % 4 * 25);
                json!({"role": "r", "hours": hours, "rate": rate_text})
            })
            .collect();
        let bp = dice.below(3000);
        let (monthly, monthly_text) = dice.fen(9000);
        let months = dice.below(13);
        let outcome = answer(json!({
            "op": "change-cost", "currency": "EUR", "labour": labour, "items": [],
            "contingency_bp": bp, "recurring_monthly": monthly_text, "months_in_year": months
        }));
        let shown: Vec<i128> = outcome["lines"].as_array().unwrap().iter().map(|it| fen(&it["amount"])).collect();
        let contingency = nearest_even(subtotal * i128::from(bp), 10_000);
        let recurring = monthly * i128::from(months);
        assert_eq!(shown, lines);
        assert_eq!(fen(&outcome["subtotal"]), subtotal);
        assert_eq!(fen(&outcome["contingency"]), contingency);
        assert_eq!(fen(&outcome["one_off"]), subtotal + contingency);
        assert_eq!(fen(&outcome["total_this_year"]), subtotal + contingency + recurring);
    }
}
