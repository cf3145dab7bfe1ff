//! The kinds with which services are planned, bought, built and looked after (guide, P15 to P34): what their rules
//! refuse, and what the host does by itself. Lived through over the API.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, ORG, for_each_db};

fn step(kind: &str, number: &str, name: &str) -> String {
    format!("/records/{kind}/{number}/transitions/{name}")
}

fn cny(amount: &str) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

fn with(mut fields: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields
}

async fn list(client: &Client, path: &str) -> Vec<Value> {
    client.get(path).await.ok()["records"].as_array().unwrap().clone()
}

#[test]
fn a_customers_contract_is_signed_as_it_was_reviewed() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let manager = app.actor("manager", &[Role::Sup, Role::Slm]).await;
        let top = app.actor("director", &[Role::Top]).await;
        let fields = json!({
            "title": "Mail for the customer", "party": agreed.customer, "scope": "mail", "requirements": "as asked",
            "targets": [{"availability": "99.9"}], "authorities": "SLM", "value": cny("500000.00"),
            "valid_from": "2026-04-01", "valid_to": "2027-03-31", "review_due": "2026-10-01"
        });
        let contract = manager.create("contract", fields).await;
        manager.go("contract", &contract, "reviewed", json!({})).await;
        let signed = step("contract", &contract, "signed");
        top.post(&signed, json!({})).await.problem(409, "reviewed-before-signing");

        let review = |cost: &str| {
            json!({
                "title": "review", "contract": contract, "price": cny("500000.00"), "cost": cny(cost),
                "requirements_understood": true, "capability": true, "sla_chain_ok": true, "legal_security_ok": true
            })
        };
        let thin = manager.create("contract-review", review("499000.00")).await;
        manager.go("contract-review", &thin, "reviewed", json!({})).await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let accepted = step("contract-review", &thin, "accepted");
        owner.post(&accepted, json!({})).await.problem(422, "small-margin-needs-top");

        let number = manager.create("contract-review", review("410000.00")).await;
        let record = manager.go("contract-review", &number, "reviewed", json!({})).await;
        assert_eq!((&record["margin_bp"], &record["terms"]["scope"]), (&json!(1800), &json!("mail")));
        owner.go("contract-review", &number, "accepted", json!({})).await;
        // What is changed afterwards is reviewed again.
        let path = format!("/records/contract/{contract}");
        let wider = json!({"scope": "mail and calendars"});
        manager.patch(&path, wider.clone()).await.problem(422, "locked-field");
        manager.go("contract", &contract, "draft", json!({})).await;
        manager.patch(&path, wider).await.ok();
        manager.go("contract", &contract, "reviewed", json!({})).await;
        top.post(&signed, json!({})).await.problem(409, "reviewed-before-signing");
        manager.go("contract", &contract, "draft", json!({})).await;
        manager.patch(&path, json!({"scope": "mail"})).await.ok();
        manager.go("contract", &contract, "reviewed", json!({})).await;
        assert_eq!(top.post(&signed, json!({})).await.ok()["state"], "signed");
    });
}

#[test]
fn a_purchase_is_registered_with_its_papers() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po, Role::Sup]).await;
        let budget = app.actor("budget-owner", &[Role::Bud]).await;
        let top = app.actor("director", &[Role::Top]).await;
        let technician = app.technician().await;
        let paper = json!({"title": "invoice", "class": "external", "code": "F-1", "version": "1.0"});
        let paper = owner.create("document", paper).await;
        let supplier = json!({
            "title": "Shop", "kind": "external", "contract_manager": "owner", "critical": false, "security_relevant": false
        });
        let supplier = owner.create("supplier", supplier).await;
        let asset = json!({
            "title": "disk", "class": "hardware", "cost": cny("1000.00"), "purchased_on": "2026-03-01", "invoice": paper,
            "location": "room 2", "custodian": "li", "useful_months": 36, "residual_bp": 500
        });
        let asset = owner.create("asset", asset).await;
        let in_use = step("asset", &asset, "in_use");
        let problem = owner.post(&in_use, json!({})).await.problem(422, "hardware-has-warranty-card");
        let rules: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| e["rule"].as_str().unwrap()).collect();
        assert_eq!(rules, ["hardware-has-warranty-card", "linked-to-a-ci"]);

        let line = json!({"class": "hardware", "description": "disk", "quantity": 1, "unit_price": cny("1000.00")});
        let fields = json!({
            "title": "disks", "plan_year": 2026, "in_plan": false, "lines": [line.clone()], "total": cny("999.00")
        });
        owner.post("/records/purchase", fields.clone()).await.problem(422, "total-of-lines");
        let number = owner.create("purchase", with(fields, json!({"total": cny("1000.00")}))).await;
        budget.post(&step("purchase", &number, "approved"), json!({})).await.problem(422, "outside-the-plan");
        top.go("purchase", &number, "approved", json!({})).await;
        let ordered = step("purchase", &number, "ordered");
        owner.post(&ordered, json!({"supplier": supplier})).await.problem(422, "supplier-may-deliver");
        top.go("supplier", &supplier, "approved", json!({})).await;
        owner.post(&ordered, json!({"supplier": supplier})).await.ok();
        technician.go("purchase", &number, "received", json!({"received_on": "2026-03-02"})).await;
        let registered = step("purchase", &number, "registered");
        owner.post(&registered, json!({})).await.problem(422, "invoice-before-registering");
        let papers = with(line, json!({"invoice": paper, "warranty_card": paper, "assets": [asset]}));
        owner.patch(&format!("/records/purchase/{number}"), json!({"lines": [papers]})).await.ok();
        owner.post(&registered, json!({})).await.ok();
    });
}

#[test]
fn a_customer_escalates_a_complaint_and_changes_nothing_else() {
    for_each_db(|app| async move {
        let service = app.agreed_service("Mail").await.service;
        let customer = app.actor("zhao", &[Role::Cus]).await;
        let agent = app.agent().await;
        let fields = json!({"title": "always late", "channel": "mail", "service": service, "severity": "high"});
        let number = customer.create("complaint", fields).await;
        let path = format!("/records/complaint/{number}");
        let due = |complaint: &Value| ["acknowledge_due", "resolve_due", "top_due"].map(|name| complaint[name].clone());
        let complaint = customer.get(&path).await.ok();
        assert_eq!(due(&complaint), ["2026-03-04T01:00:00Z", "2026-03-10T01:00:00Z", "2026-03-17T01:00:00Z"]);
        customer.patch(&path, json!({"severity": "low"})).await.problem(409, "customer-only-escalates");
        // Working days are those of the service's calendar.
        let owner = app.actor("setup", &[Role::Po, Role::Slm]).await;
        let calendar = owner.get(&format!("/records/service/{service}")).await.ok()["calendar"].clone();
        let calendar = format!("/records/calendar/{}", calendar.as_str().unwrap());
        owner.patch(&calendar, json!({"holidays": ["2026-03-05"]})).await.ok();
        let escalated = customer.patch(&path, json!({"escalation_level": 1})).await.ok();
        assert_eq!(escalated["escalation_level"], 1);
        assert_eq!(due(&escalated), ["2026-03-04T01:00:00Z", "2026-03-11T01:00:00Z", "2026-03-18T01:00:00Z"]);
        customer.patch(&path, json!({"escalation_level": 0})).await.problem(422, "escalation-rises");
        let other = app.actor("sun", &[Role::Cus]).await;
        other.patch(&path, json!({"escalation_level": 2})).await.problem(403, "own");
        agent.go("complaint", &number, "acknowledged", json!({})).await;
        agent.patch(&path, json!({"severity": "medium"})).await.ok();
        app.at("2026-03-20T00:00:00Z").await;
        let events = app.desk.store.events_after(ORG, 0, 10_000).await.unwrap();
        let reminders: Vec<&str> = events
            .iter()
            .filter(|e| e.number == number)
            .filter_map(|e| e.kind.strip_prefix("record.cmp.reminder."))
            .collect();
        assert_eq!(reminders, ["escalate-1", "escalate-2"]);
    });
}

#[test]
fn low_answers_of_a_survey_are_followed_up() {
    for_each_db(|app| async move {
        let manager = app.level_manager().await;
        let fields = json!({"title": "Spring", "population": "all", "invited": 20, "questions": ["How was it?"]});
        let number = manager.create("survey", fields).await;
        manager.go("survey", &number, "sent", json!({"closes_on": "2026-03-10"})).await;
        let path = format!("/records/survey/{number}");
        manager.patch(&path, json!({"ratings": vec![5; 21]})).await.problem(422, "no-more-answers-than-invited");
        let ratings: Vec<i64> = std::iter::repeat_n(5, 17).chain([3, 2, 1]).collect();
        manager.patch(&path, json!({"ratings": ratings})).await.ok();
        app.at("2026-03-11T00:00:00Z").await;
        let record = manager.get(&path).await.ok();
        assert_eq!(
            (&record["state"], &record["csat"], &record["verdict"]),
            (&json!("collected"), &json!("85"), &json!("met"))
        );
        manager.go("survey", &number, "analysed", json!({})).await;
        manager.post(&step("survey", &number, "reported"), json!({})).await.problem(409, "low-answers-followed-up");
        app.at("2026-03-11T01:00:00Z").await;
        app.at("2026-03-11T02:00:00Z").await;
        assert_eq!(list(&manager, &format!("/records/action-item?source={number}")).await.len(), 2);
        manager.go("survey", &number, "reported", json!({})).await;
        let next = list(&manager, "/records/survey?state=designed").await;
        assert_eq!((next.len(), &next[0]["closes_on"]), (1, &json!("2026-06-10")));
    });
}

#[test]
fn service_reviews_follow_one_another() {
    for_each_db(|app| async move {
        let manager = app.level_manager().await;
        let fields = json!({
            "title": "Hospital", "contacts": [{"name": "Li"}], "relationship_manager": "level-manager", "channels": "phone"
        });
        let customer = manager.create("customer", fields).await;
        app.at("2026-05-04T23:00:00Z").await;
        let made = list(&manager, &format!("/records/service-review?customer={customer}")).await;
        assert_eq!((made.len(), &made[0]["kind"], &made[0]["on"]), (1, &json!("interim"), &json!("2026-06-03")));
        let number = made[0]["number"].as_str().unwrap();
        let held = step("service-review", number, "held");
        let fields = json!({"covered": ["progress"]});
        let people = json!({"attendees": ["level-manager"], "topics": "the usual", "customer_signatory": "zhao"});
        manager.patch(&format!("/records/service-review/{number}"), people).await.ok();
        manager.post(&held, fields).await.problem(422, "interim-review-is-complete");
        let fields = json!({"covered": ["progress", "results", "problems", "plans"]});
        // It is held earlier than it is due.
        manager.post(&held, fields.clone()).await.problem(422, "day-has-come");
        manager.patch(&format!("/records/service-review/{number}"), json!({"on": "2026-05-04"})).await.ok();
        manager.post(&held, fields).await.ok();
        let zhao = app.actor("zhao", &[Role::Cus]).await;
        zhao.post(&step("service-review", number, "minutes_approved"), json!({"minutes": "all well"})).await.ok();
        manager.go("service-review", number, "closed", json!({})).await;
        let next = list(&manager, "/records/service-review?state=scheduled").await;
        assert_eq!((next.len(), &next[0]["on"]), (1, &json!("2026-08-04")));
    });
}

#[test]
fn demand_is_forecast_from_what_was_used() {
    for_each_db(|app| async move {
        let service = app.agreed_service("Mail").await.service;
        let owner = app.actor("owner", &[Role::Po]).await;
        let fields = |period: &str, consumption: &str| {
            json!({
                "title": period, "service": service, "period": period, "units": "mailboxes", "consumption": consumption
            })
        };
        let first = owner.post("/records/demand-record", fields("2026-01", "120")).await.ok();
        assert_eq!((&first["state"], &first["forecast"]), (&json!("forecast"), &json!("120")));
        owner.create("demand-record", fields("2026-02", "132")).await;
        let third = owner.post("/records/demand-record", fields("2026-03", "150")).await.ok();
        assert_eq!((&third["previous"], &third["forecast"]), (&json!("132"), &json!("139")));
        owner.post("/records/demand-record", fields("2026-03", "1")).await.problem(422, "one-record-for-a-period");
    });
}

#[test]
fn a_contact_leads_to_a_record() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let fields = json!({"title": "no mail", "channel": "phone", "caller": "zhao", "kind": "incident"});
        let number = agent.create("contact", fields).await;
        let answered = step("contact", &number, "answered");
        agent.post(&answered, json!({"outcome": "told"})).await.problem(422, "only-enquiries-are-answered");
        let action = agent.create("action-item", json!({"title": "x"})).await;
        let linked = step("contact", &number, "linked");
        agent.post(&linked, json!({"ref": action})).await.problem(422, "linked-to-its-kind");
        agent.patch(&format!("/records/contact/{number}"), json!({"kind": "enquiry"})).await.ok();
        agent.post(&answered, json!({"outcome": "told"})).await.ok();
        agent.go("contact", &number, "closed", json!({})).await;
    });
}
