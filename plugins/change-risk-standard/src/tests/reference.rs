//! A second, slower reading of the guide's section 3.2 that works on the JSON
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

    fn pick(&mut self, of: &[&str]) -> Value {
        let index = self.below(of.len() as u64) as usize;
        json!(of[index])
    }

    fn flag(&mut self, one_in: u64) -> bool {
        self.below(one_in) == 0
    }

    fn or_null(&mut self, value: Value) -> Value {
        if self.flag(10) { Value::Null } else { value }
    }
}

fn any_request(dice: &mut Dice) -> Value {
    let rated = |dice: &mut Dice, key: &str, end: u64| -> Value {
        let count = dice.below(end);
        (0..count).map(|n| json!({key: format!("X-{n}"), "criticality": 1 + dice.below(4)})).collect()
    };
    let affected = rated(dice, "ci", 4);
    let dependents = rated(dice, "service", 8);
    let complexity = dice.pick(&["simple", "moderate", "complex", "novel"]);
    let state = dice.pick(&["tested", "documented", "partial", "none"]);
    let plan = json!({"state": state, "duration_min": dice.below(70), "window_min": dice.below(120)});
    let planned = dice.below(60);
    let total = dice.below(30);
    let tests = json!({"planned": planned, "passed": dice.below(planned + 1)});
    let history = json!({"total": total, "failed": dice.below(total + 1)});
    let timing = dice.pick(&["maintenance-window", "off-hours", "business-hours", "blackout"]);
    let collisions: Value = (0..dice.below(3))
        .map(|n| json!({"change": n.to_string(), "relation": dice.pick(&["same-ci", "related-ci"])}))
        .collect();
    json!({
        "type": dice.pick(&["standard", "normal", "emergency"]),
        "model_approved": dice.flag(2),
        "affected": affected, "dependents": dependents,
        "complexity": dice.or_null(complexity), "teams": 1 + dice.below(8),
        "backout": dice.or_null(plan), "tests": dice.or_null(tests),
        "history": dice.or_null(history), "timing": dice.or_null(timing),
        "collisions": collisions,
        "security_relevant": dice.flag(4), "design_transition": dice.flag(6),
        "previous_attempt_failed": dice.flag(5),
        "cost_minor": dice.below(1000), "budget_available_minor": 200 + dice.below(2000)
    })
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

fn lookup(value: &Value, table: &[(&str, i64)]) -> i64 {
    table.iter().find(|(name, _)| value == name).unwrap().1
}

fn by_the_guide(r: &Value) -> Value {
    let mut missing = Vec::new();
    let mut rows: Vec<(i64, &str, i64, i64)> = Vec::new();
    let mut factor = |name: &'static str, weight: i64, value: Option<i64>| {
        if value.is_none() {
            missing.push(name);
        }
        let value = value.unwrap_or(100);
        rows.push((weight * value, name, weight, value));
    };

    let rated = ["affected", "dependents"].iter().flat_map(|list| r[*list].as_array().unwrap());
    let critical = rated.map(|it| number(&it["criticality"])).max().unwrap_or(0);
    let extra = 2 * r["dependents"].as_array().unwrap().len() as i64;
    let impact = [0, 10, 35, 65, 90][critical as usize] + extra.min(10);
    factor("service_impact", 25, (critical > 0).then_some(impact.min(100)));
    let teams = number(&r["teams"]);
    let known = |name: &str| (!r[name].is_null()).then_some(&r[name]);
    factor(
        "complexity",
        15,
        known("complexity").map(|it| {
            let own = lookup(it, &[("simple", 10), ("moderate", 40), ("complex", 70), ("novel", 90)]);
            (own + 5 * (teams - 1)).min(100)
        }),
    );
    factor(
        "backout",
        15,
        known("backout").map(|it| {
            let own = lookup(&it["state"], &[("tested", 0), ("documented", 40), ("partial", 70), ("none", 100)]);
            let slow = 2 * number(&it["duration_min"]) > number(&it["window_min"]);
            (own + if slow { 20 } else { 0 }).min(100)
        }),
    );
    factor(
        "testing",
        15,
        known("tests").map(|it| match number(&it["planned"]) {
            0 => 100,
            planned => 100 - 100 * number(&it["passed"]) / planned,
        }),
    );
    factor(
        "history",
        10,
        known("history").map(|it| match number(&it["total"]) {
            0..5 => 50,
            total => (200 * number(&it["failed"]) / total).min(100),
        }),
    );
    factor(
        "timing",
        10,
        known("timing").map(|it| {
            lookup(it, &[("maintenance-window", 0), ("off-hours", 30), ("business-hours", 70), ("blackout", 100)])
        }),
    );
    let relations = || r["collisions"].as_array().unwrap().iter().map(|it| &it["relation"]);
    let same = relations().any(|it| it == "same-ci");
    factor(
        "collision",
        10,
        Some(if same {
            100
        } else if relations().count() > 0 {
            50
        } else {
            0
        }),
    );

    let sum: i64 = rows.iter().map(|row| row.0).sum();
    // Half-up in another way: doubled, one added, halved, all rounded down.
    let base = (2 * sum / 100 + 1) / 2;
    let emergency = r["type"] == "emergency";
    let repeat = r["previous_attempt_failed"] == true;
    let surcharge = 10 * i64::from(emergency) + 5 * i64::from(repeat);
    let score = (base + surcharge).min(100);
    let band = ["low", "medium", "high", "very-high"][(score / 25).min(3) as usize];

    let blackout = r["timing"] == "blackout";
    let irreversible = r["backout"]["state"] == "none" && critical >= 3;
    let transition = r["design_transition"] == true;
    let secret = r["security_relevant"] == true;
    let dear = number(&r["cost_minor"]) > number(&r["budget_available_minor"]);
    let reviewed = emergency || score >= 50;
    let mut flags = Vec::new();
    let mut conditions = Vec::new();
    for (holds, flag, condition) in [
        (blackout, "H1-blackout", if emergency { "" } else { "reschedule-outside-blackout" }),
        (same, "H2-same-ci-collision", "resolve-collision"),
        (irreversible, "H3-no-backout-on-critical", "backout-plan-or-accept-irreversible"),
        (repeat, "H4-repeat-after-failure", ""),
        (transition, "H5-design-and-transition", "use-service-design-and-transition"),
        (secret, "H6-security-relevant", "infosec-assessment"),
        (dear, "H7-over-budget", "budget-owner-approval"),
        (reviewed, "", "post-implementation-review"),
        (emergency, "", "cab-ratification-within-2-working-days"),
    ] {
        if holds {
            flags.push(flag);
            conditions.push(condition);
        }
    }
    flags.retain(|flag| !flag.is_empty());
    conditions.retain(|condition| !condition.is_empty());
    conditions.sort_unstable();

    let standard = r["type"] == "standard";
    let fine = r["model_approved"] == true && band == "low" && missing.is_empty() && flags.is_empty();
    let lifted = blackout || same || irreversible || repeat || transition;
    let route = match () {
        () if emergency => "ecab",
        () if standard && fine => "standard",
        () if lifted || score >= 50 => "cab",
        () => "change-manager",
    };
    if standard && !fine {
        flags.push("standard-disqualified");
    }

    let mut reasons = Vec::new();
    let mut left = rows;
    while !left.is_empty() {
        let most = left.iter().map(|row| row.0).max().unwrap();
        let (points, factor, weight, value) = left.remove(left.iter().position(|row| row.0 == most).unwrap());
        reasons.push(json!({"factor": factor, "value": value, "weight": weight, "points": points}));
    }
    json!({
        "score": score, "base": base, "surcharge": surcharge, "band": band, "route": route,
        "blocked": blackout && !emergency, "top_management_signoff": band == "very-high",
        "conditions": conditions, "flags": flags, "missing": missing, "reasons": reasons
    })
}

#[test]
fn both_readings_agree() {
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let mut routes = std::collections::BTreeSet::new();
    for _ in 0..20_000 {
        let request = any_request(&mut dice);
        let expected = by_the_guide(&request);
        routes.insert(expected["route"].to_string());
        assert_eq!(mortise_sdk::testing::answer::<Standard>(request.clone(), "{}"), expected, "{request}");
    }
    assert_eq!(routes.len(), 4, "the requests reach every route");
}
