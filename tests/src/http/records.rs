//! Records: making, reading, changing, moving, listing them.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use super::{item, texts};
use crate::app::for_each_db;

#[test]
fn a_made_record_says_where_it_is_and_which_revision() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let made = agent.post("/records/action-item", json!({"title": "Call back", "due": "2026-03-10"})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.headers["location"], "/api/v1/records/action-item/ACT-2026-000001");
        assert_eq!(made.etag(), "\"1\"");
        assert_eq!(made.body["number"], "ACT-2026-000001");
        assert_eq!(made.body["state"], "open");
        assert_eq!(made.body["owner"], "agent");
        assert!(made.body.get("org").is_none());

        let read = agent.send("GET", "//api/v1/records/action-item/ACT-2026-000001", &[], None).await;
        assert_eq!((read.status, read.etag().as_str()), (200, "\"1\""));
        assert_eq!(read.body, made.body);
        assert_eq!(read.headers["cache-control"], "private, no-cache");
    });
}

#[test]
fn a_repeated_creation_makes_one_record() {
    for_each_db(|app| async move {
        let (agent, other) = (app.agent().await, app.technician().await);
        let body = json!({"title": "Once"}).to_string().into_bytes();
        let headers = [("content-type", "application/json"), ("idempotency-key", "order-7")];
        let first = agent.send("POST", "/records/action-item", &headers, Some(body.clone())).await;
        assert_eq!(first.status, 201);
        assert!(!first.headers.contains_key("idempotent-replay"));
        let again = agent.send("POST", "/records/action-item", &headers, Some(body.clone())).await;
        assert_eq!(again.status, 200);
        assert_eq!(again.headers["idempotent-replay"], "true");
        assert_eq!(again.headers["location"], first.headers["location"]);
        assert_eq!(again.body, first.body);
        // The key is the user's own.
        let others = other.send("POST", "/records/action-item", &headers, Some(body)).await;
        assert_eq!(others.status, 201);
        let different = json!({"title": "Twice"}).to_string().into_bytes();
        let refused = agent.send("POST", "/records/action-item", &headers, Some(different)).await;
        refused.problem(409, "idempotency-key-reused");
    });
}

#[test]
fn many_at_once_with_one_key_make_one_record() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let one = || async {
            let headers = [("content-type", "application/json"), ("idempotency-key", "same")];
            let body = json!({"title": "Once"}).to_string().into_bytes();
            agent.send("POST", "/records/action-item", &headers, Some(body)).await
        };
        let answers = futures_util::future::join_all((0..8).map(|_| one())).await;
        let made = answers.iter().filter(|a| a.status == 201).count();
        let repeated = answers.iter().filter(|a| a.status == 200).count();
        assert_eq!((made, repeated), (1, 7), "{answers:?}");
        let list = agent.get("/records/action-item").await.ok();
        assert_eq!(list["records"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_change_asks_for_the_revision_it_was_made_from() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let path = format!("/records/action-item/{}", item(&agent, "Draft").await);
        let change = |tag: &'static str, title: &str, media_type: &'static str| {
            let body = json!({ "title": title }).to_string().into_bytes();
            let headers = vec![("content-type", media_type), ("if-match", tag)];
            let (agent, path) = (agent.clone(), path.clone());
            async move { agent.send("PATCH", &path, &headers, Some(body)).await }
        };
        let changed = change("\"1\"", "First", "application/merge-patch+json").await;
        assert_eq!((changed.status, changed.etag().as_str()), (200, "\"2\""));
        let stale = change("\"1\"", "Second", "application/json").await.problem(412, "stale");
        assert!(stale["detail"].as_str().unwrap().contains("revision 2"), "{stale}");
        assert_eq!(change("*", "Third", "application/json").await.etag(), "\"3\"");
        for weak in ["W/\"3\"", "3", "\"3\", \"4\"", "\"x\""] {
            let problem = change(weak, "Fourth", "application/json").await.problem(400, "if-match");
            assert_eq!(problem["field"], "If-Match");
        }
        // A transition asks in the same way.
        let headers = [("if-match", "\"2\"")];
        let step = format!("{path}/transitions/done");
        agent.send("POST", &step, &headers, None).await.problem(412, "stale");
        let record = agent.get(&path).await.ok();
        assert_eq!((record["title"].as_str(), record["state"].as_str()), (Some("Third"), Some("open")));

        let known = agent.send("GET", &path, &[("if-none-match", "\"3\"")], None).await;
        assert_eq!((known.status, known.text.as_str(), known.etag().as_str()), (304, "", "\"3\""));
        let newer = agent.send("GET", &path, &[("if-none-match", "\"2\"")], None).await;
        assert_eq!(newer.status, 200);
    });
}

#[test]
fn null_removes_a_value() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = agent.create("action-item", json!({"title": "x", "due": "2026-04-01", "text": "y"})).await;
        let path = format!("/records/action-item/{number}");
        let record = agent.patch(&path, json!({"due": null, "result": "z"})).await.ok();
        assert!(record.get("due").is_none(), "{record}");
        assert_eq!((record["text"].as_str(), record["result"].as_str()), (Some("y"), Some("z")));
    });
}

#[test]
fn the_next_steps_are_those_of_the_caller() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let number = item(&agent, "Steps").await;
        let path = format!("/records/action-item/{number}/transitions");
        let steps = agent.get(&path).await.ok();
        assert_eq!((steps["state"].as_str(), steps["revision"].as_i64()), (Some("open"), Some(1)));
        assert_eq!(texts(&steps["transitions"], "name"), ["done"]);
        assert_eq!(steps["transitions"][0]["missing"], json!(["text", "source", "due"]));
        assert_eq!(steps["transitions"][0]["label"]["zh"], "已完成");
        assert_eq!(texts(&owner.get(&path).await.ok()["transitions"], "name"), ["done", "cancelled"]);

        let refused = agent.post(&format!("{path}/done"), json!({})).await.problem(422, "required");
        assert_eq!(texts(&refused["errors"], "field"), ["text", "source", "due"]);
        let fields = json!({"text": "do it", "source": number, "due": "2026-03-05", "reason": "as agreed"});
        let done = agent.post(&format!("{path}/done"), fields).await;
        assert_eq!((done.status, done.body["state"].as_str()), (200, Some("done")));
        let history = agent.get(&format!("/records/action-item/{number}/history")).await.ok();
        assert_eq!(history["entries"][1]["reason"], "as agreed");
        agent.post(&format!("{path}/verified"), json!({})).await.problem(403, "role");
        agent.post(&format!("{path}/done"), json!({})).await.problem(409, "unknown-transition");
    });
}

#[test]
fn the_history_is_paged_and_has_the_reasons() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let number = item(&agent, "0").await;
        let path = format!("/records/action-item/{number}");
        for at in 1..5 {
            let change = json!({ "title": at.to_string() });
            agent.patch(&format!("{path}?reason=step%20{at}"), change).await.ok();
        }
        let mut reasons = Vec::new();
        let mut next = String::new();
        loop {
            let page = agent.get(&format!("{path}/history?limit=2{next}")).await.ok();
            reasons.extend(texts(&page["entries"], "reason").into_iter().map(str::to_owned));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(reasons, ["", "step 1", "step 2", "step 3", "step 4"]);
        // The cursor of one record's history is not one of another's.
        let other = item(&agent, "other").await;
        let path = format!("/records/action-item/{other}/history?limit=2{next}");
        agent.get(&path).await.problem(400, "cursor");
    });
}

#[test]
fn lists_are_walked_by_cursor_and_by_link() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        for due in ["2026-03-09", "2026-03-05", "2026-03-07", "2026-03-05", "2026-04-01"] {
            agent.create("action-item", json!({ "title": "x", "due": due })).await;
        }
        item(&agent, "without a day").await;
        let start = "/records/action-item?due=2026-03-01..2026-03-31&sort=due&limit=2".to_owned();
        let mut path = start.clone();
        let mut days = Vec::new();
        loop {
            let page = agent.get(&path).await;
            let link = page.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
            let body = page.ok();
            days.extend(texts(&body["records"], "due").into_iter().map(str::to_owned));
            let Some(link) = link else {
                assert_eq!(body["next"], Value::Null);
                break;
            };
            let target = link.strip_prefix("</api/v1").unwrap().strip_suffix(">; rel=\"next\"").unwrap();
            assert!(target.contains(&format!("cursor={}", body["next"].as_str().unwrap())));
            path = target.to_owned();
        }
        assert_eq!(days, ["2026-03-05", "2026-03-05", "2026-03-07", "2026-03-09"]);

        let cursor = agent.get(&start).await.ok()["next"].as_str().unwrap().to_owned();
        for wrong in [
            format!("/records/action-item?sort=-due&cursor={cursor}"),
            format!("/records/customer?sort=due&cursor={cursor}"),
            format!("/records/action-item?sort=due&cursor={}", &cursor[1..]),
            "/records/action-item?cursor=".to_owned(),
        ] {
            let problem = agent.get(&wrong).await.problem(400, "cursor");
            assert_eq!(problem["field"], "cursor");
        }
    });
}

#[test]
fn kinds_describe_themselves_and_what_you_may() {
    for_each_db(|app| async move {
        let (agent, customer) = (app.agent().await, app.actor("li", &[Role::Cus]).await);
        let kinds = agent.get("/kinds").await.ok();
        assert!(texts(&kinds["kinds"], "slug").contains(&"incident"));
        let kind = agent.get("/kinds/incident").await.ok();
        assert_eq!(kind["name"]["zh"], "事件");
        assert_eq!(kind["may"], json!({"create": true, "read": "all", "update": true}));
        assert!(texts(&kind["fields"], "name").contains(&"impact"));
        assert!(texts(&kind["common_fields"], "name").contains(&"title"));
        assert!(texts(&kind["transitions"], "name").contains(&"resolved"));
        let kind = customer.get("/kinds/incident").await.ok();
        assert_eq!(kind["may"], json!({"create": true, "read": "own", "update": false}));
        agent.get("/kinds/unicorn").await.problem(404, "unknown-kind");

        let me = customer.get("/me").await.ok();
        assert_eq!(me["user"], "li");
        assert_eq!(me["organisation"], json!({"id": "main", "name": "Main"}));
        assert_eq!(me["roles"][0]["name"]["zh"], "客户/用户");
    });
}

#[test]
fn timers_of_a_record_are_shown() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let incident = json!({"title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1});
        let number = agent.create("incident", incident).await;
        let timers = agent.get(&format!("/records/incident/{number}/timers")).await.ok();
        assert!(texts(&timers["timers"], "name").contains(&"sla.resolution.due"), "{timers}");
        let first = timers["timers"][0]["due_at"].as_str().unwrap();
        assert!(first.ends_with('Z'), "{timers}");
    });
}

#[test]
fn records_are_what_the_document_says() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let all = app.actor("reader", &[Role::Mr, Role::Sd]).await;
        let incident =
            json!({"title": "x", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1});
        all.create("incident", incident).await;
        let document = all.get("//openapi.json").await.ok();
        let schemas = &document["components"]["schemas"];
        for (kind, schema) in [
            ("incident", "IncidentRecord"),
            ("sla", "SlaRecord"),
            ("service", "ServiceRecord"),
            ("calendar", "CalendarRecord"),
        ] {
            let page = all.get(&format!("/records/{kind}?limit=1")).await.ok();
            let record = page["records"][0].as_object().unwrap();
            let properties = schemas[schema]["properties"].as_object().unwrap();
            for key in record.keys() {
                assert!(properties.contains_key(key), "{schema} does not know {key}");
            }
            for required in schemas[schema]["required"].as_array().unwrap() {
                assert!(record.contains_key(required.as_str().unwrap()), "{kind} has no {required}");
            }
        }
    });
}
