//! What was judged stays judged: facts that a transition rested on do not change behind it. Lived through over the API.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, for_each_db};

fn cny(amount: &str) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

/// A record in hand.
struct Held<'a> {
    kind: &'a str,
    number: String,
}

impl Held<'_> {
    fn path(&self) -> String {
        format!("/records/{}/{}", self.kind, self.number)
    }

    async fn set(&self, who: &Client, fields: Value, status: u16, rule: &str) -> Value {
        who.patch(&self.path(), fields).await.problem(status, rule)
    }

    async fn go(&self, who: &Client, to: &str, fields: Value) {
        who.go(self.kind, &self.number, to, fields).await;
    }

    async fn refused(&self, who: &Client, to: &str, fields: Value, status: u16, rule: &str) {
        who.post(&format!("{}/transitions/{to}", self.path()), fields).await.problem(status, rule);
    }
}

async fn make<'a>(who: &Client, kind: &'a str, fields: Value) -> Held<'a> {
    Held { kind, number: who.create(kind, fields).await }
}

#[test]
fn a_risk_stays_as_it_was_accepted() {
    for_each_db(|app| async move {
        let (owner, officer) = (app.actor("owner", &[Role::Po]).await, app.actor("officer", &[Role::Sec]).await);
        let fields = json!({
            "title": "one line", "kind": "risk", "area": "organisation", "likelihood": 1, "impact": 2,
            "review_due": "2026-09-01", "treatment": "accept", "acceptance_criteria": "small"
        });
        let risk = make(&owner, "risk", fields).await;
        risk.go(&owner, "assessed", json!({})).await;
        risk.go(&owner, "accepted", json!({})).await;
        let high = json!({"likelihood": 5, "impact": 5});
        risk.set(&owner, high.clone(), 422, "locked-field").await;
        risk.refused(&owner, "monitored", high.clone(), 422, "locked-field").await;
        risk.go(&owner, "monitored", json!({})).await;
        risk.set(&owner, high, 422, "locked-field").await;

        let asset = json!({
            "title": "server", "class": "other", "cost": cny("10.00"), "purchased_on": "2026-01-01", "location": "room",
            "custodian": "li", "useful_months": 36, "residual_bp": 0
        });
        let asset = owner.create("asset", asset).await;
        let fields = json!({
            "title": "open port", "asset": asset, "c": 1, "i": 1, "a": 1, "threat": 1, "vulnerability": 1,
            "control_pct": 0, "review_due": "2026-09-01"
        });
        let risk = make(&officer, "security-risk", fields).await;
        risk.go(&officer, "assessed", json!({})).await;
        risk.go(&owner, "accepted", json!({})).await;
        let critical = json!({"c": 5, "threat": 5, "vulnerability": 5});
        risk.set(&officer, critical, 422, "locked-field").await;
        risk.go(&officer, "closed", json!({})).await;
    });
}

#[test]
fn a_rule_is_asked_again_where_its_facts_may_change() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po]).await;
        let document = owner.create("document", json!({"title": "Proof"})).await;
        let fields = json!({
            "title": "Data law", "source": "Data law", "text": "Data stays", "due": "2026-12-01",
            "evidence": [document], "checked_on": "2026-03-01"
        });
        let duty = make(&owner, "obligation", fields).await;
        duty.go(&owner, "compliant", json!({})).await;
        let refused = duty.set(&owner, json!({"evidence": []}), 422, "required").await;
        assert_eq!(refused["field"], "evidence");
        duty.set(&owner, json!({"checked_on": "2030-12-01"}), 422, "shown-by-evidence").await;
        duty.set(&owner, json!({"text": "Data goes"}), 422, "locked-field").await;
        // What keeps the rule, and what it does not read, may be set.
        owner.patch(&duty.path(), json!({"checked_on": "2026-03-02", "description": "yearly"})).await.ok();
    });
}

#[test]
fn an_improvement_and_a_review_stay_as_they_were_approved() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po]).await;
        let representative = app.actor("representative", &[Role::Mr]).await;
        let levels = app.level_manager().await;
        let document = owner.create("document", json!({"title": "Source"})).await;
        let fields = json!({
            "title": "faster", "source": document, "benefit": 5, "alignment": 4, "risk_reduction": 3, "urgency": 2,
            "effort": 2, "target": "minutes"
        });
        let better = make(&owner, "improvement", fields).await;
        better.go(&owner, "assessed", json!({})).await;
        better.go(&representative, "approved", json!({})).await;
        better.set(&owner, json!({"alignment": 1}), 422, "locked-field").await;
        better.refused(&owner, "planned", json!({"alignment": 1}), 422, "locked-field").await;
        better.go(&owner, "planned", json!({})).await;

        let customer = app.agreed_service("Mail").await.customer;
        let fields = json!({
            "title": "Yearly", "customer": customer, "kind": "annual", "on": "2026-03-03", "attendees": ["li"],
            "topics": "the year", "covered": ["scope", "levels", "changes", "trends"]
        });
        let review = make(&levels, "service-review", fields).await;
        review.go(&levels, "held", json!({})).await;
        review.set(&levels, json!({"covered": []}), 422, "required").await;
        review.set(&levels, json!({"kind": "interim"}), 422, "locked-field").await;
        review.go(&levels, "minutes_approved", json!({"minutes": "all is well"})).await;
        review.set(&levels, json!({"minutes": "all was bad"}), 422, "locked-field").await;
    });
}

#[test]
fn who_took_a_step_stays_named_and_nobody_takes_himself_out() {
    for_each_db(|app| async move {
        let both = app.actor("both", &[Role::Te, Role::Cm]).await;
        let (technician, manager) = (app.technician().await, app.change_manager().await);
        let fields = json!({
            "title": "Another disk", "type": "normal", "reason": "it is old", "impact": "none expected",
            "backout": {"state": "tested", "duration_min": 10}, "tests": {"planned": 10, "passed": 10},
            "window_from": "2026-03-10T18:00:00Z", "window_to": "2026-03-10T20:00:00Z",
            "timing": "maintenance-window", "cost": cny("0.00"), "complexity": "simple"
        });
        let change = make(&technician, "change", fields).await;
        change.go(&technician, "submitted", json!({})).await;
        for state in ["assessed", "approved", "scheduled"] {
            change.go(&manager, state, json!({})).await;
        }
        for state in ["implementing", "implemented"] {
            change.go(&both, state, json!({})).await;
        }
        change.refused(&both, "reviewed", json!({"outcome": "success"}), 403, "separation-of-duties").await;
        change.set(&both, json!({"implementer": "somebody"}), 422, "locked-field").await;
        change.set(&manager, json!({"implementer": "somebody"}), 422, "locked-field").await;
        change.go(&manager, "reviewed", json!({"outcome": "failed"})).await;
        change.set(&manager, json!({"outcome": "success"}), 422, "locked-field").await;

        let author = app.actor("author", &[Role::Slm]).await;
        let fields = json!({
            "title": "March", "purpose": "levels", "sources": "records", "method": "measures", "scope": "mail",
            "readers": ["li"], "period": "2026-03", "snapshot_hash": "0".repeat(64)
        });
        let report = make(&author, "service-report", fields).await;
        report.refused(&author, "reviewed", json!({}), 403, "separation-of-duties").await;
        report.set(&author, json!({"author": "somebody"}), 403, "separation-of-duties").await;
        report.go(&app.level_manager().await, "reviewed", json!({})).await;
        let rewritten = json!({"content": [{"part": "trends", "text": "upwards"}]});
        report.set(&author, rewritten, 422, "locked-field").await;
    });
}

#[test]
fn what_is_required_cannot_be_emptied_and_an_empty_list_is_no_value() {
    for_each_db(|app| async move {
        let levels = app.level_manager().await;
        let agreed = app.agreed_service("Mail").await;
        let fields = json!({
            "title": "Empty", "customer": agreed.customer, "service": agreed.service, "version": "2.0", "targets": [],
            "baseline_deviation": true,
            "availability_milli_pct": 99_900, "calendar": agreed.calendar, "workload_limit": 10, "consequence": "none",
            "review_due": "2027-03-01", "customer_signatory": "customer-side"
        });
        let empty = make(&levels, "sla", fields).await;
        empty.refused(&levels, "negotiating", json!({}), 422, "required").await;
        let targets = json!([{"priority": "P1", "response_s": 900, "resolution_s": 7200}]);
        empty.go(&levels, "negotiating", json!({"targets": targets})).await;
        empty.set(&levels, json!({"targets": []}), 422, "required").await;

        // One agreement is in force: the new one waits until the old one is amended.
        empty.go(&levels, "agreed", json!({})).await;
        let side = app.actor("customer-side", &[Role::Cus]).await;
        empty.go(&side, "agreed", json!({})).await;
        let state =
            async |app: &Desktop| app.desk.store.record(crate::app::ORG, &empty.number).await.unwrap().unwrap().state;
        assert_eq!(state(&app).await, "agreed");
        levels.go("sla", &agreed.agreement, "amended", json!({})).await;
        app.at("2026-03-03T02:00:00Z").await;
        assert_eq!(state(&app).await, "active");
    });
}
