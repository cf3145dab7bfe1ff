//! Decisions: who sees which, and running them again.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use super::texts;
use crate::app::{Agreed, Client, component, for_each_db};

async fn incident(client: &Client, agreed: &Agreed) -> String {
    let fields = json!({
        "title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1
    });
    client.create("incident", fields).await
}

async fn seen(client: &Client, query: &str) -> Vec<String> {
    let page = client.get(&format!("/decisions{query}")).await.ok();
    texts(&page["decisions"], "record").into_iter().map(str::to_owned).collect()
}

#[test]
fn each_role_sees_its_decisions() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let customer = app.actor("li", &[Role::Cus]).await;
        let (by_agent, by_customer) = (incident(&agent, &agreed).await, incident(&customer, &agreed).await);
        let budget_owner = app.actor("qian", &[Role::Bud]).await;
        let publisher = app.actor("publisher", &[Role::Pub]).await;

        assert_eq!(seen(&agent, "").await, [by_customer.as_str(), &by_agent]);
        assert_eq!(seen(&budget_owner, "").await, [by_customer.as_str(), &by_agent]);
        assert_eq!(seen(&customer, "").await, [by_customer.as_str()]);
        assert_eq!(seen(&publisher, "").await, [] as [&str; 0]);
        customer.get(&format!("/decisions?record={by_agent}")).await.problem(403, "own");
        assert_eq!(seen(&customer, &format!("?record={by_customer}&process=sla")).await, [by_customer.as_str()]);
        assert_eq!(seen(&agent, &format!("?record={by_customer}&process=budget")).await, [] as [&str; 0]);
        agent.get("/decisions?record=INC-2026-000999").await.problem(404, "not-found");

        let page = agent.get(&format!("/decisions?record={by_agent}")).await.ok();
        let id = page["decisions"][0]["id"].as_str().unwrap();
        let mut alone = agent.get(&format!("/decisions/{id}")).await.ok();
        assert_eq!(alone.as_object_mut().unwrap().remove("settings_value"), Some(json!({})));
        assert_eq!(alone, page["decisions"][0]);
        customer.get(&format!("/decisions/{id}")).await.problem(404, "not-found");
        customer.post(&format!("/decisions/{id}/replay"), json!({})).await.problem(404, "not-found");
        publisher.get(&format!("/decisions/{id}")).await.problem(404, "not-found");
        agent.get("/decisions/none").await.problem(404, "not-found");
        let stranger = app.actor_of("other", "auditor", &[Role::Aud]).await;
        stranger.get(&format!("/decisions/{id}")).await.problem(404, "not-found");
    });
}

#[test]
fn a_publisher_sees_what_his_component_decided() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let publisher = app.actor("publisher", &[Role::Pub]).await;
        incident(&agent, &agreed).await;
        let digest = publisher.upload(component("guests/sla-double")).await.ok()["digest"].clone();
        admin.post("/activations", json!({"process": "sla", "component": digest})).await.ok();
        let number = incident(&agent, &agreed).await;
        assert_eq!(seen(&publisher, "").await, [number.as_str()]);
        let page = publisher.get("/decisions").await.ok();
        let id = page["decisions"][0]["id"].as_str().unwrap();
        let replay = publisher.post(&format!("/decisions/{id}/replay"), json!({})).await.ok();
        assert_eq!((&replay["equal"], &replay["component"]), (&json!(true), &digest));
    });
}

#[test]
fn decisions_are_paged() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let mut made = Vec::new();
        for _ in 0..5 {
            made.push(incident(&agent, &agreed).await);
        }
        made.reverse();
        let mut found = Vec::new();
        let mut next = String::new();
        loop {
            let page = agent.get(&format!("/decisions?limit=2{next}")).await.ok();
            found.extend(texts(&page["decisions"], "record").into_iter().map(str::to_owned));
            match &page["next"] {
                Value::String(cursor) => next = format!("&cursor={cursor}"),
                _ => break,
            }
        }
        assert_eq!(found, made);
        agent.get(&format!("/decisions?process=sla{next}")).await.problem(400, "cursor");
    });
}

#[test]
fn what_waits_for_a_person_is_listed() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let customer = app.actor("li", &[Role::Cus]).await;
        assert_eq!(agent.get("/manual-decisions").await.ok()["waiting"], json!([]));
        let digest = admin.upload(component("guests/trap")).await.ok()["digest"].clone();
        admin.post("/activations", json!({"process": "sla", "component": digest})).await.ok();
        let number = incident(&agent, &agreed).await;
        let waiting = agent.get("/manual-decisions").await.ok();
        assert_eq!(texts(&waiting["waiting"], "record"), [number.as_str()]);
        assert_eq!(waiting["waiting"][0]["process"], "sla");
        let decision = waiting["waiting"][0]["decision"].as_str().unwrap();
        assert_eq!(agent.get(&format!("/decisions/{decision}")).await.ok()["status"], "failed");
        assert_eq!(customer.get("/manual-decisions").await.ok()["waiting"], json!([]));
    });
}
