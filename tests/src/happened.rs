//! What has not happened yet is not done: a day in the future does not let a record pass for a training that was held, a
//! test that was run, goods that were received.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Client, for_each_db};

/// Clocks stand at 2026-03-03, 09:00 in Shanghai; a day ahead of UTC has come somewhere.
const FUTURE: &str = "2026-03-05";
const TODAY: &str = "2026-03-03";

/// The step is refused while the day lies ahead, and taken when it has come; the day cannot be put off again.
async fn on_its_day(client: &Client, kind: &str, number: &str, state: &str, field: &str, with: Value) {
    let (path, step) = (format!("/records/{kind}/{number}"), format!("/records/{kind}/{number}/transitions/{state}"));
    let refused = client.post(&step, with.clone()).await.problem(422, "day-has-come");
    assert_eq!(refused["field"], field, "{refused}");
    client.patch(&path, json!({ (field): TODAY })).await.ok();
    client.post(&step, with).await.ok();
    let later = client.patch(&path, json!({ (field): FUTURE })).await;
    assert!([409, 422].contains(&later.status), "{}", later.text);
}

#[test]
fn trainings_reviews_and_counts_are_held_on_their_day() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po, Role::Te, Role::Slm, Role::Top, Role::Mr, Role::Cm]).await;
        let training = json!({
            "title": "t", "topic": "backup", "audience": ["owner"], "on": FUTURE, "effective_by": "2026-09-01"
        });
        let training = owner.create("training", training).await;
        on_its_day(&owner, "training", &training, "delivered", "on", json!({})).await;

        let count = json!({"title": "c", "on": FUTURE, "place": "store", "booked": 100, "found": 150});
        let count = owner.create("stock-count", count).await;
        on_its_day(&owner, "stock-count", &count, "counted", "on", json!({})).await;
        // More than is booked is a difference as well.
        let reconciled = format!("/records/stock-count/{count}/transitions/reconciled");
        owner.post(&reconciled, json!({})).await.problem(422, "differences-investigated");

        let agreed = app.agreed_service("Mail").await;
        let review = json!({
            "title": "r", "customer": agreed.customer, "kind": "interim", "on": FUTURE, "attendees": ["owner"],
            "topics": "all"
        });
        let review = owner.create("service-review", review).await;
        let covered = json!({"covered": ["progress", "results", "problems", "plans"]});
        on_its_day(&owner, "service-review", &review, "held", "on", covered).await;

        let outage = |from: &str, planned: bool| json!({"title": "o", "service": agreed.service, "from": from, "planned": planned});
        let refused = owner.post("/records/outage", outage("2026-03-03T02:00:00Z", false)).await;
        assert_eq!(refused.problem(422, "unplanned-has-begun")["field"], "from");
        owner.create("outage", outage("2026-04-03T02:00:00Z", true)).await;
        let outage = owner.create("outage", outage("2026-03-03T00:30:00Z", false)).await;
        let restored = format!("/records/outage/{outage}/transitions/restored");
        owner.post(&restored, json!({"to": "2026-03-03T05:00:00Z"})).await.problem(422, "restored-by-now");
        owner.post(&restored, json!({"to": "2026-03-03T00:50:00Z"})).await.ok();
    });
}

#[test]
fn an_entry_that_is_not_complete_is_not_approved() {
    for_each_db(|app| async move {
        let (author, owner) = (app.actor("author", &[Role::Po]).await, app.actor("owner", &[Role::Po]).await);
        let entry = json!({
            "title": "Mailbox", "category": "mail", "functions": "mail", "features": "much", "technical_requirements": "none",
            "response": 3600, "solution": 28800, "price": {"amount": "10.00", "currency": "CNY"}, "settlement": "monthly",
            "provider_contact": "desk", "provider_qualification": "certified", "recipient_guide": "ask"
        });
        let entry = author.create("catalogue-entry", entry).await;
        let approved = format!("/records/catalogue-entry/{entry}/transitions/approved");
        let refused = owner.post(&approved, json!({})).await.problem(422, "complete-entry");
        assert_eq!(refused["field"], "other");
        author.patch(&format!("/records/catalogue-entry/{entry}"), json!({"other": "none"})).await.ok();
        owner.post(&approved, json!({})).await.ok();
    });
}

#[test]
fn more_tests_do_not_pass_than_there_are() {
    for_each_db(|app| async move {
        let technician = app.technician().await;
        let release = |passed: i64| {
            json!({
                "title": "r", "type": "minor", "changes": [], "plan": "p", "backout": "b",
                "deploy_on": "2026-03-10T00:00:00Z", "tests": {"planned": 10, "passed": passed}
            })
        };
        let refused = technician.post("/records/release", release(11)).await.problem(422, "tests-passed-of-all");
        assert_eq!(refused["field"], "tests");
        technician.post("/records/release", release(10)).await.ok();
    });
}
