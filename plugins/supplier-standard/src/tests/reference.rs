//! A second, slower reading of the guide's section 3.4 that works on the JSON
//! form and shares no code with the rules; both must agree on many requests.

use serde_json::{Value, json};

use crate::Standard;

/// A small deterministic generator (xorshift): the test needs variety, not chance.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    fn flag(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn or_null(&mut self, value: Value) -> Value {
        if self.flag(8) { Value::Null } else { value }
    }

    /// Mostly good shares, now and then an empty one.
    fn share(&mut self, part: &str, whole: &str) -> Value {
        let all = self.below(130);
        let worst = if self.flag(3) { 0 } else { all * 3 / 4 };
        let some = worst + self.below(all - worst + 1);
        let share = json!({part: some, whole: all});
        self.or_null(share)
    }
}

fn any_request(dice: &mut Dice) -> Value {
    let contracted = 1 + dice.below(100_000);
    let invoiced = contracted * (80 + dice.below(60)) / 100 + dice.below(3);
    let money = |fen: u64| format!("{}.{:02}", fen / 100, fen % 100);
    let cost = json!({"currency": "CNY", "contracted": money(contracted), "invoiced": money(invoiced)});
    let security = json!({
        "incidents": dice.below(6) / 4, "open_major": dice.below(5) / 3, "open_minor": dice.below(4)
    });
    let previous = json!(dice.below(1001));
    let measures = json!({
        "quality": dice.share("accepted", "delivered"),
        "delivery": dice.share("on_time", "due"),
        "service_level": dice.share("met", "measured"),
        "cost": dice.or_null(cost),
        "security": dice.or_null(security),
        "responsiveness": dice.share("in_time", "requests")
    });
    json!({
        "supplier": "S",
        "evaluated_on": format!("{}-{:02}-{:02}", 2020 + dice.below(9), 1 + dice.below(12), 1 + dice.below(28)),
        "critical": dice.flag(2), "security_relevant": dice.flag(2),
        "previous_tenths": if dice.flag(2) { previous } else { Value::Null },
        "breaches": {
            "minor": dice.below(14) / 2, "major_remedied": dice.below(6) / 4,
            "major_open": dice.below(6) / 5, "material": dice.flag(9)
        },
        "measures": measures
    })
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

/// The share in percent: the largest score whose half point below is reached.
fn percent(measure: &Value, part: &str, whole: &str) -> Option<i64> {
    if measure.is_null() || measure[whole] == 0 {
        return None;
    }
    let (part, whole) = (number(&measure[part]), number(&measure[whole]));
    (0..=100).rev().find(|score| 200 * part >= (2 * score - 1) * whole)
}

/// Hundredths of an amount with two decimals.
fn fen(value: &Value) -> i64 {
    value.as_str().unwrap().replace('.', "").parse().unwrap()
}

fn by_the_guide(r: &Value) -> Value {
    let m = &r["measures"];
    let cost = (!m["cost"].is_null()).then(|| {
        let (agreed, asked) = (fen(&m["cost"]["contracted"]), fen(&m["cost"]["invoiced"]));
        // The smallest deduction that covers twice the excess percentage.
        let deduction = (0..=100).find(|points| points * agreed >= 200 * (asked - agreed));
        100 - deduction.unwrap_or(100)
    });
    let security = (!m["security"].is_null()).then(|| {
        let count = |name: &str| number(&m["security"][name]);
        (100 - 40 * count("incidents") - 25 * count("open_major") - 10 * count("open_minor")).max(0)
    });
    let service_level = percent(&m["service_level"], "met", "measured");
    let table = [
        ("quality", 25, percent(&m["quality"], "accepted", "delivered")),
        ("delivery", 15, percent(&m["delivery"], "on_time", "due")),
        ("service_level", 25, service_level),
        ("cost", 10, cost),
        ("security", 15, security),
        ("responsiveness", 10, percent(&m["responsiveness"], "in_time", "requests")),
    ];
    let scores: Value = table.iter().map(|(name, _, score)| ((*name).to_owned(), json!(score))).collect();
    let missing: Vec<&str> = table.iter().filter(|it| it.2.is_none()).map(|it| it.0).collect();
    let present: i64 = table.iter().filter(|it| it.2.is_some()).map(|it| it.1).sum();
    let breach = |name: &str| number(&r["breaches"][name]);
    let majors = breach("major_remedied") + breach("major_open");
    let penalty = (20 * breach("minor")).min(100) + 100 * majors;
    let next = |months: i64| {
        // Days up to 28 exist in every month.
        let on = r["evaluated_on"].as_str().unwrap();
        let month = on[..4].parse::<i64>().unwrap() * 12 + on[5..7].parse::<i64>().unwrap() - 1 + months;
        format!("{}-{:02}-{}", month / 12, month % 12 + 1, &on[8..])
    };
    if present < 70 {
        return json!({
            "scores": scores, "missing": missing, "weight_present": present, "penalty_tenths": penalty,
            "base_tenths": null, "score_tenths": null, "grade": null, "caps": [], "trend": "unknown",
            "actions": ["collect-data"], "review_months": 1, "next_review": next(1)
        });
    }
    let points: i64 = table.iter().filter_map(|it| it.2.map(|score| it.1 * score)).sum();
    let base = (0..=1000).rev().find(|tenths| 20 * points >= (2 * tenths - 1) * present).unwrap();
    let score = (base - penalty).max(0);

    let mut grade = match score {
        900.. => 'A',
        750.. => 'B',
        600.. => 'C',
        _ => 'D',
    };
    let mut caps = Vec::new();
    for (applies, name, at_best) in [
        (service_level.is_some_and(|it| it < 60), "service-level-below-60", 'C'),
        (security.is_some_and(|it| it < 40), "security-below-40", 'C'),
        (security.is_none() && r["security_relevant"] == true, "security-evidence-missing", 'C'),
        (breach("major_open") > 0, "open-major-breach", 'C'),
        (r["breaches"]["material"] == true, "material-breach", 'D'),
    ] {
        if applies {
            caps.push(name);
            grade = grade.max(at_best);
        }
    }
    let trend = match r["previous_tenths"].as_i64().map(|previous| score - previous) {
        None => "new",
        Some(50..) => "improving",
        Some(..=-50) => "declining",
        Some(_) => "stable",
    };
    let (mut actions, months) = match grade {
        'A' => (vec!["renew-eligible"], [12, 6]),
        'B' => (vec!["continue"], [6, 3]),
        'C' => (vec!["improvement-plan-30-days"], [3, 2]),
        _ => (vec!["stop-new-orders", "exit-or-replace-plan"], [1, 1]),
    };
    let mut months = months[usize::from(r["critical"] == true)];
    if trend == "declining" {
        actions.push("performance-meeting");
        months = months.min(3);
    }
    if !missing.is_empty() {
        actions.push("collect-data");
    }
    json!({
        "scores": scores, "missing": missing, "weight_present": present, "penalty_tenths": penalty,
        "base_tenths": base, "score_tenths": score, "grade": grade.to_string(), "caps": caps,
        "trend": trend, "actions": actions, "review_months": months, "next_review": next(months)
    })
}

#[test]
fn both_readings_agree() {
    let mut dice = Dice(0x1234_5678_9ABC_DEF1);
    let mut grades = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..20_000 {
        let request = any_request(&mut dice);
        let expected = by_the_guide(&request);
        *grades.entry(expected["grade"].to_string()).or_default() += 1;
        assert_eq!(mortise_sdk::testing::answer::<Standard>(request.clone(), "{}"), expected, "{request}");
    }
    assert_eq!(grades.len(), 5, "the requests reach every grade and none: {grades:?}");
}
