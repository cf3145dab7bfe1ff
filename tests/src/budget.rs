//! Budgets: who grants what, what a cost becomes, how periods end. Lived through over the API.

#![allow(clippy::unwrap_used)]

mod allocation;
mod close;
mod costs;
mod figures;
mod grants;
mod random;

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, ORG};

/// Those who have to do with money, and a budget for the year in which stories play.
struct Treasury {
    app: Desktop,
    owner: Client,
    top: Client,
    suppliers: Client,
    budget: String,
    service: String,
}

impl Treasury {
    async fn open(app: Desktop) -> Self {
        let owner = app.actor("budget-owner", &[Role::Bud]).await;
        let top = app.actor("director", &[Role::Top]).await;
        let suppliers = app.actor("supplier-manager", &[Role::Sup]).await;
        let portfolio = app.actor("portfolio", &[Role::Po]).await;
        let fields = json!({"title": "ERP", "outcome": "it works", "criticality": 3});
        let service = portfolio.create("service", fields).await;
        let periods: Vec<String> = (1..=12).map(|month| format!("2026-{month:02}")).collect();
        let fields = json!({
            "title": "IT 2026", "year": 2026, "currency": "CNY", "periods": periods, "total": cny("600000.00")
        });
        let budget = owner.create("budget", fields).await;
        let record = top.go("budget", &budget, "approved", json!({})).await;
        assert_eq!(record["state"], "active", "an approved budget is active at once");
        Self { app, owner, top, suppliers, budget, service }
    }

    async fn line(&self, title: &str, amount: &str) -> String {
        self.owner.create("budget-line", self.line_fields(title, amount)).await
    }

    fn line_fields(&self, title: &str, amount: &str) -> Value {
        json!({
            "title": title, "budget": self.budget, "service": self.service, "cost_type": "hardware",
            "nature": "direct", "amount": cny(amount), "forecast_to_go": cny("0.00"), "line_owner": "budget-owner"
        })
    }

    /// A cost entry of a day, posted.
    async fn cost(&self, line: &str, amount: &str, on: &str, more: Value) -> Value {
        let number = self.draft(line, amount, on, more).await;
        self.owner.go("cost-entry", &number, "posted", json!({})).await
    }

    async fn draft(&self, line: &str, amount: &str, on: &str, more: Value) -> String {
        let fields = json!({"title": "invoice", "line": line, "amount": cny(amount), "on": on});
        self.owner.create("cost-entry", with(fields, more)).await
    }

    /// A commitment for an order, requested.
    async fn commitment(&self, line: &str, amount: &str) -> Value {
        let fields = json!({"title": "order", "line": line, "amount": cny(amount), "source": self.service});
        self.suppliers.post("/records/commitment", fields).await.ok()
    }

    /// A commitment that is ordered.
    async fn ordered(&self, line: &str, amount: &str) -> String {
        let number = number(&self.commitment(line, amount).await);
        self.owner.go("commitment", &number, "reserved", json!({})).await;
        self.suppliers.go("commitment", &number, "open", json!({})).await;
        number
    }

    async fn record(&self, kind: &str, number: &str) -> Value {
        self.owner.get(&format!("/records/{kind}/{number}")).await.ok()
    }

    async fn figures(&self, line: &str) -> Value {
        self.record("budget-line", line).await["figures"].clone()
    }

    /// Names of the events about a record, in order.
    async fn events(&self, number: &str) -> Vec<String> {
        let events = self.app.desk.store.events_after(ORG, 0, 10_000).await.unwrap();
        events.into_iter().filter(|e| e.number == number).map(|e| e.kind).collect()
    }

    async fn history(&self, kind: &str, number: &str) -> Vec<Value> {
        let history = self.owner.get(&format!("/records/{kind}/{number}/history")).await.ok();
        history["entries"].as_array().unwrap().clone()
    }
}

fn cny(amount: &str) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

fn number(record: &Value) -> String {
    record["number"].as_str().unwrap().to_owned()
}

fn step(kind: &str, number: &str, name: &str) -> String {
    format!("/records/{kind}/{number}/transitions/{name}")
}

/// Adds fields, or replaces them.
fn with(mut fields: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    fields
}
