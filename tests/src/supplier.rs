//! Suppliers: evaluated from what the records say, graded, and due again. Lived through over the API.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use mortise::store::manual::ManualFilter;
use serde_json::{Value, json};

use crate::app::{Agreed, Client, Desktop, ORG, for_each_db};

struct Purchasing {
    app: Desktop,
    manager: Client,
    top: Client,
    supplier: String,
    contract: String,
}

impl Purchasing {
    async fn open(app: Desktop, more: Value) -> Self {
        let manager = app.actor("supplier-manager", &[Role::Sup]).await;
        let top = app.actor("director", &[Role::Top]).await;
        let mut fields = json!({
            "title": "Cable & Co", "kind": "external", "contract_manager": "supplier-manager", "critical": false,
            "security_relevant": true
        });
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let supplier = manager.create("supplier", fields).await;
        top.go("supplier", &supplier, "approved", json!({})).await;
        manager.go("supplier", &supplier, "active", json!({})).await;
        let fields = json!({
            "title": "Cabling", "party": supplier, "scope": "cables", "requirements": "good ones",
            "targets": [{"repair": "4 h"}], "authorities": "SUP",
            "value": {"amount": "1000.00", "currency": "CNY"},
            "valid_from": "2026-01-01", "valid_to": "2026-12-31", "review_due": "2026-10-01"
        });
        let contract = manager.create("contract", fields).await;
        manager.go("contract", &contract, "reviewed", json!({})).await;
        top.go("contract", &contract, "signed", json!({})).await;
        Self { app, manager, top, supplier, contract }
    }

    async fn evaluation(&self, period: &str) -> String {
        let fields = json!({"title": "evaluation", "supplier": self.supplier, "period": period});
        self.manager.create("supplier-evaluation", fields).await
    }

    async fn collect(&self, evaluation: &str, measures: Value) -> Value {
        self.manager.go("supplier-evaluation", evaluation, "collected", json!({"measures": measures})).await
    }

    async fn breach(&self, grade: &str, on: &str) -> String {
        let fields = json!({"title": grade, "contract": self.contract, "grade": grade, "on": on, "facts": "late"});
        let number = self.manager.create("breach", fields).await;
        self.manager.go("breach", &number, "confirmed", json!({})).await;
        number
    }

    async fn record(&self, kind: &str, number: &str) -> Value {
        self.manager.get(&format!("/records/{kind}/{number}")).await.ok()
    }

    async fn events(&self, number: &str) -> Vec<String> {
        let events = self.app.desk.store.events_after(ORG, 0, 10_000).await.unwrap();
        events.into_iter().filter(|e| e.number == number).map(|e| e.kind).collect()
    }
}

/// 98/95/96/100/90/90 of the guide's first example, without what the host measures itself.
fn measures(service_level: Value) -> Value {
    json!({
        "quality": {"accepted": 98, "delivered": 100}, "delivery": {"on_time": 95, "due": 100},
        "service_level": service_level, "cost": {"currency": "CNY", "contracted": "10.00", "invoiced": "10.00"},
        "security": {"incidents": 0, "open_major": 0, "open_minor": 1},
        "responsiveness": {"in_time": 90, "requests": 100}
    })
}

#[test]
fn an_evaluation_is_scored_graded_signed_and_due_again() {
    for_each_db(|app| async move {
        let purchasing = Purchasing::open(app, json!({})).await;
        let number = purchasing.evaluation("2026-Q1").await;
        let path = format!("/records/supplier-evaluation/{number}/transitions/collected");
        purchasing.manager.post(&path, json!({})).await.problem(422, "required");
        let wrong = json!({"measures": {"quality": {"accepted": 1}}});
        purchasing.manager.post(&path, wrong).await.problem(422, "type");
        let record = purchasing.collect(&number, measures(json!({"met": 96, "measured": 100}))).await;
        assert_eq!(record["state"], "scored", "{record}");
        assert_eq!((&record["score_tenths"], &record["grade"]), (&json!(953), &json!("A")));
        assert_eq!((&record["trend"], &record["next_review"]), (&json!("new"), &json!("2027-03-03")));
        let supplier = purchasing.record("supplier", &purchasing.supplier).await;
        assert_eq!((&supplier["grade"], &supplier["score_tenths"]), (&json!("A"), &json!(953)));
        let record = purchasing.manager.go("supplier-evaluation", &number, "signed", json!({})).await;
        assert_eq!(record["state"], "signed");
        purchasing.manager.go("supplier-evaluation", &number, "communicated", json!({})).await;

        // A year later the next one is opened, once.
        assert_eq!(purchasing.app.at("2027-03-02T23:59:59Z").await, purchasing.contract_timers());
        purchasing.app.at("2027-03-03T00:00:00Z").await;
        assert!(purchasing.events(&purchasing.supplier).await.contains(&"supplier.review.due".to_owned()));
        let list = purchasing.manager.get("/records/supplier-evaluation?state=due").await.ok();
        let due = list["records"].as_array().unwrap();
        assert_eq!(due.len(), 1);
        assert_eq!((&due[0]["supplier"], &due[0]["owner"]), (&json!(purchasing.supplier), &json!("supplier-manager")));
        assert_eq!(due[0]["period"], "2026-03-03/2027-03-03");
        assert_eq!(purchasing.app.at("2027-03-04T00:00:00Z").await, 0);

        // Worse than before: declining.
        let next = due[0]["number"].as_str().unwrap();
        let record = purchasing.collect(next, measures(json!({"met": 70, "measured": 100}))).await;
        assert_eq!((&record["score_tenths"], &record["trend"]), (&json!(888), &json!("declining")));
        let decisions = purchasing.manager.get(&format!("/decisions?record={next}")).await.ok();
        let input = &decisions["decisions"][0]["input"];
        assert_eq!((&input["previous_tenths"], &input["evaluated_on"]), (&json!(953), &json!("2027-03-04")));
    });
}

impl Purchasing {
    /// The contract came into force, was to be reviewed, was expiring and ended: four timers of its own.
    fn contract_timers(&self) -> usize {
        4
    }
}

#[test]
fn breaches_count_and_the_worst_grade_is_signed_by_top_management() {
    for_each_db(|app| async move {
        let purchasing = Purchasing::open(app, json!({"critical": true})).await;
        purchasing.breach("minor", "2026-01-10").await;
        purchasing.breach("minor", "2026-02-10").await;
        // Not of this period, but still open; and one that was put right long ago.
        purchasing.breach("major", "2025-06-01").await;
        let remedied = purchasing.breach("major", "2025-06-02").await;
        purchasing.manager.go("breach", &remedied, "remedied", json!({"remedied_on": "2025-07-01"})).await;
        let fields = json!({"title": "x", "contract": purchasing.contract, "grade": "material", "on": "2026-02-11", "facts": "?"});
        purchasing.manager.create("breach", fields).await;
        let suggested = purchasing.events(&purchasing.supplier).await;
        assert_eq!(suggested.iter().filter(|kind| *kind == "supplier.review.suggested").count(), 4);
        assert_eq!(suggested.iter().filter(|kind| *kind == "breach.recorded").count(), 5);

        let number = purchasing.evaluation("2026-Q1").await;
        let record = purchasing.collect(&number, measures(json!({"met": 96, "measured": 100}))).await;
        let counted = &record["collected"]["counted"]["breaches"];
        assert_eq!(counted, &json!({"minor": 2, "major_remedied": 0, "major_open": 1, "material": false}));
        // 95.3 less 2 × 2.0 and 10.0, capped by the open major breach.
        assert_eq!((&record["score_tenths"], &record["grade"]), (&json!(813), &json!("C")));
        purchasing.manager.go("supplier-evaluation", &number, "signed", json!({})).await;

        purchasing.breach("material", "2026-02-12").await;
        let number = purchasing.evaluation("2026-Q1").await;
        let record = purchasing.collect(&number, measures(json!({"met": 96, "measured": 100}))).await;
        assert_eq!(record["grade"], "D", "{record}");
        // A critical supplier: half of a month is a month.
        assert_eq!(record["next_review"], "2026-04-03");
        let path = format!("/records/supplier-evaluation/{number}/transitions/signed");
        purchasing.manager.post(&path, json!({})).await.problem(403, "role");
        purchasing.top.post(&path, json!({})).await.ok();
        let supplier = purchasing.record("supplier", &purchasing.supplier).await;
        assert_eq!((&supplier["grade"], &supplier["next_review"]), (&json!("D"), &json!("2026-04-03")));
    });
}

/// An incident of a service, resolved after so many hours.
async fn incident(app: &Desktop, agreed: &Agreed, hours: i64, links: Value) -> String {
    let agent = app.agent().await;
    let fields = json!({
        "title": "no link", "service": agreed.service, "customer": agreed.customer, "caller": "zhao",
        "channel": "phone", "category": "network", "impact": 1, "urgency": 2, "major": false, "links": links
    });
    let number = agent.create("incident", fields).await;
    agent.go("incident", &number, "assigned", json!({})).await;
    agent.go("incident", &number, "in_progress", json!({})).await;
    app.clock.set(app.clock.now().plus(hours * 3_600_000));
    let done = json!({"solution": "plugged in", "closure_code": "done"});
    agent.go("incident", &number, "resolved", done).await;
    number
}

#[test]
fn service_levels_and_costs_are_measured_where_the_records_know_them() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Network").await;
        let other = app.agreed_service("Mail").await;
        let purchasing = Purchasing::open(app.clone(), json!({})).await;
        let levels = app.actor("setup", &[Role::Slm]).await;
        let fields = json!({
            "title": "repair", "contract": purchasing.contract, "sla": [agreed.agreement], "stage": 1, "target_s": 3600,
            "coverage": "24x7", "review_due": "2026-10-01"
        });
        let underpinning = levels.create("underpinning-contract", fields).await;
        let record = levels.go("underpinning-contract", &underpinning, "agreed", json!({})).await;
        assert_eq!(record["state"], "active");

        let kept = incident(&app, &agreed, 1, json!([])).await;
        let missed = incident(&app, &agreed, 5, json!([])).await;
        incident(&app, &other, 5, json!([])).await;
        let linked = incident(&app, &other, 1, json!([{"type": "caused-by", "ref": underpinning}])).await;

        // The invoices that name a commitment for the contract.
        let money = app.actor("budget-owner", &[Role::Bud]).await;
        let cny = |amount: &str| json!({"amount": amount, "currency": "CNY"});
        let budget = json!({
            "title": "IT", "year": 2026, "currency": "CNY", "periods": ["2026-03"], "total": cny("5000.00")
        });
        let budget = money.create("budget", budget).await;
        purchasing.top.go("budget", &budget, "approved", json!({})).await;
        let line = json!({
            "title": "cables", "budget": budget, "service": agreed.service, "cost_type": "outsourcing",
            "nature": "direct", "amount": cny("5000.00"), "forecast_to_go": cny("0.00"), "line_owner": "budget-owner"
        });
        let line = money.create("budget-line", line).await;
        let fields = json!({"title": "cables", "line": line, "amount": cny("1000.00"), "source": purchasing.contract});
        let order = purchasing.manager.create("commitment", fields).await;
        money.go("commitment", &order, "reserved", json!({})).await;
        purchasing.manager.go("commitment", &order, "open", json!({})).await;
        let fields = json!({
            "title": "invoice", "line": line, "amount": cny("1050.00"), "on": "2026-03-03", "commitment": order
        });
        let entry = money.create("cost-entry", fields).await;
        money.go("cost-entry", &entry, "posted", json!({})).await;

        let number = purchasing.evaluation("2026-03").await;
        let mut given = measures(Value::Null);
        given["cost"] = Value::Null;
        let record = purchasing.collect(&number, given).await;
        assert_eq!(record["measures"]["service_level"], json!({"met": 2, "measured": 3}), "{record}");
        let cost = json!({"currency": "CNY", "contracted": "1000.00", "invoiced": "1050.00"});
        assert_eq!(record["measures"]["cost"], cost);
        let evidence = &record["collected"];
        assert_eq!(evidence["incidents"], json!([kept, missed, linked]));
        assert_eq!(
            (&evidence["contracts"], &evidence["cost_entries"]),
            (&json!([purchasing.contract]), &json!([entry]))
        );
        // 5 % over the contract: 100 - 10; two of three: 67.
        assert_eq!(record["result"]["scores"]["cost"], 90);
        assert_eq!(record["result"]["scores"]["service_level"], 67);
        // What people give wins over what is measured.
        let number = purchasing.evaluation("2026-03").await;
        let record = purchasing.collect(&number, measures(json!({"met": 1, "measured": 1}))).await;
        assert_eq!(record["result"]["scores"]["service_level"], 100);
    });
}

#[test]
fn without_a_component_it_stays_collected_until_there_is_one() {
    for_each_db(|app| async move {
        let manager = app.actor_of("bare", "supplier-manager", &[Role::Sup]).await;
        let fields = json!({
            "title": "Cable & Co", "kind": "external", "contract_manager": "x", "critical": false, "security_relevant": false
        });
        let supplier = manager.create("supplier", fields).await;
        let fields = json!({"title": "evaluation", "supplier": supplier, "period": "2026", "measures": {"quality": {"accepted": 98, "delivered": 100}}});
        let number = manager.create("supplier-evaluation", fields).await;
        let record = manager.go("supplier-evaluation", &number, "collected", json!({})).await;
        assert_eq!((&record["state"], &record["manual"]), (&json!("collected"), &json!(true)));
        assert_eq!(record["grade"], Value::Null);
        let waiting =
            app.desk.store.manual_queue("bare", &ManualFilter { limit: 10, ..ManualFilter::default() }).await.unwrap();
        assert_eq!(waiting[0].entry.number, number);
    });
}
