//! What the host does by itself: at once, or when its moment comes.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, ORG, for_each_db};

async fn state(client: &Client, kind: &str, number: &str) -> String {
    let record = client.get(&format!("/records/{kind}/{number}")).await.ok();
    record["state"].as_str().unwrap().to_owned()
}

async fn timers(app: &Desktop, number: &str) -> Vec<(String, String)> {
    let timers = app.desk.store.timers_of(ORG, number).await.unwrap();
    timers.into_iter().map(|timer| (timer.name, timer.due_at.to_string())).collect()
}

fn timer(name: &str, at: &str) -> (String, String) {
    (name.to_owned(), at.to_owned())
}

#[test]
fn a_contract_goes_its_way_by_its_dates() {
    for_each_db(|app| async move {
        let manager = app.actor("supplier-manager", &[Role::Sup]).await;
        let top = app.actor("director", &[Role::Top]).await;
        let fields = json!({
            "title": "Cabling", "party": "SPL-2026-000001", "scope": "cables", "requirements": "good ones",
            "targets": [{"repair": "4 h"}], "authorities": "SUP", "value": {"amount": "1000.00", "currency": "CNY"},
            "valid_from": "2026-04-01", "valid_to": "2026-12-31", "review_due": "2026-10-01"
        });
        manager.post("/records/contract", fields.clone()).await.problem(422, "reference");
        let mut fields = fields;
        let supplier = json!({
            "title": "Cable & Co", "kind": "external", "contract_manager": "x", "critical": false, "security_relevant": false
        });
        fields["party"] = json!(manager.create("supplier", supplier).await);
        let contract = manager.create("contract", fields).await;
        manager.go("contract", &contract, "reviewed", json!({})).await;
        assert_eq!(timers(&app, &contract).await, []);
        top.go("contract", &contract, "signed", json!({})).await;
        assert_eq!(timers(&app, &contract).await, [timer("auto.active", "2026-04-01T00:00:00Z")]);
        assert_eq!(app.at("2026-03-31T23:59:59Z").await, 0);
        assert_eq!(app.at("2026-04-01T00:00:00Z").await, 1);
        assert_eq!(state(&manager, "contract", &contract).await, "active");
        // Its formal review, and sixty days before its last day.
        let review = timer("remind.review", "2026-10-01T00:00:00Z");
        assert_eq!(timers(&app, &contract).await, [review, timer("auto.expiring", "2026-11-01T00:00:00Z")]);
        assert_eq!(app.at("2026-10-01T00:00:00Z").await, 1);
        assert_eq!(app.at("2026-11-01T00:00:00Z").await, 1);
        assert_eq!(state(&manager, "contract", &contract).await, "expiring");
        assert_eq!(app.at("2026-12-31T12:00:00Z").await, 0);
        assert_eq!(app.at("2027-01-01T00:00:00Z").await, 1);
        assert_eq!(state(&manager, "contract", &contract).await, "ended");
        assert_eq!(timers(&app, &contract).await, []);

        let history = manager.get(&format!("/records/contract/{contract}/history")).await.ok();
        let entries = history["entries"].as_array().unwrap();
        let last = entries.last().unwrap();
        assert_eq!(
            (&last["action"], &last["actor"], &last["role"]),
            (&json!("transition:ended"), &json!("mortise"), &json!("auto"))
        );
        let events = app.desk.store.events_after(ORG, 0, 1_000).await.unwrap();
        let kinds: Vec<_> = events.iter().filter(|e| e.number == contract).map(|e| e.kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "record.con.created",
                "record.con.reviewed",
                "record.con.signed",
                "record.con.active",
                "record.con.reminder.review",
                "record.con.expiring",
                "record.con.ended"
            ]
        );
    });
}

#[test]
fn a_timer_moves_with_the_field_it_counts_from() {
    for_each_db(|app| async move {
        let manager = app.change_manager().await;
        let service = app.agreed_service("Mail").await.service;
        let fields = json!({
            "title": "new year", "from": "2026-03-10T00:00:00Z", "to": "2026-03-12T00:00:00Z", "services": [service],
            "reason": "freeze"
        });
        let number = manager.create("blackout", fields).await;
        assert_eq!(timers(&app, &number).await, [timer("auto.active", "2026-03-10T00:00:00Z")]);
        let path = format!("/records/blackout/{number}");
        manager.patch(&path, json!({"from": "2026-03-11T08:00:00+08:00"})).await.ok();
        assert_eq!(timers(&app, &number).await, [timer("auto.active", "2026-03-11T00:00:00Z")]);
        manager.patch(&path, json!({"title": "another name"})).await.ok();
        assert_eq!(app.at("2026-03-10T00:00:00Z").await, 0);
        assert_eq!(app.at("2026-03-11T00:00:00Z").await, 1);
        assert_eq!(state(&manager, "blackout", &number).await, "active");
        manager.patch(&path, json!({"to": "2026-03-11T06:00:00Z"})).await.ok();
        assert_eq!(app.at("2026-03-11T06:00:00Z").await, 1);
        assert_eq!(state(&manager, "blackout", &number).await, "ended");
        // A cancelled one has nothing to wait for.
        let fields = json!({
            "title": "never", "from": "2026-04-10T00:00:00Z", "to": "2026-04-12T00:00:00Z", "services": [service],
            "reason": "freeze"
        });
        let number = manager.create("blackout", fields).await;
        manager.go("blackout", &number, "cancelled", json!({})).await;
        assert_eq!(timers(&app, &number).await, []);
    });
}

#[test]
fn two_nodes_take_a_step_once() {
    for_each_db(|app| async move {
        let technician = app.technician().await;
        let board = app.actor("board", &[Role::Cab]).await;
        let fields = json!({
            "title": "reset a password", "steps": "1", "backout": "none", "max_score": 24, "valid_to": "2026-06-30",
            "infosec_assessed": true
        });
        let model = technician.create("change-model", fields).await;
        board.go("change-model", &model, "approved", json!({})).await;
        assert_eq!(timers(&app, &model).await, [timer("auto.expired", "2026-07-01T00:00:00Z")]);
        let second = app.second_node().await;
        app.clock.set("2026-07-01T00:00:00Z".parse().unwrap());
        let (a, b) =
            tokio::join!(mortise::flows::fire_timers::run(&app.desk), mortise::flows::fire_timers::run(&second.desk));
        assert_eq!(a.unwrap() + b.unwrap(), 1);
        assert_eq!(state(&technician, "change-model", &model).await, "expired");
    });
}

async fn resolved(app: &Desktop, agent: &Client) -> String {
    let agreed = app.agreed_service("Mail").await;
    let fields = json!({
        "title": "no mail", "service": agreed.service, "customer": agreed.customer, "caller": "zhao", "channel": "phone",
        "category": "mail", "impact": 2, "urgency": 2, "major": false
    });
    let number = agent.create("incident", fields).await;
    agent.go("incident", &number, "assigned", json!({})).await;
    agent.go("incident", &number, "in_progress", json!({})).await;
    agent.go("incident", &number, "resolved", json!({"solution": "restart", "closure_code": "done"})).await;
    number
}

#[test]
fn what_was_resolved_is_closed_after_three_working_days() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        // A Friday, 16:00 in Shanghai.
        app.at("2026-03-06T08:00:00Z").await;
        let number = resolved(&app, &agent).await;
        let wednesday = timer("auto.closed", "2026-03-11T08:00:00Z");
        assert_eq!(timers(&app, &number).await, [wednesday]);
        // Reopened, it is not closed any more; resolved again, the days count again.
        app.at("2026-03-09T08:00:00Z").await;
        agent.go("incident", &number, "in_progress", json!({})).await;
        assert!(timers(&app, &number).await.iter().all(|(name, _)| name.starts_with("sla.")));
        agent.go("incident", &number, "resolved", json!({})).await;
        app.at("2026-03-12T07:59:59Z").await;
        assert_eq!(state(&agent, "incident", &number).await, "resolved");
        app.at("2026-03-12T08:00:00Z").await;
        assert_eq!(state(&agent, "incident", &number).await, "closed");
        assert_eq!(timers(&app, &number).await, []);
        // Closed by hand, it is not closed again.
        let number = resolved(&app, &agent).await;
        agent.go("incident", &number, "closed", json!({})).await;
        assert_eq!(timers(&app, &number).await, []);
    });
}

struct Levels {
    manager: Client,
    customer: Client,
    fields: Value,
}

impl Levels {
    async fn open(app: &Desktop) -> Self {
        let agreed = app.agreed_service("Mail").await;
        let fields = json!({
            "title": "agreement", "customer": agreed.customer, "service": agreed.service, "version": "2.0",
            "targets": [{"priority": "P1", "response_s": 1800, "resolution_s": 14400, "calendar": "24x7"}],
            "availability_milli_pct": 99900, "calendar": agreed.calendar, "workload_limit": 1000,
            "consequence": "service credit", "baseline_deviation": false, "review_due": "2027-03-01",
            "customer_signatory": "customer-side"
        });
        let manager = app.actor("levels", &[Role::Slm, Role::Sup]).await;
        // One agreement is in force at a time.
        manager.go("sla", &agreed.agreement, "terminated", json!({})).await;
        Self { manager, customer: app.actor("customer-side", &[Role::Cus]).await, fields }
    }

    async fn end(&self, number: &str) {
        self.manager.go("sla", number, "terminated", json!({})).await;
    }

    async fn negotiated(&self, more: Value) -> String {
        let mut fields = self.fields.clone();
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        let number = self.manager.create("sla", fields).await;
        self.manager.go("sla", &number, "negotiating", json!({})).await;
        let record = self.manager.go("sla", &number, "agreed", json!({})).await;
        assert_eq!(record["state"], "negotiating", "the customer has still to sign");
        number
    }
}

#[test]
fn a_promise_looser_than_the_baseline_has_to_be_declared() {
    for_each_db(|app| async move {
        let levels = Levels::open(&app).await;
        let number = levels.negotiated(json!({})).await;
        let record = levels.customer.go("sla", &number, "agreed", json!({})).await;
        assert_eq!(record["state"], "active", "agreed on the baseline, it is active at once");
        let history = levels.manager.get(&format!("/records/sla/{number}/history")).await.ok();
        let entries = history["entries"].as_array().unwrap();
        let steps: Vec<_> =
            entries.iter().map(|e| (e["action"].as_str().unwrap(), e["role"].as_str().unwrap())).collect();
        assert!(steps.ends_with(&[("transition:agreed", "CUS"), ("transition:active", "auto")]), "{steps:?}");
        levels.end(&number).await;

        let looser = [
            json!({"priority": "P3", "response_s": 1801, "resolution_s": 14400, "calendar": "24x7"}),
            json!({"priority": "P3", "response_s": 1800, "resolution_s": 14401, "calendar": "24x7"}),
            // The agreement's own calendar rests at night.
            json!({"priority": "P3", "response_s": 1800, "resolution_s": 14400}),
        ];
        for target in looser {
            let number = levels.negotiated(json!({"targets": [target]})).await;
            let path = format!("/records/sla/{number}/transitions/agreed");
            let problem = levels.customer.post(&path, json!({})).await.problem(422, "baseline-deviation");
            assert_eq!(problem["field"], "baseline_deviation");
            let record =
                levels.manager.patch(&format!("/records/sla/{number}"), json!({"baseline_deviation": true})).await;
            assert_eq!(record.ok()["signatures"], Value::Null, "what was signed was another agreement");
            levels.manager.go("sla", &number, "agreed", json!({})).await;
            assert_eq!(levels.customer.post(&path, json!({})).await.ok()["state"], "active");
            levels.end(&number).await;
        }
    });
}

#[test]
fn the_chain_of_agreements_is_looked_at_when_it_is_agreed() {
    for_each_db(|app| async move {
        let levels = Levels::open(&app).await;
        let owner = app.actor("owner", &[Role::Slm]).await;
        let under = async |sla: &str, team: &str, stage: i64, minutes: i64, coverage: &str| {
            let fields = json!({
                "title": team, "team": team, "sla": [sla], "stage": stage, "target_s": minutes * 60,
                "coverage": coverage, "review_due": "2027-01-01"
            });
            let number = owner.create("ola", fields).await;
            let record = owner.go("ola", &number, "agreed", json!({})).await;
            assert_eq!(record["state"], "active");
        };
        // 10 + 30 + 60 minutes of four hours.
        let number = levels.negotiated(json!({"handover_s": 600})).await;
        under(&number, "desk", 1, 30, "24x7").await;
        under(&number, "network", 2, 60, "24x7").await;
        let record = levels.customer.go("sla", &number, "agreed", json!({})).await;
        assert_eq!(
            (&record["chain"]["feasible"], &record["chain"]["committed_s"]),
            (&json!(true), &json!(6000)),
            "{record}"
        );
        levels.end(&number).await;
        // Not around the clock, and too long: said, not refused.
        let number = levels.negotiated(json!({})).await;
        under(&number, "vendor", 1, 240, "business").await;
        under(&number, "desk", 2, 30, "24x7").await;
        let record = levels.customer.go("sla", &number, "agreed", json!({})).await;
        assert_eq!((&record["state"], &record["chain"]["feasible"]), (&json!("active"), &json!(false)));
        let findings = record["chain"]["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 2, "{record}");
        let events = app.desk.store.events_after(ORG, 0, 1_000).await.unwrap();
        assert!(events.iter().any(|e| e.number == number && e.kind == "sla.chain.infeasible"));
        let infeasible = levels.manager.get("/records/sla?chain.feasible=false").await.ok();
        assert_eq!(infeasible["records"].as_array().unwrap().len(), 1);
    });
}
