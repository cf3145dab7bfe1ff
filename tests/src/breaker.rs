//! Breakers: a component that fails too often decides no more, and nothing is lost on the way.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use mortise::app::App;
use mortise::domain::Role;
use mortise::domain::breaker::BreakerPolicy;
use mortise::flows::verify;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};

use crate::app::{Agreed, Client, Desktop, ORG, component, for_each_db};

/// A node on the story's database whose breakers trip as the story says. A loop ends soon.
async fn node(app: &Desktop, policy: BreakerPolicy) -> Desktop {
    let mut changed = app.clone();
    changed.config.policy.component.breaker = policy;
    changed.config.engine.fuel = Some(20_000_000);
    changed.second_node().await
}

fn few(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// Trips on the third failure, whatever else was asked for.
fn third() -> BreakerPolicy {
    BreakerPolicy { failures: few(3), least_calls: 1, share_percent: 0, ..BreakerPolicy::default() }
}

fn incident(agreed: &Agreed, category: &str) -> Value {
    json!({
        "title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1,
        "category": category
    })
}

async fn activate(admin: &Client, name: &str, more: Value) -> String {
    let digest = admin.upload(component(name)).await.ok()["digest"].clone();
    let mut wish = json!({"process": "sla", "component": digest, "reason": "for the story"});
    for (key, value) in more.as_object().unwrap() {
        wish[key] = value.clone();
    }
    admin.post("/activations", wish).await.ok()["id"].as_str().unwrap().to_owned()
}

/// An activation as the interface shows it.
async fn activation(admin: &Client, id: &str) -> Value {
    let all = admin.get("/activations?process=sla").await.ok();
    let all = all["activations"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["id"] == id).unwrap()
}

async fn say(admin: &Client, id: &str, action: &str) -> Value {
    let body = json!({"action": action, "reason": format!("the story says {action}")});
    admin.post(&format!("/activations/{id}/breaker"), body).await.ok()["breaker"].clone()
}

/// Every decision, oldest first.
async fn decisions(client: &Client, query: &str) -> Vec<Value> {
    let (mut found, mut next) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/decisions?limit=500{query}{next}")).await.ok();
        found.extend(page["decisions"].as_array().unwrap().iter().cloned());
        match &page["next"] {
            Value::String(cursor) => next = format!("&cursor={cursor}"),
            _ => break,
        }
    }
    found.reverse();
    found
}

async fn is_sound(app: &Desktop) {
    let mut found = Vec::new();
    verify::run(&app.desk, ORG, &mut |finding| found.push(finding)).await.unwrap();
    assert!(found.is_empty(), "{found:?}");
}

/// So many incidents by as many clients as there are on these nodes; gives every answer.
async fn load(nodes: &[Desktop], clients: usize, each: usize, agreed: &Agreed, category: &str) -> Vec<Value> {
    let tasks: Vec<_> = (0..clients)
        .map(|n| {
            let (node, agreed, category) = (nodes[n % nodes.len()].clone(), agreed.clone(), category.to_owned());
            tokio::spawn(async move {
                let agent = node.actor(&format!("agent-{n}"), &[Role::Sd]).await;
                let mut made = Vec::new();
                for _ in 0..each {
                    made.push(agent.post("/records/incident", incident(&agreed, &category)).await.ok());
                }
                made
            })
        })
        .collect();
    let mut made = Vec::new();
    for task in tasks {
        made.extend(task.await.unwrap());
    }
    made
}

#[test]
fn what_could_not_be_activated_does_not_come_back_by_itself() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let node = node(&app, third()).await;
        let (admin, agent) = (node.administrator().await, node.agent().await);
        let standard = admin.get("/activations?process=sla&live=true").await.ok()["activations"][0].clone();
        let double = activate(&admin, "guests/sla-double", json!({})).await;
        let trap = activate(&admin, "guests/trap", json!({})).await;
        // The newest earlier version has come to the end of its life.
        let digest = activation(&admin, &double).await["component"].as_str().unwrap().to_owned();
        let found = admin.get(&format!("/records/component?sha256={digest}")).await.ok();
        let number = found["records"][0]["number"].as_str().unwrap();
        admin.post(&format!("/records/component/{number}/transitions/retired"), json!({})).await.ok();
        for _ in 0..3 {
            agent.post("/records/incident", incident(&mail, "mail")).await.ok();
        }
        let shown = activation(&admin, &trap).await;
        assert_eq!(shown["breaker"]["state"], "open", "{shown}");
        assert_eq!(shown["breaker"]["fallback"]["activation"], standard["id"], "{shown}");
        let record = agent.post("/records/incident", incident(&mail, "mail")).await.ok();
        assert_eq!((&record["manual"], &record["sla"]["resolution"]["target_s"]), (&json!(false), &json!(7200)));
    });
}

#[test]
fn a_component_that_turns_after_a_thousand_calls_trips_under_load() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let policy = BreakerPolicy { probes: few(3), probe_percent: few(50), ..BreakerPolicy::default() };
        let first = node(&app, policy.clone()).await;
        // One process serves an SQLite file: two would wait for each other's writes.
        let second = if app.is_postgres() { node(&app, policy).await } else { first.clone() };
        let nodes = [first, second];
        let admin = nodes[0].administrator().await;
        let standard = admin.get("/activations?process=sla&live=true").await.ok()["activations"][0].clone();
        let turncoat = activate(&admin, "guests/turncoat", json!({})).await;
        let moved = nodes[1].desk.catalog.refresh().await.unwrap();
        assert_eq!(moved, app.is_postgres(), "another node has to look, the same one knows");

        let good = load(&nodes, 32, 32, &mail, "mail").await;
        assert_eq!(good.len(), 1024);
        assert!(good.iter().all(|record| record["manual"] == false && record["sla"]["fallback"].is_null()));
        let bad = load(&nodes, 32, 8, &mail, "loop").await;
        assert_eq!(bad.len(), 256, "no request is lost");

        // The node that did not trip it follows.
        for node in &nodes {
            node.desk.catalog.refresh().await.unwrap();
            let admin = node.administrator().await;
            let shown = activation(&admin, &turncoat).await;
            assert_eq!(shown["breaker"]["state"], "open", "{shown}");
            let figures = admin.get("//metrics").await.text;
            let figure = |parts: &[&str]| figures.lines().any(|line| parts.iter().all(|part| line.contains(part)));
            assert!(figure(&["mortise_breaker{", &turncoat, "state=\"open\"} 1"]), "{figures}");
            assert!(figure(&["mortise_manual_decisions_waiting{org=\"main\"", "process=\"sla\"} "]), "{figures}");
            // On a machine with much else to do, the clock may be faster than the fuel.
            assert!(["fuel", "timeout"].contains(&shown["breaker"]["cause"].as_str().unwrap()), "{shown}");
            assert_eq!(shown["breaker"]["fallback"]["activation"], standard["id"], "{shown}");
        }
        let tripped = activation(&admin, &turncoat).await["breaker"].clone();
        let generation = tripped["generation"].as_i64().unwrap();
        assert_eq!(generation, 3);
        let failures = tripped["failures"].as_i64().unwrap();
        assert!(failures * 100 >= tripped["calls"].as_i64().unwrap() * 5, "{tripped}");

        // Every decision was taken by exactly one component, under the generation that says so.
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let mut by_record: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for decision in decisions(&auditor, "&process=sla").await {
            let fallback = decision["fallback"] == true;
            let (component, expected) = match (fallback, decision["generation"].as_i64().unwrap()) {
                (false, 1) | (true, 3) => (&standard["component"], "ok"),
                (false, 2) if decision["input"]["attributes"]["category"] == "loop" => (&Value::Null, "failed"),
                (false, 2) => (&Value::Null, "ok"),
                _ => panic!("{decision}"),
            };
            assert_eq!(decision["status"], expected, "{decision}");
            if component.is_null() {
                assert_eq!(decision["activation"], json!(turncoat));
            } else {
                assert_eq!(decision["component"], *component);
            }
            by_record.entry(decision["record"].as_str().unwrap().to_owned()).or_default().push(decision);
        }
        let mut waits = 0;
        for record in &bad {
            let of = &by_record[record["number"].as_str().unwrap()];
            let last = of.last().unwrap();
            if record["manual"] == true {
                waits += 1;
                assert_eq!((of.len(), &last["status"]), (1, &json!("failed")));
                assert!(record["sla"].is_null());
            } else {
                assert_eq!((&last["fallback"], &record["sla"]["decision"]), (&json!(true), &last["id"]));
                assert_eq!(record["sla"]["fallback"], true);
                assert_eq!(record["sla"]["resolution"]["target_s"], 7200);
            }
        }
        let queue = app.agent().await.get("/manual-decisions?limit=500").await.ok();
        assert_eq!(queue["waiting"].as_array().unwrap().len(), waits, "what was not decided waits for a person");
        assert!(waits < 200, "{waits} of 256 still waited");
        let events = app.desk.store.events_after(ORG, 0, 1_000_000).await.unwrap();
        let count = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
        assert_eq!((count("component.tripped"), count("component.recovered")), (1, 0));

        // Probed while it still loops: the first probe opens it again, and that record is decided all the same.
        assert_eq!(say(&admin, &turncoat, "probe").await["state"], "probing");
        let record = nodes[0].agent().await.post("/records/incident", incident(&mail, "loop")).await.ok();
        assert_eq!((&record["manual"], &record["sla"]["fallback"]), (&json!(false), &json!(true)), "{record}");
        assert_eq!(activation(&admin, &turncoat).await["breaker"]["state"], "open");
        // Probed while it behaves: a share of the decisions is its own, and enough good ones close the breaker.
        say(&admin, &turncoat, "probe").await;
        let made = load(&nodes[..1], 1, 12, &mail, "mail").await;
        let own = made.iter().filter(|record| record["sla"]["fallback"].is_null()).count();
        assert!((3..12).contains(&own), "{own} of 12");
        let shown = activation(&admin, &turncoat).await["breaker"].clone();
        assert_eq!((&shown["state"], &shown["actor"]), (&json!("closed"), &json!("mortise")), "{shown}");
        let record = nodes[0].agent().await.post("/records/incident", incident(&mail, "mail")).await.ok();
        assert_eq!(record["sla"]["fallback"], Value::Null);
        is_sound(&nodes[0]).await;
    });
}

#[test]
fn an_activation_may_want_to_refuse_or_to_wait_instead() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let app = node(&app, third()).await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let refuses = activate(&admin, "guests/trap", json!({"on_failure": "refuse"})).await;
        let body = incident(&mail, "mail");
        for _ in 0..2 {
            assert_eq!(agent.post("/records/incident", body.clone()).await.ok()["manual"], true);
        }
        let answer = agent.post("/records/incident", body.clone()).await;
        assert!(answer.headers.contains_key("retry-after"));
        answer.problem(503, "breaker-open");
        agent.post("/records/incident", body.clone()).await.problem(503, "breaker-open");
        let all = agent.get("/records/incident").await.ok();
        assert_eq!(all["records"].as_array().unwrap().len(), 2, "what is refused is not written");

        admin
            .post(&format!("/activations/{refuses}/breaker"), json!({"action": "probe"}))
            .await
            .problem(422, "required");
        let wrong = json!({"action": "kick", "reason": "x"});
        admin.post(&format!("/activations/{refuses}/breaker"), wrong).await.problem(422, "enum");
        let open = json!({"action": "open", "reason": "x"});
        agent.post(&format!("/activations/{refuses}/breaker"), open).await.problem(403, "role");
        let again = json!({"action": "open", "reason": "x"});
        admin.post(&format!("/activations/{refuses}/breaker"), again).await.problem(409, "breaker-state");

        let waits = activate(&admin, "guests/garbage", json!({"on_failure": "queue"})).await;
        for _ in 0..3 {
            assert_eq!(agent.post("/records/incident", body.clone()).await.ok()["manual"], true);
        }
        assert_eq!(activation(&admin, &waits).await["breaker"]["cause"], "invalid-output");
        let record = agent.post("/records/incident", body.clone()).await.ok();
        assert_eq!(record["manual"], true);
        let number = record["number"].as_str().unwrap();
        let queue = agent.get(&format!("/manual-decisions?record={number}")).await.ok();
        let reason = queue["waiting"][0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("the breaker of "), "{queue}");
        // Nobody was asked, and whoever decides it sees what would have been.
        let waiting =
            agent.get(&format!("/manual-decisions/{}", queue["waiting"][0]["id"].as_str().unwrap())).await.ok();
        assert_eq!(waiting["request"]["op"], "clock", "{waiting}");
        assert_eq!(waiting["failure"]["failure"], "breaker-open", "{waiting}");

        // What tripped is no good version to go back to, under whatever identifier: the one before both decides.
        let last = activate(&admin, "guests/loop", json!({})).await;
        for _ in 0..3 {
            agent.post("/records/incident", body.clone()).await.ok();
        }
        let shown = activation(&admin, &last).await;
        assert_eq!(shown["breaker"]["state"], "open", "{shown}");
        let name = shown["breaker"]["fallback"]["component_name"].as_str().unwrap();
        assert!(name.starts_with("sla-standard@"), "{shown}");
        is_sound(&app).await;
    });
}

#[test]
fn a_breaker_is_opened_by_hand_and_a_narrow_scope_falls_back_to_the_next() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let scope = json!({"kind": "service", "value": mail.service});
        let double = activate(&admin, "guests/sla-double", json!({"scope": scope})).await;
        let target = |record: &Value| record["sla"]["resolution"]["target_s"].as_i64().unwrap();
        let record = agent.post("/records/incident", incident(&mail, "mail")).await.ok();
        assert_eq!(target(&record), 14400);
        let opened = say(&admin, &double, "open").await;
        assert_eq!((&opened["cause"], &opened["actor"]), (&json!("by-hand"), &json!("administrator")));
        let record = agent.post("/records/incident", incident(&mail, "mail")).await.ok();
        assert_eq!((target(&record), &record["sla"]["fallback"]), (7200, &json!(true)));
        let number = record["number"].as_str().unwrap();
        let decision = admin.get(&format!("/decisions?record={number}")).await.ok()["decisions"][0].clone();
        assert_eq!(decision["generation"], opened["generation"]);
        let shown = admin.get(&format!("/records/decision-record/{}", decision["number"].as_str().unwrap())).await.ok();
        assert_eq!(shown["fallback"], true, "{shown}");
        assert_eq!(say(&admin, &double, "close").await["state"], "closed");
        let record = agent.post("/records/incident", incident(&mail, "mail")).await.ok();
        assert_eq!((target(&record), &record["sla"]["fallback"]), (14400, &Value::Null));
    });
}

#[test]
fn a_component_that_does_not_load_stops_no_start() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let double = activate(&admin, "guests/sla-double", json!({})).await;
        let digest = activation(&admin, &double).await["component"].as_str().unwrap().to_owned();
        let sql = sqlx::AssertSqlSafe(format!("DELETE FROM component_bytes WHERE digest = '{digest}'"));
        let url = app.config.database_url();
        if url.starts_with("sqlite") {
            let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
            connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        } else {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            connection.execute(sqlx::raw_sql(sql)).await.unwrap();
        }
        // A node that has not compiled it before.
        let mut without = app.clone();
        without.config.engine.cache_dir = None;
        let fresh = without.second_node().await;
        let shown = activation(&fresh.administrator().await, &double).await;
        let breaker = &shown["breaker"];
        assert_eq!((&breaker["state"], &breaker["cause"]), (&json!("open"), &json!("does-not-load")), "{shown}");
        let record = fresh.agent().await.post("/records/incident", incident(&mail, "mail")).await.ok();
        assert_eq!((&record["manual"], &record["sla"]["fallback"]), (&json!(false), &json!(true)), "{record}");
        assert_eq!(record["sla"]["resolution"]["target_s"], 7200);
        // Nothing is written about it twice.
        let mut config = app.config.clone();
        config.database.url = Some(url);
        let again = App::build(&config, app.clock.clone()).await.unwrap();
        let events = again.desk.store.events_after(ORG, 0, 1_000_000).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.kind == "component.tripped").count(), 1);
    });
}
