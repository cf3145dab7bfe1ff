//! Incidents and their clocks, lived through over the API.

#![allow(clippy::unwrap_used)]

use mortise::domain::{Role, audit};
use serde_json::{Value, json};

use crate::app::{Agreed, Desktop, for_each_db};

fn incident(agreed: &Agreed, impact: i64, urgency: i64) -> Value {
    json!({
        "title": "无法发送邮件", "service": agreed.service, "customer": agreed.customer, "caller": "zhao",
        "channel": "phone", "category": "mail", "impact": impact, "urgency": urgency
    })
}

#[test]
fn an_incident_gets_its_clocks_timers_and_decision() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let record = agent.post("/records/incident", incident(&agreed, 1, 2)).await.ok();
        // P2 around the clock: 30 minutes to respond, 4 hours to resolve.
        assert_eq!(record["priority"], "P2");
        assert_eq!(record["sla"]["agreement"], json!(agreed.agreement));
        assert_eq!(record["sla"]["resolution"]["target_s"], 14400);
        assert_eq!(record["sla"]["resolution"]["due_at"], "2026-03-03T05:00:00Z");
        assert_eq!(record["sla"]["resolution"]["level"], "ok");

        let number = record["number"].as_str().unwrap();
        let timers = app.desk.store.timers_of(crate::app::ORG, number).await.unwrap();
        let names: Vec<_> = timers.iter().map(|t| (t.name.as_str(), t.due_at.to_string())).collect();
        let at = |time: &str| format!("2026-03-03T{time}Z");
        assert_eq!(
            names,
            [
                ("sla.response.warning", at("01:22:30")),
                ("sla.response.critical", at("01:27:00")),
                ("sla.response.due", at("01:30:00")),
                ("sla.response.breached", at("01:30:01")),
                ("sla.resolution.warning", at("04:00:00")),
                ("sla.resolution.critical", at("04:36:00")),
                ("sla.resolution.due", at("05:00:00")),
                ("sla.resolution.breached", at("05:00:01")),
            ]
        );

        let decisions = agent.get(&format!("/decisions?record={number}")).await.ok();
        let decision = &decisions["decisions"][0];
        assert_eq!(decision["process"], "sla");
        assert_eq!(decision["event"], "create");
        assert_eq!(decision["input"]["op"], "clock");
        assert_eq!(decision["output"]["outcome"]["priority"], "P2");
        assert!(decision["fuel"].as_i64().unwrap() > 0);
        let id = decision["id"].as_str().unwrap();
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let replay = auditor.post(&format!("/decisions/{id}/replay"), json!({})).await.ok();
        assert_eq!(replay["equal"], true, "{replay}");
    });
}

#[test]
fn timers_fire_in_time_once_and_leave_their_trace() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let record = agent.post("/records/incident", incident(&agreed, 1, 2)).await.ok();
        let number = record["number"].as_str().unwrap().to_owned();
        let path = format!("/records/incident/{number}");
        let second = app.second_node().await;

        assert_eq!(app.at("2026-03-03T01:22:29Z").await, 0);
        // Two nodes look at the same time: one of them fires it.
        app.clock.set("2026-03-03T01:22:30Z".parse().unwrap());
        let (a, b) =
            tokio::join!(mortise::flows::fire_timers::run(&app.desk), mortise::flows::fire_timers::run(&second.desk));
        assert_eq!(a.unwrap() + b.unwrap(), 1);
        let record = agent.get(&path).await.ok();
        assert_eq!(record["sla"]["response"]["level"], "warning");

        assert_eq!(app.at("2026-03-03T01:27:00Z").await, 1);
        // Exactly at the target is met.
        assert_eq!(app.at("2026-03-03T01:30:00Z").await, 1);
        let record = agent.get(&path).await.ok();
        assert_eq!(record["sla"]["response"]["level"], "critical");
        assert_eq!(app.at("2026-03-03T01:30:01Z").await, 1);
        let record = agent.get(&path).await.ok();
        assert_eq!(record["sla"]["response"]["level"], "breached");
        assert_eq!(record["sla"]["response"]["ever_breached"], true);
        let listed = agent.get("/records/incident?sla.response.level=breached").await.ok();
        assert_eq!(listed["records"].as_array().unwrap().len(), 1);
        let listed = agent.get("/records/incident?sla.resolution.level=breached").await.ok();
        assert_eq!(listed["records"].as_array().unwrap().len(), 0);

        let history = agent.get(&format!("{path}/history")).await.ok();
        let actions: Vec<_> =
            history["entries"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect();
        assert!(actions.contains(&"timer:sla.response.warning".to_owned()), "{actions:?}");
        assert!(actions.contains(&"timer:sla.response.breached".to_owned()), "{actions:?}");
        let events = app.desk.store.events_after(crate::app::ORG, 0, 500).await.unwrap();
        let of_record: Vec<_> = events
            .iter()
            .filter(|e| e.number == number && e.kind.starts_with("sla."))
            .map(|e| e.kind.as_str())
            .collect();
        assert_eq!(of_record, ["sla.warning", "sla.critical", "sla.breached"]);
    });
}

#[test]
fn waiting_for_the_customer_pauses_and_a_raise_keeps_what_was_used() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let record = agent.post("/records/incident", incident(&agreed, 1, 2)).await.ok();
        let number = record["number"].as_str().unwrap().to_owned();
        let path = format!("/records/incident/{number}");
        agent.go("incident", &number, "assigned", json!({"assigned_group": "mail"})).await;
        app.at("2026-03-03T01:10:00Z").await;
        let record = agent.go("incident", &number, "in_progress", json!({})).await;
        assert_eq!(record["responded_at"], "2026-03-03T01:10:00Z");
        assert_eq!(record["sla"]["response"]["met"], true);

        app.at("2026-03-03T02:00:00Z").await;
        let record = agent.go("incident", &number, "awaiting_customer", json!({})).await;
        assert_eq!(record["sla"]["resolution"]["state"], "paused");
        assert_eq!(record["sla"]["resolution"]["due_at"], Value::Null);
        // A day later nothing has run on, and no timer fires.
        assert_eq!(app.at("2026-03-04T02:00:00Z").await, 0);
        let record = agent.go("incident", &number, "in_progress", json!({})).await;
        assert_eq!(record["sla"]["resolution"]["elapsed_s"], 3600);
        assert_eq!(record["sla"]["resolution"]["due_at"], "2026-03-04T05:00:00Z");

        let record = agent.patch(&path, json!({"urgency": 1})).await.ok();
        assert_eq!(record["priority"], "P1");
        assert_eq!(record["sla"]["resolution"]["due_at"], "2026-03-04T03:00:00Z");

        agent.post(&format!("{path}/transitions/resolved"), json!({})).await.problem(422, "required");
        app.at("2026-03-04T02:30:00Z").await;
        let done = json!({"solution": "restarted", "closure_code": "fixed"});
        let record = agent.go("incident", &number, "resolved", done).await;
        assert_eq!(record["sla"]["resolution"]["met"], true);
        assert_eq!(record["restored_at"], "2026-03-04T02:30:00Z");
        let timers = app.desk.store.timers_of(crate::app::ORG, &number).await.unwrap();
        assert!(timers.iter().all(|t| !t.name.starts_with("sla.")), "{timers:?}");
    });
}

#[test]
fn bad_input_names_the_field_and_the_rule() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let with = |name: &str, value: Value| {
            let mut fields = incident(&agreed, 1, 1);
            fields[name] = value;
            fields
        };
        let cases = [
            (with("impact", json!("high")), "type", "impact"),
            (with("impact", json!(4)), "range", "impact"),
            (with("service", json!("SVC-2026-999999")), "reference", "service"),
            (with("service", json!("CI-2026-000001")), "reference", "service"),
            (with("priority", json!("P1")), "computed-field", "priority"),
            (with("colour", json!("red")), "unknown-field", "colour"),
            (with("title", json!("")), "range", "title"),
            (with("title", Value::Null), "required", "title"),
        ];
        for (fields, rule, field) in cases {
            let problem = agent.post("/records/incident", fields.clone()).await.problem(422, rule);
            assert_eq!(problem["field"], field, "{fields}: {problem}");
        }
        let number = agent.create("incident", incident(&agreed, 1, 1)).await;
        let path = format!("/records/incident/{number}");
        agent.post(&format!("{path}/transitions/closed"), json!({})).await.problem(409, "unknown-transition");
        let tag = agent.get(&path).await.etag();
        agent.patch(&path, json!({"category": "other"})).await.ok();
        let headers = [("if-match", tag.as_str()), ("content-type", "application/json")];
        let stale = agent.send("PATCH", &path, &headers, Some(br#"{"category":"x"}"#.to_vec())).await;
        stale.problem(412, "stale");
        app.technician().await.post("/records/incident", incident(&agreed, 1, 1)).await.problem(403, "role");
        app.stranger().get(&path).await.problem(401, "unauthenticated");
        let elsewhere = app.actor_of("elsewhere", "agent", &[Role::Sd]).await;
        elsewhere.get(&path).await.problem(404, "not-found");
        elsewhere.patch(&path, json!({"category": "x"})).await.problem(404, "not-found");
        let listed = elsewhere.get("/records/incident").await.ok();
        assert_eq!(listed["records"], json!([]));
        let big = format!("{{\"title\":\"{}\"}}", "x".repeat(10 << 20)).into_bytes();
        let answer = agent.send("POST", "/records/incident", &[("content-type", "application/json")], Some(big)).await;
        answer.problem(413, "too-large");
    });
}

#[test]
fn a_key_makes_a_creation_safe_to_repeat() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let headers = [("idempotency-key", "k-1"), ("content-type", "application/json")];
        let body = incident(&agreed, 2, 2).to_string().into_bytes();
        let first = agent.send("POST", "/records/incident", &headers, Some(body.clone())).await;
        assert_eq!(first.status, 201);
        let again = agent.send("POST", "/records/incident", &headers, Some(body)).await;
        assert_eq!(again.status, 200);
        assert_eq!(first.body["number"], again.body["number"]);
        let other = incident(&agreed, 3, 3).to_string().into_bytes();
        let reused = agent.send("POST", "/records/incident", &headers, Some(other)).await;
        reused.problem(409, "idempotency-key-reused");
    });
}

#[test]
fn the_chain_verifies_and_a_forged_entry_shows() {
    for_each_db(|app: Desktop| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        for impact in 1..=3 {
            agent.create("incident", incident(&agreed, impact, 2)).await;
        }
        let mut entries = app.desk.store.audit_after(crate::app::ORG, 0, 10_000).await.unwrap();
        let head = app.desk.store.audit_head(crate::app::ORG).await.unwrap().unwrap();
        assert_eq!(head, (entries.len() as i64, entries.last().unwrap().hash.clone()));
        audit::verify(audit::Verified::default(), &entries).unwrap();
        entries[3].actor = "somebody else".to_owned();
        assert!(audit::verify(audit::Verified::default(), &entries).is_err());
    });
}

#[test]
fn a_manager_looks_ahead_and_asks_what_if() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        let record = agent.post("/records/incident", incident(&agreed, 1, 2)).await.ok();
        let number = record["number"].as_str().unwrap().to_owned();
        let path = format!("/records/incident/{number}/forecast");
        // P2 around the clock, opened at 01:00: due at 05:00.
        let ahead = agent.get(&format!("{path}?at=2026-03-03T06:00:00Z&at=2026-03-03T04:00:00Z")).await.ok();
        assert_eq!(ahead["restore_by"], "2026-03-03T05:00:00Z");
        assert_eq!(ahead["respond_by"], "2026-03-03T01:30:00Z");
        let levels: Vec<_> = ahead["outlooks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| (o["at"].as_str().unwrap(), o["resolution"]["level"].as_str().unwrap()))
            .collect();
        assert_eq!(levels, [("2026-03-03T04:00:00Z", "warning"), ("2026-03-03T06:00:00Z", "breached")]);
        assert_eq!(ahead["record"], json!(number));
        let decisions = agent.get(&format!("/decisions?record={number}")).await.ok();
        assert_eq!(decisions["decisions"].as_array().unwrap().len(), 1, "a forecast decides nothing");
        assert_eq!(ahead["component"], decisions["decisions"][0]["component"]);

        // What if it were P1; what if the customer keeps us waiting until the evening?
        let raised = agent.get(&format!("{path}?at=2026-03-03T04:00:00Z&urgency=1")).await.ok();
        assert_eq!(raised["outlooks"][0]["priority"], "P1");
        assert_eq!(raised["restore_by"], "2026-03-03T03:00:00Z");
        let waits = agent.get(&format!("{path}?at=2026-03-03T06:00:00Z&paused_until=2026-03-03T12:00:00Z")).await.ok();
        assert_eq!(waits["outlooks"][0]["resolution"]["state"], "paused");
        assert_eq!(waits["restore_by"], "2026-03-03T16:00:00Z");

        for (query, status, rule) in [
            ("", 422, "required"),
            ("?at=tomorrow", 422, "format"),
            ("?at=2026-03-02T00:00:00Z", 422, "range"),
            ("?at=2028-03-02T00:00:00Z", 422, "range"),
            ("?at=2026-03-03T06:00:00Z&urgency=7", 409, "forecast-refused"),
            ("?at=2026-03-03T06:00:00Z&weather=fine", 400, "unknown-parameter"),
        ] {
            agent.get(&format!("{path}{query}")).await.problem(status, rule);
        }
        let service = format!("/records/service/{}/forecast?at=2026-03-03T06:00:00Z", agreed.service);
        agent.get(&service).await.problem(409, "no-clocks");

        // A component of the earlier contract decides as before, and gives no forecast.
        let old = include_bytes!("../corpus/sla-0.1.0/sla-standard.wasm").to_vec();
        let admin = app.administrator().await;
        let uploaded = admin.upload(old).await.ok();
        let activation = json!({ "process": "sla", "component": uploaded["digest"], "reason": "the old one" });
        admin.post("/activations", activation).await.ok();
        let second = agent.post("/records/incident", incident(&agreed, 1, 2)).await.ok();
        assert_eq!(second["sla"]["resolution"]["due_at"], "2026-03-03T05:00:00Z");
        let number = second["number"].as_str().unwrap();
        let path = format!("/records/incident/{number}/forecast?at=2026-03-03T06:00:00Z");
        agent.get(&path).await.problem(409, "no-forecast");
    });
}
