//! Changing and moving many records: each through the ordinary flow, none by half.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use mortise::flows::jobs;
use serde_json::{Value, json};

use crate::app::{Answer, Client, Desktop, for_each_db};

/// Action items that lack nothing; gives their numbers.
async fn items(app: &Desktop, client: &Client, count: usize) -> Vec<String> {
    let owner = app.actor("owner", &[Role::Po]).await;
    let service = json!({"title": "Desk", "outcome": "it works", "criticality": 1});
    let source = owner.create("service", service).await;
    let mut numbers = Vec::new();
    for n in 1..=count {
        let fields = json!({"title": "Item", "text": "do it", "source": source, "due": format!("2026-04-{n:02}")});
        numbers.push(client.create("action-item", fields).await);
    }
    numbers
}

/// Has a process owner withdraw an action item.
async fn cancel(app: &Desktop, number: &str) {
    app.actor("owner", &[Role::Po]).await.go("action-item", number, "cancelled", json!({})).await;
}

/// Starts a bulk job and lets it come to its end.
async fn bulk(app: &Desktop, client: &Client, wish: Value) -> (Value, Vec<Value>) {
    let started = client.post("/records/action-item/bulk", wish).await;
    assert_eq!(started.status, 202, "{}", started.text);
    assert_eq!(started.body["state"], "queued");
    let id = started.body["id"].as_str().unwrap().to_owned();
    assert_eq!(started.headers["location"], format!("/api/v1/jobs/{id}"));
    assert_eq!(jobs::run(&app.desk).await.unwrap(), 1);
    let job = client.get(&format!("/jobs/{id}")).await.ok();
    let items = client.get(&format!("/jobs/{id}/items?limit=500")).await.ok();
    (job, items["items"].as_array().unwrap().clone())
}

async fn field(client: &Client, number: &str, field: &str) -> Value {
    client.get(&format!("/records/action-item/{number}")).await.ok()[field].clone()
}

fn outcomes(items: &[Value]) -> Vec<(&str, &str)> {
    items.iter().map(|item| (item["outcome"].as_str().unwrap(), item["rule"].as_str().unwrap())).collect()
}

#[test]
fn a_filtered_set_is_changed_record_by_record() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let numbers = items(&app, &agent, 5).await;
        cancel(&app, &numbers[1]).await;
        let wish = json!({"filter": {"state": "open"}, "set": {"due": "2026-05-31"}, "reason": "moved together"});
        let (job, items) = bulk(&app, &agent, wish).await;
        assert_eq!(
            (&job["state"], &job["total"], &job["done"], &job["failed"]),
            (&json!("done"), &json!(4), &json!(4), &json!(0))
        );
        assert_eq!(job["input"]["filter"], json!({"state": "open"}));
        let touched: Vec<&str> = items.iter().map(|item| item["number"].as_str().unwrap()).collect();
        assert_eq!(touched, [&numbers[0], &numbers[2], &numbers[3], &numbers[4]]);
        assert!(items.iter().zip(1..).all(|(item, n)| item["outcome"] == "ok" && item["n"] == n));
        assert_eq!(field(&agent, &numbers[0], "due").await, "2026-05-31");
        assert_eq!(field(&agent, &numbers[1], "due").await, "2026-04-02");
        let history = agent.get(&format!("/records/action-item/{}/history", numbers[0])).await.ok();
        let last = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&last["actor"], &last["action"], &last["reason"]),
            (&json!("agent"), &json!("update"), &json!("moved together"))
        );
    });
}

#[test]
fn what_is_refused_holds_up_nobody_and_is_never_done_by_half() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let numbers = items(&app, &agent, 3).await;
        cancel(&app, &numbers[1]).await;
        let mut all: Vec<Value> = numbers.iter().map(|n| json!(n)).collect();
        // Twice the same is one; what is not there is refused by itself.
        all.extend([json!(numbers[0]), json!("ACT-2026-999999"), json!("nonsense")]);
        // `done` needs a result: set with the step, in one write.
        let wish = json!({
            "numbers": all, "set": {"description": "closed in bulk"},
            "transition": {"name": "done", "fields": {"result": "swept", "done_on": "2026-03-03"}}
        });
        let (job, items) = bulk(&app, &agent, wish).await;
        assert_eq!((&job["state"], &job["done"], &job["failed"]), (&json!("done"), &json!(5), &json!(3)), "{items:?}");
        assert_eq!(
            outcomes(&items),
            [("ok", ""), ("refused", "closed-record"), ("ok", ""), ("refused", "not-found"), ("refused", "not-found")]
        );
        assert!(items[1]["message"].as_str().unwrap().contains(&numbers[1]));
        let done = agent.get(&format!("/records/action-item/{}", numbers[0])).await.ok();
        assert_eq!(
            (&done["state"], &done["description"], &done["revision"]),
            (&json!("done"), &json!("closed in bulk"), &json!(2))
        );
        let left = agent.get(&format!("/records/action-item/{}", numbers[1])).await.ok();
        assert!(left.get("description").is_none(), "{left}");
        // The same again changes nothing, and says so.
        let again = json!({"numbers": [numbers[0]], "set": {"description": "closed in bulk"}});
        let (job, items) = bulk(&app, &agent, again).await;
        assert_eq!((outcomes(&items), &job["failed"]), (vec![("skipped", "")], &json!(0)));
        assert_eq!(field(&agent, &numbers[0], "revision").await, 2);
        // Only refused ones of a page.
        let id = agent.get("/jobs?what=bulk&limit=1&state=done").await.ok();
        assert!(id["next"].is_string());
        let next = id["next"].as_str().unwrap();
        let first = agent.get(&format!("/jobs?what=bulk&limit=1&state=done&cursor={next}")).await.ok();
        let first = first["jobs"][0]["id"].as_str().unwrap().to_owned();
        let page = agent.get(&format!("/jobs/{first}/items?outcome=refused&limit=2")).await.ok();
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        let cursor = page["next"].as_str().unwrap();
        let page = agent.get(&format!("/jobs/{first}/items?outcome=refused&limit=2&cursor={cursor}")).await.ok();
        assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (1, &json!(null)));
    });
}

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let numbers = items(&app, &agent, 2).await;
        cancel(&app, &numbers[1]).await;
        let wish = json!({
            "numbers": numbers, "dry_run": true, "set": {"due": "2026-06-01"}, "transition": {"name": "done"}
        });
        let events = app.desk.store.event_head("main").await.unwrap();
        let (job, items) = bulk(&app, &agent, wish).await;
        assert_eq!(
            (&job["state"], &job["failed"], &job["input"]["dry_run"]),
            (&json!("done"), &json!(1), &json!(true))
        );
        assert_eq!(outcomes(&items)[0], ("ok", ""));
        let message = items[0]["message"].as_str().unwrap();
        assert!(message.contains("due 2026-04-01 → 2026-06-01") && message.contains("state open → done"), "{message}");
        assert_eq!(items[1]["outcome"], "refused");
        assert_eq!(
            (field(&agent, &numbers[0], "revision").await, field(&agent, &numbers[0], "due").await),
            (json!(1), json!("2026-04-01"))
        );
        // The job itself: its start and its end.
        assert_eq!(app.desk.store.event_head("main").await.unwrap(), events + 2);
    });
}

#[test]
fn each_record_asks_for_the_actors_own_right() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let numbers = items(&app, &agent, 2).await;
        agent.go("action-item", &numbers[0], "done", json!({"result": "x", "done_on": "2026-03-03"})).await;
        // Verifying takes PO or MR; the agent may not, a process owner may.
        let wish = json!({"numbers": numbers, "transition": {"name": "verified"}});
        let (_, refused) = bulk(&app, &agent, wish.clone()).await;
        assert_eq!(outcomes(&refused), [("refused", "role"), ("refused", "unknown-transition")]);
        let owner = app.actor("owner", &[Role::Po]).await;
        let (_, done) = bulk(&app, &owner, wish).await;
        assert_eq!(outcomes(&done), [("ok", ""), ("refused", "unknown-transition")]);
        // An auditor changes nothing.
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let service = app.agreed_service("Mail").await.service;
        let path = "/records/service/bulk";
        auditor.post(path, json!({"numbers": [service], "set": {"outcome": "x"}})).await.problem(403, "role");
        // Other people's jobs are not there, but for those who look after them.
        let list = agent.get("/jobs").await.ok();
        let id = list["jobs"][0]["id"].as_str().unwrap().to_owned();
        owner.get(&format!("/jobs/{id}")).await.problem(404, "not-found");
        owner.get(&format!("/jobs/{id}/items")).await.problem(404, "not-found");
        assert_eq!(owner.get("/jobs").await.ok()["jobs"].as_array().unwrap().len(), 1);
        auditor.get(&format!("/jobs/{id}")).await.ok();
        assert_eq!(app.administrator().await.get("/jobs").await.ok()["jobs"].as_array().unwrap().len(), 2);
        let elsewhere = app.actor_of("other", "agent", &[Role::Adm]).await;
        elsewhere.get(&format!("/jobs/{id}")).await.problem(404, "not-found");
    });
}

#[test]
fn a_wish_that_makes_no_sense_starts_nothing() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let numbers = items(&app, &agent, 1).await;
        let path = "/records/action-item/bulk";
        let about = |answer: Answer, rule: &str| answer.problem(422, rule)["field"].as_str().unwrap().to_owned();
        let set = json!({"due": "2026-05-31"});
        let send = async |body: Value| agent.post(path, body).await;
        assert_eq!(about(send(json!({"set": set})).await, "required"), "filter");
        assert_eq!(about(send(json!({"set": set, "filter": {}, "numbers": numbers})).await, "required"), "filter");
        assert_eq!(about(send(json!({"numbers": numbers})).await, "required"), "set");
        assert_eq!(about(send(json!({"numbers": numbers, "set": {"duee": "x"}})).await, "unknown-field"), "set.duee");
        assert_eq!(about(send(json!({"numbers": numbers, "set": {"due": "soon"}})).await, "type"), "set.due");
        assert_eq!(
            about(send(json!({"numbers": numbers, "set": {"state": "done"}})).await, "computed-field"),
            "set.state"
        );
        let step = json!({"name": "vanish"});
        let refused = send(json!({"numbers": numbers, "transition": step})).await;
        assert_eq!(about(refused, "unknown-transition"), "transition.name");
        let step = json!({"name": "done", "fields": {"due": "2026-01-01"}});
        let refused = send(json!({"numbers": numbers, "set": set, "transition": step})).await;
        assert_eq!(about(refused, "format"), "transition.fields.due");
        assert_eq!(about(send(json!({"numbers": numbers, "transition": {}})).await, "required"), "transition.name");
        assert_eq!(about(send(json!({"filter": {"text": "x"}, "set": set})).await, "not-indexed"), "text");
        assert_eq!(about(send(json!({"filter": {"state": ["open"]}, "set": set})).await, "type"), "filter.state");
        assert_eq!(about(send(json!({"numbers": [7], "set": set})).await, "type"), "numbers");
        assert_eq!(
            about(send(json!({"numbers": numbers, "set": set, "dry-run": true})).await, "unknown-field"),
            "dry-run"
        );
        agent.post("/records/no-such/bulk", json!({})).await.problem(404, "unknown-kind");
        agent.get(path).await.problem(405, "method-not-allowed");
        assert_eq!(agent.get("/jobs").await.ok()["jobs"], json!([]));
        assert_eq!(jobs::run(&app.desk).await.unwrap(), 0);
    });
}
