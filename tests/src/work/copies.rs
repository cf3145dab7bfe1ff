//! Copies: what a record is about, not what became of it.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use super::incident;
use crate::app::for_each_db;

#[test]
fn a_copy_is_a_new_record_about_the_same() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}");
        agent.patch(&path, json!({"description": "since nine", "external_id": "X-7"})).await.ok();
        for step in ["assigned", "in_progress"] {
            agent.go("incident", &number, step, json!({})).await;
        }
        agent.go("incident", &number, "resolved", json!({"solution": "restart", "closure_code": "ok"})).await;
        let source = agent.get(&path).await.ok();
        app.clock.set("2026-03-04T02:00:00Z".parse().unwrap());
        let made = agent.send("POST", &format!("{path}/copy"), &[], None).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let copy = made.body;
        assert!(made.headers["location"].to_str().unwrap().ends_with(copy["number"].as_str().unwrap()));
        for same in ["title", "description", "service", "impact", "urgency", "category", "channel", "caller"] {
            assert_eq!(copy[same], source[same], "{same}");
        }
        for gone in ["solution", "closure_code", "external_id", "responded_at", "restored_at"] {
            assert_eq!(copy.get(gone), None, "{gone}");
        }
        assert_eq!((&copy["state"], &copy["owner"], &copy["revision"]), (&json!("new"), &json!("agent"), &json!(1)));
        assert_eq!(copy["created_at"], "2026-03-04T02:00:00Z");
        assert_eq!(copy["links"], json!([{"type": "copy-of", "ref": number}]));
        // Its clocks are its own.
        assert_ne!(copy["sla"]["resolution"]["due_at"], source["sla"]["resolution"]["due_at"]);
        let changed =
            agent.post(&format!("{path}/copy"), json!({"title": "No mail, again", "description": null})).await.ok();
        assert_eq!((&changed["title"], changed.get("description")), (&json!("No mail, again"), None));
        let wrong = agent.post(&format!("{path}/copy"), json!({"titel": "x"})).await.problem(422, "unknown-field");
        assert_eq!(wrong["field"], "titel");
        app.actor("wang", &[Role::Cus]).await.post(&format!("{path}/copy"), json!({})).await.problem(403, "own");
        app.actor("auditor", &[Role::Aud]).await.post(&format!("{path}/copy"), json!({})).await.problem(403, "role");
        agent.post("/records/incident/INC-2026-999999/copy", json!({})).await.problem(404, "not-found");
        let list: Value = agent.get("/records/incident").await.ok();
        assert_eq!(list["records"].as_array().unwrap().len(), 3);
    });
}
