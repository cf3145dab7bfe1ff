//! Activations that are planned for an instant, and records that keep the judge they had.

use mortise::domain::Role;
use mortise::flows::activate::plan;
use serde_json::json;

use super::{activate, digest, incident, target};
use crate::app::{ORG, for_each_db};

#[test]
fn a_plan_is_active_from_its_instant_on_every_node() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let node = app.second_node().await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let double = digest(&admin, "guests/sla-double").await;
        let from = "2026-03-03T02:00:00Z";
        let extra = json!({"effective_from": from, "opened_after": true, "expected_generation": 1});
        let planned = admin.post("/activations", super::wish(&double, extra)).await.ok();
        assert_eq!((&planned["mode"], &planned["effective_from"]), (&json!("planned"), &json!(from)));
        assert_eq!(plan::run(&app.desk).await.unwrap(), 0, "its time has not come");
        let old = agent.post("/records/incident", incident(&mail)).await.ok();
        assert_eq!(target(&old), 7200);

        app.clock.set("2026-03-03T01:59:59.999Z".parse().unwrap());
        assert_eq!(plan::run(&app.desk).await.unwrap(), 0);
        app.clock.set(from.parse().unwrap());
        let (here, there) = tokio::join!(plan::run(&app.desk), plan::run(&node.desk));
        assert_eq!(here.unwrap() + there.unwrap(), 1, "one node does it");
        app.desk.catalog.refresh().await.unwrap();
        node.desk.catalog.refresh().await.unwrap();
        let live = admin.get("/activations?process=sla&live=true").await.ok();
        assert_eq!(live["activations"].as_array().unwrap().len(), 1, "{live}");
        let active = &live["activations"][0];
        assert_eq!(
            (&active["mode"], &active["component"], &active["effective_from"]),
            (&json!("active"), &json!(double), &json!(from))
        );
        assert_eq!(active["actor"], "administrator");

        // New records have the new judge; the record opened before keeps its own, on both nodes.
        let number = old["number"].as_str().unwrap();
        let first = old["sla"]["decision"].as_str().unwrap();
        let first = admin.get(&format!("/decisions/{first}")).await.ok();
        for (at, urgency, seconds) in [(&app, 2, 14400), (&node, 1, 7200)] {
            let agent = at.agent().await;
            assert_eq!(target(&agent.post("/records/incident", incident(&mail)).await.ok()), 14400);
            let kept = agent.patch(&format!("/records/incident/{number}"), json!({"urgency": urgency})).await.ok();
            assert_eq!(target(&kept), seconds);
            let decision = kept["sla"]["decision"].as_str().unwrap();
            let decision = admin.get(&format!("/decisions/{decision}")).await.ok();
            assert_eq!(decision["activation"], first["activation"]);
            assert_eq!(decision["generation"], first["generation"]);
        }
        // Going back is for all of them.
        let id = active["id"].as_str().unwrap();
        admin.post(&format!("/activations/{id}/revert"), json!({"reason": "not yet"})).await.ok();
        assert_eq!(target(&agent.post("/records/incident", incident(&mail)).await.ok()), 7200);
    });
}

#[test]
fn a_plan_can_be_replaced_taken_back_and_done_at_once() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        let first = activate(&admin, &double, json!({"effective_from": "2026-04-01T00:00:00Z"})).await;
        let second = activate(&admin, &double, json!({"effective_from": "2026-05-01T00:00:00Z"})).await;
        admin.post(&format!("/activations/{first}/revert"), json!({})).await.problem(409, "activation-ended");
        admin
            .post(&format!("/activations/{second}/promote"), json!({"percent": 5}))
            .await
            .problem(422, "unknown-field");
        let kept = admin.post(&format!("/activations/{second}/revert"), json!({})).await.ok();
        assert_ne!(kept["activation"]["component"], json!(double));
        app.clock.set("2026-06-01T00:00:00Z".parse().unwrap());
        assert_eq!(plan::run(&app.desk).await.unwrap(), 0);
        let third = activate(&admin, &double, json!({"effective_from": "2026-07-01T00:00:00Z"})).await;
        let now = admin.post(&format!("/activations/{third}/promote"), json!({})).await.ok();
        assert_eq!((&now["mode"], &now["effective_from"]), (&json!("active"), &json!(null)));
        app.clock.set("2026-07-01T00:00:00Z".parse().unwrap());
        assert_eq!(plan::run(&app.desk).await.unwrap(), 0);
    });
}

#[test]
fn a_plan_whose_component_may_not_decide_any_more_ends() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        let owner = app.actor("owner", &[Role::Po]).await;
        activate(&admin, &double, json!({"effective_from": "2026-04-01T00:00:00Z"})).await;
        let found = admin.get(&format!("/records/component?sha256={double}")).await.ok();
        let number = found["records"][0]["number"].as_str().unwrap().to_owned();
        owner.post(&format!("/records/component/{number}/transitions/rejected"), json!({"reason": "no"})).await.ok();
        app.clock.set("2026-04-01T00:00:00Z".parse().unwrap());
        assert_eq!(plan::run(&app.desk).await.unwrap(), 0);
        let live = admin.get("/activations?process=sla&live=true").await.ok();
        assert_eq!(live["activations"].as_array().unwrap().len(), 1, "{live}");
        let events = app.desk.store.events_after(ORG, 0, 1000).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.kind == "component.plan-refused").count(), 1);
        assert_eq!(plan::run(&app.desk).await.unwrap(), 0, "and is not tried again");
    });
}
