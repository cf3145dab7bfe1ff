//! Saved views: kept for oneself or for roles, run as whoever looks.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use super::{column, report};
use crate::app::for_each_db;

fn mine() -> Value {
    json!({
        "kind": "incident", "name": "My mail", "filter": {"category": "mail", "state": "new,assigned"},
        "sort": "-created_at", "columns": ["title", "state", "caller"], "shared": ["TE", "CUS"]
    })
}

#[test]
fn a_view_is_run_as_whoever_looks() {
    for_each_db(|app| async move {
        let (zhao, wang) = (app.actor("zhao", &[Role::Cus]).await, app.actor("wang", &[Role::Cus]).await);
        let (agent, technician) = (app.agent().await, app.technician().await);
        let service = app.agreed_service("Mail").await.service;
        for (who, title) in [(&zhao, "One"), (&wang, "Two"), (&zhao, "Three")] {
            report(who, &service, title).await;
        }
        let made = agent.post("/views", mine()).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let id = made.body["id"].as_str().unwrap().to_owned();
        assert_eq!(made.headers["location"], format!("/api/v1/views/{id}"));
        assert_eq!((&made.body["owner"], &made.body["revision"]), (&json!("agent"), &json!(1)));
        let path = format!("/views/{id}/records");
        let all = agent.get(&path).await.ok();
        assert_eq!(column(&all["records"], "title"), [json!("Three"), json!("Two"), json!("One")]);
        let names: Vec<&String> = all["records"][0].as_object().unwrap().keys().collect();
        assert_eq!(names.len(), 4, "{names:?}");
        let first = technician.get(&format!("{path}?limit=2")).await.ok();
        let next = first["next"].as_str().unwrap();
        let rest = technician.get(&format!("{path}?limit=2&cursor={next}")).await.ok();
        assert_eq!((column(&rest["records"], "title"), &rest["next"]), (vec![json!("One")], &json!(null)));
        // A customer sees his own in it.
        assert_eq!(column(&zhao.get(&path).await.ok()["records"], "title"), [json!("Three"), json!("One")]);
        assert_eq!(column(&wang.get("/views").await.ok()["views"], "name"), [json!("My mail")]);
        // It is not shared with anybody else, nor with another organisation.
        let manager = app.level_manager().await;
        manager.get(&format!("/views/{id}")).await.problem(404, "not-found");
        assert_eq!(manager.get("/views").await.ok()["views"], json!([]));
        app.actor_of("other", "agent", &[Role::Sd, Role::Te]).await.get(&path).await.problem(404, "not-found");

        technician.patch(&format!("/views/{id}"), json!({"name": "Ours"})).await.problem(403, "own");
        let headers = [("content-type", "application/json"), ("if-match", "\"7\"")];
        let change = Some(json!({"name": "Ours"}).to_string().into_bytes());
        agent.send("PATCH", &format!("/views/{id}"), &headers, change).await.problem(412, "stale");
        let changed = json!({"filter": {"title": "x"}});
        agent.patch(&format!("/views/{id}"), changed).await.problem(422, "not-indexed");
        let changed = agent.patch(&format!("/views/{id}"), json!({"sort": "", "shared": [], "columns": []})).await.ok();
        assert_eq!((&changed["sort"], &changed["shared"], &changed["revision"]), (&json!(null), &json!([]), &json!(2)));
        technician.get(&format!("/views/{id}")).await.problem(404, "not-found");
        // A page of the view as it was is none of the view as it is.
        agent.get(&format!("{path}?limit=2&cursor={next}")).await.problem(400, "cursor");
        assert_eq!(agent.get(&path).await.ok()["records"][0]["impact"], 2);
        technician.send("DELETE", &format!("/views/{id}"), &[], None).await.problem(404, "not-found");
        assert_eq!(agent.send("DELETE", &format!("/views/{id}"), &[], None).await.status, 204);
        agent.get(&format!("/views/{id}")).await.problem(404, "not-found");
        let audit = app.desk.store.audit_after("main", 0, i64::MAX).await.unwrap();
        let actions: Vec<&str> = audit.iter().filter(|e| e.number == id).map(|e| e.action.as_str()).collect();
        assert_eq!(actions, ["view:create", "view:update", "view:delete"]);
    });
}

#[test]
fn a_view_that_cannot_be_run_is_not_kept() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let with = |name: &str, value: Value| {
            let mut view = mine();
            view[name] = value;
            view
        };
        for (view, status, rule, field) in [
            (with("kind", json!(null)), 422, "required", "kind"),
            (with("name", json!(null)), 422, "required", "name"),
            (with("name", json!("x".repeat(201))), 422, "range", "name"),
            (with("filter", json!({"titel": "x"})), 422, "not-indexed", "filter.titel"),
            (with("filter", json!({"state": "gone"})), 422, "enum", "filter.state"),
            (with("filter", json!({"state": ["new"]})), 422, "type", "filter.state"),
            (with("sort", json!("-description")), 422, "not-indexed", "sort"),
            (with("columns", json!(["titel"])), 422, "unknown-field", "columns"),
            (with("columns", json!(["org"])), 422, "unknown-field", "columns"),
            (with("columns", json!("title")), 422, "type", "columns"),
            (with("shared", json!(["XX"])), 422, "enum", "shared"),
            (with("colour", json!("red")), 422, "unknown-field", "colour"),
            (with("kind", json!("no-such")), 404, "unknown-kind", "kind"),
        ] {
            let problem = agent.post("/views", view).await.problem(status, rule);
            assert_eq!(problem["field"], field, "{problem}");
        }
        // Who may read none of the records keeps no view of them.
        app.actor("publisher", &[Role::Pub]).await.post("/views", mine()).await.problem(403, "role");
        agent.post("/views", mine()).await.ok();
        assert_eq!(agent.post("/views", mine()).await.problem(409, "view-exists")["field"], "name");
        app.technician().await.post("/views", mine()).await.ok();
        assert_eq!(agent.get("/views?kind=change").await.ok()["views"], json!([]));
        agent.get("/views/nothing/records").await.problem(404, "not-found");
    });
}
