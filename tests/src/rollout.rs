//! Changing a policy by degrees: shadow, canary, promotion, plans, and going back.

#![allow(clippy::unwrap_used)]

mod canary;
mod command;
mod duties;
mod load;
mod planned;
mod shadow;

use serde_json::{Value, json};

use crate::app::{Agreed, Client, component};

fn incident(agreed: &Agreed) -> Value {
    json!({
        "title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1,
        "caller": "zhao", "channel": "phone", "category": "mail"
    })
}

async fn digest(client: &Client, name: &str) -> String {
    client.upload(component(name)).await.ok()["digest"].as_str().unwrap().to_owned()
}

/// A wish for the whole organisation.
fn wish(digest: &str, extra: Value) -> Value {
    let mut wish = json!({"process": "sla", "component": digest, "reason": "trying it"});
    wish.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    wish
}

async fn activate(admin: &Client, digest: &str, extra: Value) -> String {
    admin.post("/activations", wish(digest, extra)).await.ok()["id"].as_str().unwrap().to_owned()
}

/// Seconds until restoration: 7,200 by the standard component, 14,400 by its double.
fn target(record: &Value) -> i64 {
    record["sla"]["resolution"]["target_s"].as_i64().unwrap()
}

/// The digest of what is active for the organisation.
async fn standard(admin: &Client) -> String {
    let list = admin.get("/activations?process=sla&live=true").await.ok();
    let active = list["activations"].as_array().unwrap().iter().find(|a| a["mode"] == "active").unwrap();
    active["component"].as_str().unwrap().to_owned()
}
