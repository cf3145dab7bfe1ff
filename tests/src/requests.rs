//! A service request from the catalogue: who approves it follows from its cost and the access it asks for.

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, for_each_db};

struct Desk {
    agent: Client,
    technician: Client,
    line: Client,
    requester: Client,
    item: String,
}

impl Desk {
    async fn open(app: &Desktop) -> Self {
        let (author, owner) = (app.actor("author", &[Role::Po]).await, app.actor("owner", &[Role::Po]).await);
        let fields = json!({
            "title": "Workplace", "category": "equipment", "functions": "a computer", "features": "portable",
            "technical_requirements": "network", "response": 3600, "solution": 86400,
            "price": {"amount": "0.00", "currency": "CNY"}, "settlement": "monthly", "provider_contact": "desk",
            "provider_qualification": "trained", "recipient_guide": "sign for it", "other": "none"
        });
        let item = author.create("catalogue-entry", fields).await;
        owner.go("catalogue-entry", &item, "approved", json!({})).await;
        owner.go("catalogue-entry", &item, "published", json!({"review_due": "2026-12-01"})).await;
        Self {
            agent: app.agent().await,
            technician: app.technician().await,
            line: owner,
            requester: app.actor("zhao", &[Role::Cus]).await,
            item,
        }
    }

    async fn asks(&self, amount: &str, currency: &str, access: &str) -> String {
        let fields = json!({
            "title": "A notebook", "item": self.item, "channel": "portal", "access_level": access,
            "cost": {"amount": amount, "currency": currency}, "due": "2026-03-05T01:00:00Z"
        });
        self.requester.create("request", fields).await
    }

    /// The request, classified.
    async fn classified(&self, amount: &str, currency: &str, access: &str) -> Value {
        let number = self.asks(amount, currency, access).await;
        self.agent.go("request", &number, "classified", json!({})).await
    }
}

fn number(record: &Value) -> &str {
    record["number"].as_str().unwrap()
}

#[test]
fn a_cheap_request_passes_by_itself_and_is_lived_through() {
    for_each_db(|app| async move {
        let desk = Desk::open(&app).await;
        // T07a: at most CNY 1 000 and no access.
        let request = desk.classified("1000.00", "CNY", "none").await;
        assert_eq!((&request["state"], &request["approvers"]), (&json!("approved"), &json!([])));
        let number = number(&request);
        desk.technician.go("request", number, "fulfilling", json!({})).await;
        desk.technician.go("request", number, "awaiting_customer", json!({})).await;
        desk.technician.go("request", number, "fulfilling", json!({"steps": [{"done": "delivered"}]})).await;
        desk.technician.go("request", number, "fulfilled", json!({})).await;
        // Feedback closes the loop.
        desk.requester.go("request", number, "fulfilling", json!({})).await;
        desk.technician.go("request", number, "fulfilled", json!({})).await;
        let closed = desk.requester.go("request", number, "closed", json!({})).await;
        assert_eq!(closed["state"], "closed");
    });
}

#[test]
fn each_role_that_the_cost_asks_for_approves_by_another_person() {
    for_each_db(|app| async move {
        let desk = Desk::open(&app).await;
        for (amount, currency, approvers) in [
            ("1000.01", "CNY", json!(["PO"])),
            ("10000.00", "CNY", json!(["PO"])),
            ("12000.00", "CNY", json!(["PO", "BUD"])),
            ("50000.01", "CNY", json!(["PO", "BUD", "TOP"])),
        ] {
            let request = desk.classified(amount, currency, "none").await;
            assert_eq!(
                (&request["state"], &request["approvers"]),
                (&json!("awaiting_approval"), &approvers),
                "{amount}"
            );
        }
        let request = desk.classified("12000.00", "CNY", "none").await;
        let number = number(&request);
        let path = format!("/records/request/{number}/transitions/approved");
        desk.technician.post(&path, json!({})).await.problem(403, "role");
        // What is looked at stays as it is.
        let cheaper = json!({"cost": {"amount": "1.00", "currency": "CNY"}});
        desk.agent.patch(&format!("/records/request/{number}"), cheaper).await.problem(422, "locked-field");
        let waits = desk.line.go("request", number, "approved", json!({})).await;
        assert_eq!(waits["state"], "awaiting_approval");
        desk.line.post(&path, json!({})).await.problem(403, "already-signed");
        app.actor("other", &[Role::Po]).await.post(&path, json!({})).await.problem(403, "already-signed");
        // One person is not two approvers.
        let both = app.actor("owner", &[Role::Po, Role::Bud]).await;
        both.post(&path, json!({})).await.problem(403, "already-signed");
        let budget = app.actor("budget", &[Role::Bud]).await;
        let approved = budget.go("request", number, "approved", json!({})).await;
        assert_eq!(approved["state"], "approved");
        let said: Vec<_> = approved["approvals"].as_array().unwrap().iter().map(|a| (&a["role"], &a["user"])).collect();
        assert_eq!(said, [(&json!("PO"), &json!("owner")), (&json!("BUD"), &json!("budget"))]);
        // One rejection is enough.
        let request = desk.classified("12000.00", "CNY", "none").await;
        let path = format!("/records/request/{}/transitions/rejected", request["number"].as_str().unwrap());
        assert_eq!(budget.post(&path, json!({})).await.ok()["state"], "rejected");
    });
}

#[test]
fn access_takes_a_training_and_the_security_officer() {
    for_each_db(|app| async move {
        let desk = Desk::open(&app).await;
        let request = desk.asks("12000.00", "CNY", "confidential").await;
        let path = format!("/records/request/{request}/transitions/classified");
        // T07c: no training on record.
        desk.agent.post(&path, json!({})).await.problem(422, "training-required");
        let fields = json!({
            "title": "Safety", "topic": "safety", "audience": ["zhao"], "on": "2026-03-02", "effective_by": "2026-04-01"
        });
        let training = desk.line.create("training", fields).await;
        desk.line.go("training", &training, "delivered", json!({})).await;
        desk.line.go("training", &training, "assessed", json!({"result": "passed", "score": 90})).await;
        // T07b.
        let classified = desk.agent.post(&path, json!({})).await.ok();
        assert_eq!(classified["approvers"], json!(["PO", "BUD", "SEC"]));
        for role in [Role::Po, Role::Bud, Role::Sec] {
            let client = app.actor(&format!("a-{role}"), &[role]).await;
            client.go("request", &request, "approved", json!({})).await;
        }
        let record = desk.agent.get(&format!("/records/request/{request}")).await.ok();
        assert_eq!(record["state"], "approved");
    });
}

#[test]
fn the_requester_does_not_approve_and_what_is_not_offered_is_a_demand() {
    for_each_db(|app| async move {
        let desk = Desk::open(&app).await;
        let both = app.actor("zhao", &[Role::Cus, Role::Po]).await;
        let request = desk.classified("5000.00", "CNY", "none").await;
        let path = format!("/records/request/{}/transitions/approved", number(&request));
        both.post(&path, json!({})).await.problem(403, "separation-of-duties");
        let request = desk.asks("5000.00", "CNY", "none").await;
        desk.line.go("catalogue-entry", &desk.item, "retired", json!({})).await;
        let path = format!("/records/request/{request}/transitions/classified");
        desk.agent.post(&path, json!({})).await.problem(422, "in-the-catalogue");
        desk.requester.go("request", &request, "cancelled", json!({})).await;
    });
}
