//! A candidate that decides for a share of the records: always the same ones, on every node.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{activate, digest, incident, target};
use crate::app::{Client, for_each_db};

const RECORDS: usize = 60;

/// Changes each record on this node, and gives those that the candidate decided about.
async fn canaries(agent: &Client, numbers: &[String], urgency: i64, double: i64) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for number in numbers {
        let record = agent.patch(&format!("/records/incident/{number}"), json!({"urgency": urgency})).await.ok();
        if target(&record) == double {
            found.insert(number.clone());
        }
    }
    found
}

#[test]
fn the_same_records_are_on_its_side_on_every_node_and_raising_only_adds() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let node = app.second_node().await;
        let admin = app.administrator().await;
        let (here, there) = (app.agent().await, node.agent().await);
        let double = digest(&admin, "guests/sla-double").await;
        let canary = activate(&admin, &double, json!({"mode": "canary", "percent": 30})).await;
        node.desk.catalog.refresh().await.unwrap();
        let mut numbers = Vec::new();
        let mut made = BTreeSet::new();
        for n in 0..RECORDS {
            let agent = if n % 2 == 0 { &here } else { &there };
            let record = agent.post("/records/incident", incident(&mail)).await.ok();
            let number = record["number"].as_str().unwrap().to_owned();
            if target(&record) == 14400 {
                made.insert(number.clone());
            }
            numbers.push(number);
        }
        // Of 60 records 18 are expected; fewer than 6 or more than 32 would be a chance of one in ten thousand.
        assert!((6..=32).contains(&made.len()), "{}", made.len());
        assert_eq!(canaries(&there, &numbers, 2, 28800).await, made, "the other node");
        assert_eq!(canaries(&here, &numbers, 1, 14400).await, made, "this node");
        let decisions = admin.get(&format!("/decisions?record={}", made.first().unwrap())).await.ok();
        let said = decisions["decisions"].as_array().unwrap();
        assert!(said.iter().all(|decision| decision["activation"] == json!(canary)), "{decisions}");

        let wider = admin.post(&format!("/activations/{canary}/promote"), json!({"percent": 70})).await.ok();
        assert_eq!((&wider["mode"], &wider["percent"]), (&json!("canary"), &json!(70)));
        node.desk.catalog.refresh().await.unwrap();
        let more = canaries(&there, &numbers, 2, 28800).await;
        assert!(more.is_superset(&made) && more.len() > made.len(), "{} of {}", made.len(), more.len());
        assert_eq!(canaries(&here, &numbers, 1, 14400).await, more);

        let all = admin.post(&format!("/activations/{}/promote", wider["id"].as_str().unwrap()), json!({})).await.ok();
        assert_eq!((&all["mode"], &all["percent"]), (&json!("active"), &Value::Null));
        assert_eq!(canaries(&here, &numbers, 2, 28800).await.len(), RECORDS);
        let back = admin.post(&format!("/activations/{}/revert", all["id"].as_str().unwrap()), json!({})).await.ok();
        assert_ne!(back["activation"]["component"], json!(double));
        assert_eq!(canaries(&here, &numbers, 1, 14400).await.len(), 0);
    });
}

#[test]
fn only_new_records_where_the_scope_says_so() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let double = digest(&admin, "guests/sla-double").await;
        let old = agent.create("incident", incident(&mail)).await;
        app.clock.set(app.clock.now().plus(1000));
        let canary = activate(&admin, &double, json!({"mode": "canary", "percent": 99, "opened_after": true})).await;
        assert!(canaries(&agent, std::slice::from_ref(&old), 2, 28800).await.is_empty());
        let mut sides = Vec::new();
        for _ in 0..12 {
            let record = agent.post("/records/incident", incident(&mail)).await.ok();
            sides.push((record["number"].as_str().unwrap().to_owned(), target(&record)));
        }
        assert!(sides.iter().any(|(_, target)| *target == 14400));
        app.clock.set(app.clock.now().plus(1000));
        let promoted = admin.post(&format!("/activations/{canary}/promote"), json!({})).await.ok();
        assert_eq!(promoted["opened_after"], true, "what is not said stays as it was");
        // Each record keeps the side it had.
        for (number, was) in &sides {
            let record = agent.patch(&format!("/records/incident/{number}"), json!({"urgency": 2})).await.ok();
            assert_eq!(target(&record), was * 2, "{number}");
        }
        assert!(canaries(&agent, &[old], 1, 14400).await.is_empty());
        assert_eq!(target(&agent.post("/records/incident", incident(&mail)).await.ok()), 14400);
    });
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        let refused = async |extra: Value, rule: &str| {
            let problem = admin.post("/activations", super::wish(&double, extra)).await.problem(422, rule);
            problem["field"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(refused(json!({"mode": "canary"}), "required").await, "percent");
        assert_eq!(refused(json!({"mode": "canary", "percent": 0}), "range").await, "percent");
        assert_eq!(refused(json!({"mode": "canary", "percent": 100}), "range").await, "percent");
        assert_eq!(refused(json!({"mode": "shadow", "percent": 5}), "unknown-field").await, "percent");
        assert_eq!(refused(json!({"mode": "half"}), "enum").await, "mode");
        let later = json!({"mode": "shadow", "effective_from": "2027-01-01T00:00:00Z"});
        assert_eq!(refused(later, "unknown-field").await, "effective_from");
        assert_eq!(refused(json!({"effective_from": "2026-03-03T01:00:00Z"}), "range").await, "effective_from");
        refused(json!({"effective_from": "soon"}), "format").await;
        refused(json!({"on_failure": "panic"}), "enum").await;

        let shadow = activate(&admin, &double, json!({"mode": "shadow"})).await;
        let path = |step: &str| format!("/activations/{shadow}/{step}");
        admin.post(&path("promote"), json!({"percent": 100})).await.problem(422, "range");
        admin.post(&path("promote"), json!({"expected_generation": 1})).await.problem(409, "stale-generation");
        admin.post(&path("revert"), json!({"expected_generation": 1})).await.problem(409, "stale-generation");
        // A second candidate takes the place of the first.
        activate(&admin, &double, json!({"mode": "canary", "percent": 5})).await;
        admin.post(&path("promote"), json!({})).await.problem(409, "activation-ended");
        admin.post(&path("revert"), json!({})).await.problem(409, "activation-ended");
        admin.post("/activations/none/promote", json!({})).await.problem(404, "not-found");
        let live = admin.get("/activations?process=sla&live=true").await.ok();
        let modes: Vec<&str> =
            live["activations"].as_array().unwrap().iter().map(|a| a["mode"].as_str().unwrap()).collect();
        assert_eq!(modes, ["canary", "active"]);
        let active = live["activations"][1]["id"].as_str().unwrap();
        admin.post(&format!("/activations/{active}/promote"), json!({})).await.problem(409, "already-active");
        admin.post(&format!("/activations/{active}/revert"), json!({})).await.problem(409, "nothing-to-roll-back-to");
    });
}
