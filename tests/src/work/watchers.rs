//! Watchers, and what they are told.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use super::{column, incident};
use crate::app::{Client, for_each_db};

async fn put(client: &Client, number: &str, user: &str) -> crate::app::Answer {
    client.send("PUT", &format!("/records/incident/{number}/watchers/{user}"), &[], None).await
}

async fn remove(client: &Client, number: &str, user: &str) -> crate::app::Answer {
    client.send("DELETE", &format!("/records/incident/{number}/watchers/{user}"), &[], None).await
}

async fn told(client: &Client, after: &Value) -> (Vec<String>, Value) {
    let told = client.get(&format!("/me/notifications?after={after}")).await.ok();
    let types = column(&told["notifications"], "type");
    (types.iter().map(|t| t.as_str().unwrap().to_owned()).collect(), told["last"].clone())
}

#[test]
fn staff_adds_anybody_and_a_customer_himself() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let technician = app.technician().await;
        let number = incident(&app, &zhao, "No mail").await;
        assert_eq!(put(&agent, &number, "technician").await.status, 201);
        let again = put(&technician, &number, "technician").await;
        assert_eq!((again.status, &again.body["added_by"]), (200, &json!("agent")));
        assert_eq!(put(&zhao, &number, "zhao").await.status, 201);
        put(&zhao, &number, "agent").await.problem(403, "own");
        remove(&zhao, &number, "technician").await.problem(403, "own");
        assert_eq!(put(&agent, &number, "nobody").await.problem(422, "reference")["field"], "user");
        put(&app.actor("auditor", &[Role::Aud]).await, &number, "auditor").await.problem(403, "role");
        put(&app.actor("wang", &[Role::Cus]).await, &number, "wang").await.problem(403, "own");
        let path = format!("/records/incident/{number}/watchers");
        assert_eq!(column(&agent.get(&path).await.ok()["watchers"], "user"), [json!("technician"), json!("zhao")]);
        assert_eq!(column(&zhao.get(&path).await.ok()["watchers"], "user"), [json!("zhao")]);
        assert_eq!(remove(&agent, &number, "technician").await.status, 204);
        remove(&agent, &number, "technician").await.problem(404, "not-found");
        let history = agent.get(&format!("/records/incident/{number}/history")).await.ok();
        let actions = column(&history["entries"], "action");
        assert_eq!(actions, [json!("create"), json!("watch"), json!("watch"), json!("unwatch")]);
    });
}

#[test]
fn watchers_are_told_what_they_may_know() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}");
        app.clock.set("2026-03-03T01:01:00Z".parse().unwrap());
        put(&zhao, &number, "zhao").await.ok();
        put(&agent, &number, "agent").await.ok();
        assert_eq!(told(&zhao, &json!(0)).await.0, Vec::<String>::new());
        agent.patch(&path, json!({"category": "network"})).await.ok();
        agent.post(&format!("{path}/comments"), json!({"text": "inside"})).await.ok();
        agent.post(&format!("{path}/comments"), json!({"text": "hello", "visibility": "public"})).await.ok();
        agent.go("incident", &number, "assigned", json!({})).await;
        let (his, last) = told(&zhao, &json!(0)).await;
        assert_eq!(his, ["record.inc.updated", "record.inc.commented", "record.inc.assigned"]);
        let (all, _) = told(&agent, &json!(0)).await;
        assert_eq!(all.iter().filter(|kind| *kind == "record.inc.commented").count(), 2);
        // From the last place on there is nothing, until something happens.
        assert_eq!(told(&zhao, &last).await, (Vec::new(), last.clone()));
        agent.go("incident", &number, "in_progress", json!({})).await;
        assert_eq!(told(&zhao, &last).await.0, ["record.inc.in_progress"]);
        let one = agent.get("/me/notifications?limit=1").await.ok();
        assert_eq!(one["notifications"].as_array().unwrap().len(), 1);
        let watching = zhao.get("/me/watching").await.ok();
        assert_eq!(column(&watching["watching"], "record"), [json!(number)]);
        assert_eq!(watching["watching"][0]["state"], "in_progress");
        // A watcher who may not read the record is told nothing.
        let buyer = app.actor("buyer", &[Role::Bud]).await;
        put(&agent, &number, "buyer").await.ok();
        agent.patch(&path, json!({"category": "mail"})).await.ok();
        assert_eq!(told(&buyer, &json!(0)).await.0, Vec::<String>::new());
        assert_eq!(buyer.get("/me/watching").await.ok()["watching"], json!([]));
        agent.get("/me/notifications?after=-1").await.problem(422, "range");
        agent.get("/me/watching?cursor=x").await.problem(400, "cursor");
    });
}

#[test]
fn what_is_watched_comes_in_pages() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        for n in 0..5 {
            let item = agent.create("action-item", json!({"title": format!("Item {n}")})).await;
            agent.send("PUT", &format!("/records/action-item/{item}/watchers/agent"), &[], None).await.ok();
        }
        let (mut seen, mut path) = (0, "/me/watching?limit=2".to_owned());
        loop {
            let page = agent.get(&path).await.ok();
            seen += page["watching"].as_array().unwrap().len();
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/me/watching?limit=2&cursor={next}");
        }
        assert_eq!(seen, 5);
    });
}
