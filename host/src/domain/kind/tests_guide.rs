//! The one-formula policies of the guide (block (d)), as the kind files work them out: the guide's own examples.

#![allow(clippy::unwrap_used)]

use serde_json::{Map, Value, json};

use super::*;
use crate::domain::constant;
use crate::domain::expression::Scope;
use crate::domain::field::normalise;

const TODAY: &str = "2026-03-03";

fn scope(record: &Value, related: &Value) -> Scope {
    let policy: Map<String, Value> =
        constant::builtin().iter().map(|(name, c)| (name.clone(), c.value.into())).collect();
    let scope = Scope::default()
        .with("record", record.clone())
        .with("now", json!(format!("{TODAY}T01:00:00Z")))
        .with("today", json!(TODAY))
        .with("policy", Value::Object(policy));
    let related = related.as_object().unwrap();
    related.iter().fold(scope, |scope, (name, value)| scope.with(name, value.clone()))
}

/// The record with its formulas worked out, as the host does it.
fn with(slug: &str, record: Value, related: Value) -> Value {
    let kinds = Kinds::builtin();
    let mut record = record;
    record["created_at"] = json!("2026-03-01T08:00:00Z");
    for field in &kinds.get(slug).unwrap().fields {
        let Some(formula) = &field.formula else { continue };
        let value = formula.expression.value(&scope(&record, &related)).ok().filter(|value| !value.is_null());
        if let Some(value) = value {
            record[&field.name] = normalise(field, &value).unwrap();
        }
    }
    record
}

fn of(slug: &str, record: Value) -> Value {
    with(slug, record, json!({}))
}

/// Whether a rule of the kind holds for a record.
fn holds(slug: &str, rule: &str, record: &Value, actor: &[&str]) -> bool {
    let kinds = Kinds::builtin();
    let rule = kinds.get(slug).unwrap().rules.iter().find(|r| r.name == rule).unwrap().clone();
    let scope = scope(record, &json!({})).with("actor", json!({ "user": "u", "roles": actor, "host": false }));
    rule.guard.is_some_and(|guard| guard.holds(&scope) == Ok(false)) || rule.check.holds(&scope) == Ok(true)
}

fn cny(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "CNY" })
}

#[test]
fn context_scope_and_risks() {
    let party = of("interested-party", json!({ "influence": 4, "interest": 4 }));
    assert_eq!((&party["priority_score"], &party["engagement"]), (&json!(16), &json!("manage-closely")));
    let cards: Vec<Value> = (1..=22).map(|n| json!({ "number": format!("PRC-2026-{n:06}") })).collect();
    let run = |count: usize| -> Value {
        let party = |card: &Value| json!({ "provides": "process", "subject": card["number"] });
        json!({ "cards": cards, "parties": cards.iter().take(count).map(party).collect::<Vec<_>>() })
    };
    assert_eq!(with("scope-statement", json!({}), run(3))["run_by_others_tenths"], 136);
    assert_eq!(with("scope-statement", json!({}), run(22))["run_by_others_tenths"], 1000);
    let risk = of("risk", json!({ "likelihood": 3, "impact": 4, "residual_likelihood": 2, "residual_impact": 2 }));
    assert_eq!(
        (&risk["rating"], &risk["response"], &risk["treat_by"]),
        (&json!(12), &json!("escalate"), &json!("2026-03-31"))
    );
    assert_eq!(risk["residual"], 4);
    assert!(
        !holds("risk", "acceptance-needs-top", &risk, &["PO"])
            && holds("risk", "acceptance-needs-top", &risk, &["TOP"])
    );
}

#[test]
fn objectives_plans_and_people() {
    let objective = of("objective", json!({ "direction": "higher", "target": "85.0", "actual": "83.3" }));
    assert_eq!((&objective["attainment_tenths"], &objective["status"]), (&json!(980), &json!("amber")));
    let objective = of("objective", json!({ "direction": "lower", "target": "4", "actual": "2" }));
    assert_eq!((&objective["attainment_tenths"], &objective["status"]), (&json!(1200), &json!("green")));
    let elements =
        ["services", "limitations", "obligations", "authorities", "resources", "other-parties", "technology"];
    let plan = json!({ "elements": elements.map(|e| json!({ "element": e, "text": "x" })) });
    let plan = of("service-management-plan", plan);
    assert_eq!(plan["completeness_tenths"], 875);
    assert!(!holds("service-management-plan", "plan-complete", &plan, &[]));
    let people = of("resource-plan", json!({ "needed": "9", "available": "7", "workload_hours": 1250 }));
    assert_eq!((&people["staff_needed"], &people["gap"]), (&json!(9), &json!("2")));
    assert!(!holds("resource-plan", "gap-is-covered", &people, &[]));
    assert_eq!(of("skill-entry", json!({ "required": 3, "held": 2, "weight": 2 }))["gap"], 2);
    assert_eq!(of("skill-entry", json!({ "required": 2, "held": 3, "weight": 1 }))["gap"], 0);
}

#[test]
fn documents_knowledge_and_processes() {
    let document =
        |class: &str, on: &str| of("document", json!({ "class": class, "effective_on": on }))["review_due"].clone();
    assert_eq!(document("policy", "2024-02-29"), "2025-02-28");
    assert_eq!(document("work-instruction", "2024-02-29"), "2026-02-28");
    for (version, fits) in [("1.0", true), ("A/0", true), ("0.9", true), ("1", false), ("a/0", false), ("1.0.1", false)]
    {
        assert_eq!(holds("document", "version-scheme", &json!({ "version": version }), &[]), fits, "{version}");
    }
    assert!(!holds("document", "draft-version", &json!({ "version": "0.9" }), &[]));
    let article =
        of("knowledge-article", json!({ "helpful": 18, "votes": 20, "uses": 12, "reviewed_on": "2025-11-03" }));
    assert_eq!((&article["quality"], &article["verdict"]), (&json!(78), &json!("keep")));
    let criteria: Vec<Value> = (0..6).map(|n| json!({ "text": "x", "met": n > 0 })).collect();
    let card = of("process-card", json!({ "criteria": criteria }));
    assert_eq!((&card["health_tenths"], &card["health"]), (&json!(833), &json!("amber")));
}

#[test]
fn services_contracts_and_the_catalogue() {
    let service = of("service", json!({ "mission_score": 5, "users_score": 4, "legal_score": 3 }));
    assert_eq!((&service["criticality_hundredths"], &service["tier"]), (&json!(410), &json!(4)));
    let review = json!({ "price": cny("500000.00"), "cost": cny("410000.00") });
    assert_eq!(of("contract-review", review)["margin_bp"], 1800);
    let thin = of("contract-review", json!({ "price": cny("100.00"), "cost": cny("99.00") }));
    assert!(!holds("contract-review", "small-margin-needs-top", &thin, &["PO"]));
    let loss = of("contract-review", json!({ "price": cny("100.00"), "cost": cny("100.01") }));
    assert!(!holds("contract-review", "no-loss", &loss, &["TOP"]));
    let bid = |number: &str, technical: i64, price: &str, security: i64| json!({ "supplier": number, "technical": technical, "price": cny(price), "security": security, "references": 70 });
    let bids = json!({ "bids": [bid("SPL-2026-000001", 85, "100000.00", 80), bid("SPL-2026-000002", 60, "90000.00", 50)], "winner": "SPL-2026-000001" });
    let selection = of("supplier-selection", bids);
    assert_eq!(selection["scores"][0]["score"], 84);
    assert!(holds("supplier-selection", "winner-qualifies", &selection, &[]));
    let mut insecure = selection;
    insecure["winner"] = json!("SPL-2026-000002");
    assert!(!holds("supplier-selection", "winner-qualifies", &insecure, &[]));
    let mut entry = json!({
        "category": "LAN", "functions": "f", "features": "f", "technical_requirements": "t", "response": 1800, "solution": 14400,
        "price": cny("1.00"), "settlement": "s", "provider_contact": "p", "provider_qualification": "q", "recipient_guide": "g"
    });
    assert_eq!(of("catalogue-entry", entry.clone())["completeness_tenths"], 857);
    entry["other"] = json!("nothing");
    assert_eq!(of("catalogue-entry", entry)["completeness_tenths"], 1000);
}

#[test]
fn assets_and_repairs() {
    let asset =
        json!({ "cost": cny("12000.00"), "residual_bp": 500, "useful_months": 36, "purchased_on": "2024-06-30" });
    let valued = of("asset", asset.clone());
    assert_eq!((&valued["months_used"], &valued["book_value"]), (&json!(20), &cny("5666.67")));
    let old = of(
        "asset",
        json!({ "cost": { "amount": "12000", "currency": "JPY" }, "residual_bp": 500, "useful_months": 36, "purchased_on": "2010-01-31" }),
    );
    assert_eq!((&old["months_used"], &old["book_value"]["amount"]), (&json!(36), &json!("600")));
    let repair = |cost: &str, asset: &Value, earlier: usize| {
        let earlier: Vec<Value> = (0..earlier).map(|_| json!({ "created_at": "2026-01-01T00:00:00Z" })).collect();
        with("repair", json!({ "cost": cny(cost) }), json!({ "asset": [asset], "earlier": earlier }))["recommended"]
            .clone()
    };
    assert_eq!(repair("3000.00", &asset, 0), "replace");
    assert_eq!(repair("2833.33", &asset, 2), "in-house");
    assert_eq!(repair("1.00", &asset, 3), "replace");
    let mut covered = asset;
    covered["warranty_until"] = json!(TODAY);
    assert_eq!(repair("3000.00", &covered, 3), "vendor-warranty");
    let count = of("stock-count", json!({ "booked": 100, "found": 96 }));
    assert_eq!(count["accuracy_tenths"], 960);
    assert!(!holds("stock-count", "differences-investigated", &count, &[]));
}

#[test]
fn configuration_audits_and_surveys() {
    let audit = |registered: i64, kinds: &[&str]| {
        let differences: Vec<Value> = kinds.iter().map(|kind| json!({ "kind": kind })).collect();
        let audit = of("configuration-audit", json!({ "registered": registered, "differences": differences }));
        (audit["accuracy"].clone(), audit["verdict"].clone())
    };
    assert_eq!(audit(100, &["mismatch"]), (json!("99"), json!("pass")));
    assert_eq!(audit(50, &["not-found", "not-registered"]), (json!("96.1"), json!("correct")));
    assert_eq!(audit(20, &["not-found", "not-found", "mismatch"]), (json!("85"), json!("nonconformity")));
    let survey = |invited: i64, good: usize, more: &[i64]| {
        let ratings: Vec<i64> = std::iter::repeat_n(5, good).chain(more.iter().copied()).collect();
        of("survey", json!({ "invited": invited, "ratings": ratings }))
    };
    let first = survey(50, 10, &[3, 2]);
    assert_eq!(
        (&first["csat"], &first["verdict"], &first["low_answers"]),
        (&json!("83.3"), &json!("missed"), &json!(1))
    );
    let few = survey(20, 5, &[]);
    assert_eq!((&few["representative"], few.get("verdict")), (&json!(false), None));
    assert_eq!(survey(100, 17, &[3, 3, 1])["verdict"], "met");
}

#[test]
fn demand() {
    let forecast = |consumption: &str, season: i64, events: i64, earlier: Value| {
        let record = json!({ "period": "2026-03", "consumption": consumption, "season_pct": season, "known_events_units": events });
        with(
            "demand-record",
            record,
            json!({ "earlier": earlier, "agreement": [{ "workload_limit": if events > 0 { 120 } else { 160 } }] }),
        )
    };
    let two = json!([{ "period": "2026-01", "consumption": "120" }, { "period": "2026-02", "consumption": "132" }, { "period": "2026-04", "consumption": "1" }]);
    let plain = forecast("150", 100, 0, two.clone());
    assert_eq!((&plain["forecast"], &plain["workload"]), (&json!("139"), &json!("ok")));
    let season = forecast("150", 120, 0, two);
    assert_eq!((&season["forecast"], &season["workload"]), (&json!("167"), &json!("over-limit")));
    let short = forecast("90", 100, 25, json!([{ "period": "2026-02", "consumption": "80" }]));
    assert_eq!((&short["forecast"], &short["workload"]), (&json!("110"), &json!("near-limit")));
    assert_eq!(forecast("90", 100, 0, json!([]))["forecast"], "90");
}

#[test]
fn transitions_acceptance_and_releases() {
    let outcome = |achieved: &str| {
        of(
            "design-and-transition",
            json!({ "outcomes": [{ "text": "fewer tickets", "intended": "40", "achieved": achieved }] }),
        )["verdict"]
            .clone()
    };
    assert_eq!((outcome("34"), outcome("40"), outcome("31.9")), (json!("partly"), json!("achieved"), json!("failed")));
    let parts = json!({ "functional": 95, "performance": 90, "security": 85, "satisfaction": 80 });
    let acceptance = of("service-acceptance", parts);
    assert_eq!(acceptance["score"], 90);
    assert!(holds("service-acceptance", "good-enough", &acceptance, &[]));
    let weak =
        of("service-acceptance", json!({ "functional": 100, "performance": 100, "security": 79, "satisfaction": 100 }));
    assert!(!holds("service-acceptance", "good-enough", &weak, &[]));
    let release = |passed: i64, more: Value| {
        let mut record = json!({ "tests": { "planned": 200, "passed": passed }, "backout_tested": true, "baseline": "BSL-2026-000001", "sev1_open": 0, "sev2_open": 0, "communicated": true, "training_open": false });
        for (name, value) in more.as_object().unwrap() {
            record[name] = value.clone();
        }
        with(
            "release",
            record,
            json!({ "changes": [{ "state": "approved" }], "acceptance": [{ "state": "accepted" }] }),
        )["gate"]
            .clone()
    };
    assert_eq!(release(190, json!({})), "go");
    assert_eq!(release(190, json!({ "sev2_open": 1, "training_open": true })), "conditional");
    assert_eq!(release(189, json!({})), "no-go");
    assert_eq!(release(190, json!({ "sev1_open": 1 })), "no-go");
}

/// The guide's worked examples of a policy.
fn examples(policy: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../../../tests/golden/tier2.json")).unwrap();
    let found: Vec<Value> = all.into_iter().filter(|case| case["policy"] == policy).collect();
    assert_eq!(found.len(), 3, "{policy}");
    found
}

#[test]
fn triage_proposes_priority_and_group() {
    for case in examples("incident-triage") {
        let (input, expected) = (&case["input"], &case["expected"]);
        let number = |name: &str| input[name].as_i64().unwrap();
        let incident = json!({
            "impact": input["impact"], "urgency": input["urgency"], "security": input["security"],
            "affected_users": input["affected_users"], "category": "mail",
            // As the component's matrix gives it.
            "priority": format!("P{}", number("impact") + number("urgency") - 1),
        });
        let item = match &input["ci_group"] {
            Value::Null => json!([]),
            group => json!([{ "support_group": group }]),
        };
        let service = json!([{ "criticality": 3 }]);
        let found = with("incident", incident, json!({ "items": item, "served": service }));
        assert_eq!(found["proposed_priority"], expected["priority"], "{}", case["name"]);
        assert_eq!(found["proposed_group"], expected["group"], "{}", case["name"]);
        assert_eq!(json!(found["major_criteria"].is_array()), expected["major"], "{}", case["name"]);
    }
    let criteria = |tier: i64, more: Value| {
        let service = json!([{ "criticality": tier, "category_groups": [{ "category": "mail", "group": "mailers" }] }]);
        with("incident", more, json!({ "items": [], "served": service }))
    };
    let down = criteria(4, json!({ "priority": "P4", "service_down": true, "affected_users": 400 }));
    assert_eq!(down["major_criteria"], json!(["users", "service-down"]));
    assert_eq!(criteria(3, json!({ "priority": "P4", "service_down": true })).get("major_criteria"), None);
    assert_eq!(criteria(3, json!({ "priority": "P4", "category": "mail" }))["proposed_group"], "mailers");
}

#[test]
fn capacity_is_forecast() {
    for case in examples("capacity-forecast") {
        let (input, expected) = (&case["input"], &case["expected"]);
        let start: jiff::civil::Date = input["start"].as_str().unwrap().parse().unwrap();
        let day = input["step"] == "day";
        let samples: Vec<Value> = (0..)
            .zip(input["points"].as_array().unwrap())
            .map(|(n, value)| {
                let at = if day {
                    crate::domain::time::add_days(start, n)
                } else {
                    crate::domain::time::add_months(start, n)
                };
                json!({ "at": at.to_string(), "value": value.to_string() })
            })
            .collect();
        let item = json!({
            "samples": samples, "threshold": input["threshold"].to_string(), "lead_days": input["lead_days"],
            "sample_step": input["step"], "current": "1"
        });
        let found = of("capacity-plan-item", item);
        assert_eq!(found["forecast"], expected["state"], "{}", case["name"]);
        for (field, name) in [("crossing_on", "crossing"), ("order_by", "order_by")] {
            assert_eq!(found.get(field).unwrap_or(&Value::Null), &expected[name], "{} {name}", case["name"]);
        }
        let horizon = if day { "capacity_horizon_days" } else { "capacity_horizon_months" };
        assert_eq!(json!(constant::builtin()[horizon].value), input["horizon"], "{}", case["name"]);
    }
    let forecast = |values: &[&str]| {
        let samples: Vec<Value> = values.iter().map(|value| json!({ "at": "2026-01-01", "value": value })).collect();
        let item = json!({ "samples": samples, "threshold": "85", "lead_days": 1, "current": "1" });
        of("capacity-plan-item", item).get("forecast").cloned()
    };
    assert_eq!(forecast(&["80", "85"]), Some(json!("already-over")));
    assert_eq!(forecast(&["80", "70"]), Some(json!("no-growth")));
    assert_eq!(forecast(&["80"]), None);
}

#[test]
fn availability_is_modelled() {
    let part = |part: &Value, group: Option<&str>| {
        let mut fields = match part.get("a") {
            Some(share) => json!({ "name": "x", "availability_pct": share }),
            None => json!({ "name": "x", "mtbf_h": part["mtbf"].to_string(), "mttr_h": part["mttr"].to_string() }),
        };
        if let Some(group) = group {
            fields["group"] = group.into();
        }
        fields
    };
    for case in examples("availability-model") {
        let (input, expected) = (&case["input"], &case["expected"]);
        let model: Vec<Value> = match input["model"].get("of") {
            None => vec![part(&input["model"], None)],
            Some(parts) => parts
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|one| match one.get("of") {
                    None => vec![part(one, None)],
                    Some(both) => both.as_array().unwrap().iter().map(|one| part(one, Some("both"))).collect(),
                })
                .collect(),
        };
        let found =
            of("availability-requirement", json!({ "model": model, "target_milli_pct": input["target_milli_pct"] }));
        assert_eq!(found["modelled_milli_pct"], expected["availability_milli_pct"], "{}", case["name"]);
        assert_eq!(found["model_meets_target"], expected["met"], "{}", case["name"]);
    }
}
