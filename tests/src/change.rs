//! Changes: what they reach, who approves them, what holds them up. Lived through over the API.

#![allow(clippy::unwrap_used)]

mod approval;
mod facts;
mod hold;
mod named;

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, ORG};

/// A window at night in Shanghai, a week after the story begins.
const WINDOW: (&str, &str) = ("2026-03-10T18:00:00Z", "2026-03-10T20:00:00Z");

/// Those who have to do with changes.
struct Office {
    app: Desktop,
    /// Looks after items and services.
    owner: Client,
    /// Asks for changes and carries them out.
    technician: Client,
    manager: Client,
    board: [Client; 3],
}

impl Office {
    async fn open(app: Desktop) -> Self {
        Self {
            owner: app.actor("owner", &[Role::Po, Role::Te]).await,
            technician: app.technician().await,
            manager: app.change_manager().await,
            board: [
                app.actor("board-1", &[Role::Cab]).await,
                app.actor("board-2", &[Role::Cab]).await,
                app.actor("board-3", &[Role::Cab, Role::Top]).await,
            ],
            app,
        }
    }

    /// A live item with relations to others and the services it is a component of.
    async fn item(&self, title: &str, criticality: i64, relations: &[(&str, &str)], services: &[&str]) -> String {
        let relations: Vec<Value> = relations.iter().map(|(kind, ci)| json!({"type": kind, "ci": ci})).collect();
        let fields = json!({
            "title": title, "type": "server", "unique_id": title, "criticality": criticality,
            "relations": relations, "attributes": {}, "services": services
        });
        let number = self.owner.create("configuration-item", fields).await;
        self.owner.go("configuration-item", &number, "in_build", json!({})).await;
        self.owner.go("configuration-item", &number, "live", json!({})).await;
        number
    }

    /// An item that is not live yet: it can be edited without a change.
    async fn unbuilt(&self, title: &str, criticality: i64) -> String {
        let fields = json!({
            "title": title, "type": "server", "unique_id": title, "criticality": criticality,
            "relations": [], "attributes": {}
        });
        self.owner.create("configuration-item", fields).await
    }

    async fn service(&self, title: &str, criticality: i64, more: Value) -> String {
        let fields = json!({"title": title, "outcome": "it works", "criticality": criticality});
        self.owner.create("service", with(fields, more)).await
    }

    /// A harmless change of some items, as a draft.
    async fn draft(&self, cis: &[&String], more: Value) -> String {
        self.technician.create("change", with(harmless(cis), more)).await
    }

    /// A change that is submitted and taken into assessment.
    async fn assessed(&self, cis: &[&String], more: Value) -> (String, Value) {
        let number = self.draft(cis, more).await;
        self.technician.go("change", &number, "submitted", json!({})).await;
        let record = self.manager.go("change", &number, "assessed", json!({})).await;
        (number, record)
    }

    /// A change that the change manager alone has approved.
    async fn approved(&self, cis: &[&String], more: Value) -> String {
        let (number, _) = self.assessed(cis, more).await;
        let record = self.manager.go("change", &number, "approved", json!({})).await;
        assert_eq!(record["state"], "approved", "{record}");
        number
    }

    async fn record(&self, number: &str) -> Value {
        self.manager.get(&format!("/records/change/{number}")).await.ok()
    }

    async fn state_of_item(&self, number: &str) -> String {
        let record = self.owner.get(&format!("/records/configuration-item/{number}")).await.ok();
        record["state"].as_str().unwrap().to_owned()
    }

    /// How many decisions were taken for a record, and the newest of them.
    async fn decisions(&self, number: &str) -> (usize, Value) {
        let decisions = self.manager.get(&format!("/decisions?record={number}")).await.ok();
        let list = decisions["decisions"].as_array().unwrap().clone();
        (list.len(), list.into_iter().next().unwrap_or(Value::Null))
    }

    /// Names of the events about a record, in order.
    async fn events(&self, number: &str) -> Vec<String> {
        let events = self.app.desk.store.events_after(ORG, 0, 10_000).await.unwrap();
        events.into_iter().filter(|e| e.number == number).map(|e| e.kind).collect()
    }
}

/// Adds fields, or replaces them.
fn with(mut fields: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields
}

/// All evidence good, in a maintenance window, for nothing.
fn harmless(cis: &[&String]) -> Value {
    json!({
        "title": "更换磁盘", "type": "normal", "reason": "it is old", "impact": "none expected",
        "backout": {"state": "tested", "duration_min": 10}, "tests": {"planned": 10, "passed": 10},
        "window_from": WINDOW.0, "window_to": WINDOW.1, "timing": "maintenance-window",
        "cost": {"amount": "0.00", "currency": "CNY"}, "complexity": "simple", "cis": cis
    })
}

fn step(number: &str, name: &str) -> String {
    format!("/records/change/{number}/transitions/{name}")
}

fn path(number: &str) -> String {
    format!("/records/change/{number}")
}
