//! Jobs: one node at a time, on to the end by whichever nodes there are, nothing twice.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use mortise::domain::{Instant, JobItem, Outcome, audit};
use mortise::flows::jobs;
use mortise::store::StoreError;
use mortise::store::jobs::JobMark;
use mortise::store::unit::Unit;
use mortise::store::work::WorkChange;
use serde_json::{Value, json};

use crate::app::{Client, Desktop, ORG, for_each_db};

const ITEMS: usize = 60;

async fn order(client: &Client, count: usize) -> (String, Vec<String>) {
    let mut numbers = Vec::new();
    for n in 0..count {
        numbers.push(client.create("action-item", json!({"title": format!("Item {n}")})).await);
    }
    let wish = json!({"numbers": numbers, "set": {"description": "done by a job"}});
    let job = client.post("/records/action-item/bulk", wish).await.ok();
    (job["id"].as_str().unwrap().to_owned(), numbers)
}

async fn job(client: &Client, id: &str) -> Value {
    client.get(&format!("/jobs/{id}")).await.ok()
}

/// Lets a node begin with the job and drops it in the middle, wherever it is.
async fn crash_in_the_middle(app: &Desktop, client: &Client, id: &str) {
    let desk = app.desk.clone();
    let node = tokio::spawn(async move { jobs::run(&desk).await });
    while job(client, id).await["done"].as_i64().unwrap() < 5 {
        tokio::task::yield_now().await;
    }
    node.abort();
    assert!(node.await.is_err(), "the job was done before the node could be stopped");
}

async fn every_item_was_done_once(app: &Desktop, client: &Client, id: &str, numbers: &[String]) {
    let mut found = Vec::new();
    let mut path = format!("/jobs/{id}/items?limit=25");
    loop {
        let page = client.get(&path).await.ok();
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/jobs/{id}/items?limit=25&cursor={next}");
    }
    let seen: BTreeSet<&str> = found.iter().map(|item| item["number"].as_str().unwrap()).collect();
    assert_eq!((found.len(), seen.len()), (numbers.len(), numbers.len()));
    for (item, n) in found.iter().zip(1..) {
        assert_eq!((&item["n"], &item["outcome"]), (&json!(n), &json!("ok")), "{item}");
    }
    for number in numbers {
        let record = client.get(&format!("/records/action-item/{number}")).await.ok();
        assert_eq!(record["revision"], 2, "{number} was changed another number of times than once");
    }
    let entries = app.desk.store.audit_after(ORG, 0, i64::MAX).await.unwrap();
    audit::verify(audit::Verified::default(), &entries).unwrap();
}

#[test]
fn another_node_goes_on_where_a_node_died() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let (id, numbers) = order(&agent, ITEMS).await;
        crash_in_the_middle(&app, &agent, &id).await;
        let second = app.second_node().await;
        // The dead node's claim still holds; nobody takes the job from a node that may be alive.
        assert_eq!(jobs::run(&second.desk).await.unwrap(), 0);
        assert_eq!(job(&agent, &id).await["state"], "running");
        app.clock.set("2026-03-03T01:00:31Z".parse().unwrap());
        assert_eq!(jobs::run(&second.desk).await.unwrap(), 1);
        let ended = job(&agent, &id).await;
        assert_eq!((&ended["state"], &ended["done"]), (&json!("done"), &json!(ITEMS)));
        assert_eq!(ended["ended_at"], "2026-03-03T01:00:31Z");
        every_item_was_done_once(&app, &agent, &id, &numbers).await;
    });
}

#[test]
fn several_nodes_share_the_jobs_and_do_none_twice() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let mut orders = Vec::new();
        for _ in 0..6 {
            orders.push(order(&agent, 5).await);
        }
        let second = app.second_node().await;
        let nodes = [&app, &app, &second, &second].map(|node| jobs::run(&node.desk));
        let taken: usize = futures_util::future::join_all(nodes).await.into_iter().map(|n| n.unwrap()).sum();
        assert_eq!(taken, 6);
        for (id, numbers) in &orders {
            every_item_was_done_once(&app, &agent, id, numbers).await;
        }
    });
}

#[test]
fn a_job_stops_between_two_items() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let (id, numbers) = order(&agent, ITEMS).await;
        crash_in_the_middle(&app, &agent, &id).await;
        let asked = agent.post(&format!("/jobs/{id}/cancel"), json!({})).await;
        // The route takes no body; one that is sent is not looked at.
        let asked = asked.ok();
        assert_eq!((&asked["cancelled_by"], &asked["state"]), (&json!("agent"), &json!("running")));
        let done = asked["done"].clone();
        app.clock.set("2026-03-03T01:00:31Z".parse().unwrap());
        assert_eq!(jobs::run(&app.desk).await.unwrap(), 1);
        let ended = job(&agent, &id).await;
        assert_eq!((&ended["state"], &ended["done"]), (&json!("cancelled"), &done));
        let last = agent.get(&format!("/records/action-item/{}", numbers[ITEMS - 1])).await.ok();
        assert_eq!(last["revision"], 1);
        // Asking again changes nothing.
        assert_eq!(agent.send("POST", &format!("/jobs/{id}/cancel"), &[], None).await.ok()["state"], "cancelled");
    });
}

#[test]
fn a_job_that_nobody_began_with_is_cancelled_at_once() {
    for_each_db(|app| async move {
        let (agent, technician) = (app.agent().await, app.technician().await);
        let (id, numbers) = order(&agent, 2).await;
        let cancel = format!("/jobs/{id}/cancel");
        technician.send("POST", &cancel, &[], None).await.problem(404, "not-found");
        let auditor = app.actor("auditor", &[mortise::domain::Role::Aud]).await;
        auditor.send("POST", &cancel, &[], None).await.problem(403, "role");
        let cancelled = app.administrator().await.send("POST", &cancel, &[], None).await.ok();
        assert_eq!((&cancelled["state"], &cancelled["cancelled_by"]), (&json!("cancelled"), &json!("administrator")));
        assert!(cancelled["ended_at"].is_string());
        assert_eq!(jobs::run(&app.desk).await.unwrap(), 0);
        let record = agent.get(&format!("/records/action-item/{}", numbers[0])).await.ok();
        assert_eq!(record["revision"], 1);

        let (done, _) = order(&agent, 1).await;
        jobs::run(&app.desk).await.unwrap();
        agent.send("POST", &format!("/jobs/{done}/cancel"), &[], None).await.problem(409, "job-ended");
        agent.send("POST", "/jobs/no-such/cancel", &[], None).await.problem(404, "not-found");
        agent.get("/jobs?state=asleep").await.problem(422, "enum");
        agent.get(&format!("/jobs/{done}/items?outcome=fine")).await.problem(422, "enum");
        agent.get(&format!("/jobs/{done}/items?cursor=x")).await.problem(400, "cursor");
    });
}

#[test]
fn a_node_that_lost_its_claim_settles_nothing() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let (id, numbers) = order(&agent, 2).await;
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let store = &app.desk.store;
        let first = store.claim_job("one", at("2026-03-03T01:00:00Z"), at("2026-03-03T01:00:30Z")).await.unwrap();
        assert_eq!(first.unwrap().job.id, id);
        assert!(
            store.claim_job("two", at("2026-03-03T01:00:30Z"), at("2026-03-03T01:01:00Z")).await.unwrap().is_none()
        );
        let second = store.claim_job("two", at("2026-03-03T01:00:31Z"), at("2026-03-03T01:01:00Z")).await.unwrap();
        assert_eq!(second.unwrap().tries, 2);
        let item = JobItem {
            n: 1,
            number: numbers[0].clone(),
            outcome: Outcome::Ok,
            rule: String::new(),
            message: String::new(),
        };
        let settle = |claim: &str, n: i64| {
            let items = vec![JobItem { n, ..item.clone() }];
            let lease_until = at("2026-03-03T01:02:00Z");
            let mark = JobMark { job: id.clone(), claim: claim.to_owned(), lease_until, items };
            store.commit(Unit { org: ORG.to_owned(), work: vec![WorkChange::Items(mark)], ..Unit::default() })
        };
        assert!(matches!(settle("one", 1).await, Err(StoreError::LostClaim(_))));
        settle("two", 1).await.unwrap();
        // Neither an item that is settled already nor one out of turn.
        assert!(matches!(settle("two", 1).await, Err(StoreError::LostClaim(_))));
        assert!(matches!(settle("two", 3).await, Err(StoreError::LostClaim(_))));
        assert_eq!(job(&agent, &id).await["done"], 1);
        assert!(!store.renew_job(&id, "one", at("2026-03-03T01:09:00Z")).await.unwrap());
    });
}

#[test]
fn a_job_that_brings_down_every_node_is_given_up() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let (id, _) = order(&agent, 1).await;
        for minute in 1..=5 {
            let now: Instant = format!("2026-03-03T01:{minute:02}:00Z").parse().unwrap();
            let claimed = app.desk.store.claim_job("doomed", now, now.plus(30_000)).await.unwrap().unwrap();
            assert_eq!(claimed.tries, minute);
        }
        app.clock.set("2026-03-03T01:10:00Z".parse().unwrap());
        assert_eq!(jobs::run(&app.desk).await.unwrap(), 1);
        let ended = job(&agent, &id).await;
        assert_eq!((&ended["state"], &ended["result"]["rule"]), (&json!("failed"), &json!("internal")));
    });
}
