//! Swap, canary, promotion and going back while 32 clients work over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mortise::domain::Role;
use mortise::flows::shadow;
use mortise::http::{HttpConfig, Stop, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::{digest, incident};
use crate::app::{Client, Desktop, ORG, for_each_db};
use crate::client::Connection;

const CLIENTS: usize = 32;
/// Requests of a client at the least; it goes on until the last step was taken.
const EACH: usize = 6;
/// Answers between one step and the next.
const APART: u32 = 72;

/// The steps of an administrator, one after another; gives how many generations they made.
async fn steps(app: &Desktop, admin: &Client, double: &str, progress: &Semaphore) -> i64 {
    let mut generation = 1;
    let mut last = Value::Null;
    for step in 0..8 {
        // Each step has its time: answers that came while the last one was taken do not count.
        progress.forget_permits(progress.available_permits());
        progress.acquire_many(APART).await.unwrap().forget();
        let id = last["id"].as_str().or_else(|| last["activation"]["id"].as_str()).unwrap_or_default().to_owned();
        let extra = |mut extra: Value| {
            extra["expected_generation"] = generation.into();
            extra["explanation"] = "a story".into();
            extra
        };
        let promote = format!("/activations/{id}/promote");
        let answer = match step {
            0 => admin.post("/activations", super::wish(double, extra(json!({})))).await,
            1 | 7 => {
                admin.post("/activations/rollback", json!({"process": "sla", "expected_generation": generation})).await
            }
            2 => admin.post("/activations", super::wish(double, extra(json!({"mode": "shadow"})))).await,
            3 => admin.post(&promote, extra(json!({"percent": 20}))).await,
            4 => admin.post(&promote, extra(json!({"percent": 60}))).await,
            5 => admin.post(&promote, extra(json!({}))).await,
            _ => admin.post(&format!("/activations/{id}/revert"), json!({"expected_generation": generation})).await,
        };
        last = answer.ok();
        generation += 1;
        assert_eq!(last["generation"], generation, "{last}");
        shadow::run(&app.desk).await.unwrap();
    }
    generation
}

#[test]
fn nothing_is_lost_and_every_decision_is_explained_by_one_component() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stopper, stopped) = Stop::pair();
        let config = HttpConfig { stop: stopped, ..HttpConfig::default() };
        let server = tokio::spawn(serve(listener, app.desk.clone(), config));
        let progress = Arc::new(Semaphore::new(0));
        let done = Arc::new(AtomicBool::new(false));
        let body = incident(&mail).to_string();
        let mut clients = Vec::new();
        for n in 0..CLIENTS {
            let token = app.actor(&format!("agent-{n}"), &[Role::Sd]).await.token;
            let (body, progress, done) = (body.clone(), Arc::clone(&progress), Arc::clone(&done));
            clients.push(tokio::spawn(async move {
                let mut connection = Connection::open(port).await.unwrap();
                let mut made = Vec::new();
                while made.len() < EACH || !done.load(Ordering::Relaxed) {
                    let answer = connection.send("POST", "/api/v1/records/incident", &token, &body).await;
                    let (status, answer) = answer.unwrap();
                    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
                    made.push(serde_json::from_slice::<Value>(&answer).unwrap());
                    progress.add_permits(1);
                }
                made
            }));
        }
        let generations = steps(&app, &admin, &double, &progress).await;
        progress.forget_permits(progress.available_permits());
        progress.acquire_many(APART).await.unwrap().forget();
        done.store(true, Ordering::Relaxed);
        let mut records = Vec::new();
        for client in clients {
            records.extend(client.await.unwrap());
        }
        stopper.stop();
        server.await.unwrap().unwrap();

        let list = admin.get("/activations?process=sla").await.ok();
        assert_eq!(list["generations"]["sla"], generations);
        let activations: BTreeMap<&str, &Value> =
            list["activations"].as_array().unwrap().iter().map(|a| (a["id"].as_str().unwrap(), a)).collect();
        let numbers: BTreeSet<&str> = records.iter().map(|r| r["number"].as_str().unwrap()).collect();
        assert_eq!(numbers.len(), records.len(), "none is done twice");
        let events = app.desk.store.events_after(ORG, 0, 1_000_000).await.unwrap();
        let stored = events.iter().filter(|event| event.kind == "record.inc.created").count();
        assert_eq!(stored, records.len(), "none is there that nobody was told of");
        let mut judges = BTreeSet::new();
        for record in &records {
            let number = record["number"].as_str().unwrap();
            let page = admin.get(&format!("/decisions?record={number}&process=sla")).await.ok();
            let [decision] = page["decisions"].as_array().unwrap().as_slice() else { panic!("{page}") };
            assert_eq!(decision["id"], record["sla"]["decision"]);
            let activation = activations[decision["activation"].as_str().unwrap()];
            assert_eq!(decision["generation"], activation["generation"], "the generation is its activation's");
            assert_eq!(decision["component"], activation["component"]);
            assert!(["active", "canary"].contains(&activation["mode"].as_str().unwrap()), "{activation}");
            let expected = if decision["component"] == json!(double) { 14400 } else { 7200 };
            assert_eq!(super::target(record), expected, "{decision}");
            judges.insert(decision["generation"].as_i64().unwrap());
        }
        // The shadow, generation 4, judges nothing.
        assert!(
            judges.is_superset(&BTreeSet::from([2, 3, 5, 6, 7, 8, 9])) && !judges.contains(&4),
            "each step had its time: {judges:?}"
        );
    });
}
