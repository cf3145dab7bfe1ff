//! Configuration management: relations, what depends on what, and what a live item may become. Lived through over the
//! API.

#![allow(clippy::unwrap_used)]

mod audit;
mod baseline;
mod impact;
mod relations;

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop};

/// Those who have to do with configuration items.
struct Depot {
    app: Desktop,
    /// Looks after items and services, and builds them.
    owner: Client,
    technician: Client,
    manager: Client,
}

impl Depot {
    async fn open(app: Desktop) -> Self {
        Self {
            owner: app.actor("owner", &[Role::Po, Role::Te]).await,
            technician: app.technician().await,
            manager: app.change_manager().await,
            app,
        }
    }

    /// A planned item.
    async fn planned(&self, title: &str, relations: Value, more: Value) -> String {
        let mut fields = json!({
            "title": title, "type": "server", "unique_id": title, "criticality": 2,
            "relations": relations, "attributes": {}
        });
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        self.owner.create("configuration-item", fields).await
    }

    /// A live item.
    async fn live(&self, title: &str, relations: Value, more: Value) -> String {
        let number = self.planned(title, relations, more).await;
        self.owner.go("configuration-item", &number, "in_build", json!({})).await;
        self.owner.go("configuration-item", &number, "live", json!({})).await;
        number
    }

    async fn service(&self, title: &str, more: Value) -> String {
        let mut fields = json!({"title": title, "outcome": "it works", "criticality": 3});
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        self.owner.create("service", fields).await
    }

    /// A change of some items that is approved.
    async fn approved_change(&self, cis: &[&String]) -> String {
        self.approved_change_on(10, cis).await
    }

    /// The same, in the night of a day in March.
    async fn approved_change_on(&self, day: u32, cis: &[&String]) -> String {
        let fields = json!({
            "title": "Another disk", "type": "normal", "reason": "it is old", "impact": "none expected",
            "backout": {"state": "tested", "duration_min": 10}, "tests": {"planned": 10, "passed": 10},
            "window_from": format!("2026-03-{day}T18:00:00Z"), "window_to": format!("2026-03-{day}T20:00:00Z"),
            "timing": "maintenance-window", "cost": {"amount": "0.00", "currency": "CNY"}, "complexity": "simple",
            "cis": cis
        });
        let number = self.technician.create("change", fields).await;
        self.technician.go("change", &number, "submitted", json!({})).await;
        self.manager.go("change", &number, "assessed", json!({})).await;
        let record = self.manager.go("change", &number, "approved", json!({})).await;
        assert_eq!(record["state"], "approved", "{record}");
        number
    }

    /// Retires a live item, by an approved change in the night of a day in March.
    async fn retire(&self, day: u32, cis: &[&String]) {
        self.approved_change_on(day, cis).await;
        self.owner.go("configuration-item", cis[0], "retired", json!({})).await;
    }

    async fn impact(&self, number: &str, query: &str) -> Value {
        self.owner.get(&format!("/configuration/{number}/impact{query}")).await.ok()
    }
}

fn item(number: &str) -> String {
    format!("/records/configuration-item/{number}")
}

fn relations(number: &str) -> String {
    format!("/configuration/{number}/relations")
}

fn to(sort: &str, ci: &str) -> Value {
    json!({"type": sort, "ci": ci})
}
