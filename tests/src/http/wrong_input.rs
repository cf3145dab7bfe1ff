//! Wrong input of every sort gets a problem document that names the field and the rule.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use super::{item, texts};
use crate::app::{Answer, Client, for_each_db};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn raw(client: &Client, body: &[u8]) -> Answer {
    client.send("POST", "/records/action-item", &[JSON], Some(body.to_vec())).await
}

#[test]
fn bodies_that_cannot_be_read() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let problem = raw(&agent, b"{\"title\": \"x\",\n \"due\" 1}").await.problem(400, "json-syntax");
        assert!(problem["detail"].as_str().unwrap().ends_with("at line 2 column 8"), "{problem}");
        assert_eq!(problem["type"], "/problems/json-syntax");
        assert!(problem["request_id"].is_string());
        raw(&agent, b"").await.problem(400, "body-required");
        raw(&agent, b"[]").await.problem(400, "json-object");
        raw(&agent, b"null").await.problem(400, "json-object");
        raw(&agent, b"{\"title\": \"\xff\"}").await.problem(400, "not-utf-8");
        let twice = raw(&agent, br#"{"title": "a", "title": "b"}"#).await.problem(400, "json-duplicate-key");
        assert_eq!(twice["field"], "title");
        let deep = format!("{{\"text\": {}1{}}}", "[".repeat(70), "]".repeat(70));
        raw(&agent, deep.as_bytes()).await.problem(400, "json-depth");
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"] {
            let headers = [("content-type", media_type)];
            let answer = agent.send("POST", "/records/action-item", &headers, Some(b"{}".to_vec())).await;
            assert_eq!(answer.headers["accept-post"], "application/json");
            assert_eq!(answer.problem(415, "content-type")["field"], "Content-Type");
        }
        agent.send("POST", "/records/action-item", &[], Some(b"{}".to_vec())).await.problem(415, "content-type");
        let large = format!("{{\"title\": \"{}\"}}", "x".repeat(10 << 20));
        raw(&agent, large.as_bytes()).await.problem(413, "too-large");
        // Nothing of all this was kept.
        assert_eq!(agent.get("/records/action-item").await.ok()["records"], json!([]));
    });
}

#[test]
fn fields_that_break_a_rule() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let wrong = json!({
            "title": 7, "due": "2026-02-30", "source": "INC-1", "txt": "x", "state": "done", "confidentiality": "hidden",
            "description": "", "number": "ACT-2026-000009"
        });
        let answer = agent.post("/records/action-item", wrong).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        let problem = answer.body;
        // One of them names the problem; all of them are listed.
        assert_eq!(
            (&problem["field"], &problem["rule"]),
            (&problem["errors"][0]["field"], &problem["errors"][0]["rule"])
        );
        let mut found: Vec<String> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| format!("{} {}", e["field"].as_str().unwrap(), e["rule"].as_str().unwrap()))
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                "confidentiality enum",
                "description range",
                "due type",
                "number computed-field",
                "source reference",
                "state computed-field",
                "title type",
                "txt unknown-field",
            ]
        );
        assert!(texts(&problem["errors"], "message").iter().any(|m| m.contains("did you mean 'text'")), "{problem}");
        agent.post("/records/action-item", json!({})).await.problem(422, "required");
        let dangling = json!({"title": "x", "source": "INC-2026-000999"});
        let problem = agent.post("/records/action-item", dangling).await.problem(422, "reference");
        assert_eq!(problem["field"], "source");
    });
}

#[test]
fn places_that_are_not_there() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        agent.get("/records/unicorn").await.problem(404, "unknown-kind");
        agent.post("/records/unicorn", json!({})).await.problem(404, "unknown-kind");
        agent.get("/records/action-item/ACT-2026-000404").await.problem(404, "not-found");
        agent.get("/records/action-item/%ff").await.problem(400, "path");
        let number = item(&agent, "x").await;
        // The number of one kind is not one of another.
        agent.get(&format!("/records/incident/{number}")).await.problem(404, "not-found");
        agent.get("/nothing").await.problem(404, "no-such-route");
        agent.get("//api/v2/records").await.problem(404, "no-such-route");
        agent.get("/records/action-item/").await.problem(404, "no-such-route");
        for (method, path, allowed) in [
            ("DELETE", format!("/records/action-item/{number}"), "GET,HEAD,PATCH"),
            ("PUT", "/records/action-item".to_owned(), "GET,HEAD,POST"),
            ("GET", "/activations/rollback".to_owned(), "POST"),
        ] {
            let answer = agent.send(method, &path, &[], None).await;
            let mut allow: Vec<&str> = answer.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect();
            allow.sort_unstable();
            assert_eq!(allow.join(","), allowed);
            answer.problem(405, "method-not-allowed");
        }
    });
}

#[test]
fn parameters_that_are_not_there_or_not_right() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = item(&agent, "x").await;
        let unknown = agent.get(&format!("/records/action-item/{number}?fields=title")).await;
        assert_eq!(unknown.problem(400, "unknown-parameter")["field"], "fields");
        for (query, status, rule, field) in [
            ("limit=0", 422, "range", "limit"),
            ("limit=501", 422, "range", "limit"),
            ("limit=ten", 422, "range", "limit"),
            ("sort=due&sort=-due", 400, "repeated-parameter", "sort"),
            ("sort=text", 422, "not-indexed", "sort"),
            ("text=x", 422, "not-indexed", "text"),
            ("state=finished", 422, "enum", "state"),
            ("due=soon", 422, "type", "due"),
            ("created_at=lately", 422, "type", "created_at"),
            ("updated_at=now-7x..", 422, "type", "updated_at"),
            ("due=today&tz=Mars", 422, "format", "tz"),
        ] {
            let answer = agent.get(&format!("/records/action-item?{query}")).await;
            assert_eq!(answer.problem(status, rule)["field"], field, "{query}");
        }
        let owner = app.actor("qian", &[Role::Bud]).await;
        let lonely = owner.get("/budgets/BGT-2026-000001/figures?rate=0.5").await;
        assert_eq!(lonely.problem(422, "required")["field"], "currency");
        owner.get("/budgets/BGT-2026-000001/figures").await.problem(404, "not-found");
        for key in ["", "a b", &"k".repeat(256)] {
            let headers = [JSON, ("idempotency-key", key)];
            let answer =
                agent.send("POST", "/records/action-item", &headers, Some(b"{\"title\":\"x\"}".to_vec())).await;
            assert_eq!(answer.problem(400, "idempotency-key")["field"], "Idempotency-Key");
        }
    });
}

#[test]
fn callers_who_may_not() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = item(&agent, "x").await;
        let path = format!("/records/action-item/{number}");
        for token in ["", "mt_unknown", "something"] {
            let mut stranger = app.stranger();
            stranger.token = token.to_owned();
            let answer = stranger.get(&path).await;
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
            answer.problem(401, "unauthenticated");
        }
        let basic = app.stranger().send("GET", &path, &[("authorization", "Basic YTpi")], None).await;
        basic.problem(401, "unauthenticated");

        let customer = app.actor("li", &[Role::Cus]).await;
        customer.get(&path).await.problem(403, "own");
        customer.post("/records/action-item", json!({"title": "x"})).await.problem(403, "role");
        customer.get("/records/supplier").await.problem(403, "role");
        // A list shows what the caller may read, and that is nothing here.
        assert_eq!(customer.get("/records/action-item").await.ok()["records"], json!([]));
    });
}

#[test]
fn another_organisation_sees_nothing() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = item(&agent, "ours").await;
        let stranger = app.actor_of("other", "agent", &[Role::Sd, Role::Adm, Role::Aud]).await;
        let path = format!("/records/action-item/{number}");
        stranger.get(&path).await.problem(404, "not-found");
        stranger.patch(&path, json!({"title": "theirs"})).await.problem(404, "not-found");
        stranger.post(&format!("{path}/transitions/done"), json!({})).await.problem(404, "not-found");
        stranger.get(&format!("{path}/history")).await.problem(404, "not-found");
        stranger.get(&format!("/decisions?record={number}")).await.problem(404, "not-found");
        assert_eq!(stranger.get("/records/action-item").await.ok()["records"], json!([]));
        assert_eq!(stranger.get("/components").await.ok()["components"], json!([]));
        assert_eq!(stranger.get("/activations").await.ok()["activations"], json!([]));
        let theirs = json!({"title": "theirs", "source": number});
        let refused = stranger.post("/records/action-item", theirs).await.problem(422, "reference");
        assert_eq!(refused["field"], "source");
        // Their first number is 1 as well: counters are an organisation's own.
        assert_eq!(item(&stranger, "theirs").await, number);
        let record: Value = agent.get(&path).await.ok();
        assert_eq!(record["title"], "ours");
    });
}

#[test]
fn a_nul_character_is_the_same_on_both_databases() {
    for_each_db(|app| async move {
        let admin = app.actor("everybody", &Role::ALL).await;
        for path in [
            "/records/incident/%00",
            "/records/incident/%00/history",
            "/records/incident/%00/timeline",
            "/records/incident/INC-2026-000001/attachments/%00",
            "/jobs/%00",
            "/jobs?what=%00",
            "/decisions?record=a%00b",
            "/decisions/%00",
            "/manual-decisions?record=%00",
            "/components/%00",
            "/configuration/%00/impact",
            "/kinds/%00/versions",
            "/records/incident?category=%00",
            "/search?q=%00",
        ] {
            let answer = admin.get(path).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text);
            assert!(answer.text.contains("NUL"), "{path}: {}", answer.text);
        }
    });
}

#[test]
fn a_cursor_is_no_place_in_a_list_of_something_else() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        for n in 0..3 {
            item(&agent, &format!("item {n}")).await;
        }
        let page = agent.get("/records/action-item?limit=1&state=open").await.ok();
        let cursor = page["next"].as_str().unwrap();
        agent.get(&format!("/records/action-item?state=open&limit=2&cursor={cursor}")).await.ok();
        agent.get(&format!("/records/action-item?state=done&cursor={cursor}")).await.problem(400, "cursor");
        agent.get(&format!("/records/action-item?state=open&sort=due&cursor={cursor}")).await.problem(400, "cursor");
    });
}
