//! What holds a change up.

use super::*;
use crate::app::{component, for_each_db};

#[test]
fn a_blackout_blocks() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let shop = office.service("Shop", 2, json!({})).await;
        let other = office.service("Other", 2, json!({})).await;
        let item = office.item("disk", 2, &[], &[&shop]).await;
        let freeze = |services: Value| {
            json!({
                "title": "封网期", "from": "2026-03-10T00:00:00Z", "to": "2026-03-10T18:00:01Z",
                "services": services, "reason": "end of quarter"
            })
        };
        office.manager.create("blackout", freeze(json!([other]))).await;
        let number = office.approved(&[&item], json!({})).await;
        let blackout = office.manager.create("blackout", freeze(json!([shop]))).await;

        // It was announced after the approval.
        let problem = office.manager.post(&step(&number, "scheduled"), json!({})).await.problem(409, "blocked");
        assert!(problem["detail"].as_str().unwrap().contains(&blackout), "{problem}");
        let record = office.record(&number).await;
        assert_eq!((&record["state"], &record["assessment"]["blocked"]), (&json!("assessed"), &json!(true)));
        assert_eq!(record["assessment"]["blackouts"], json!([blackout]));
        assert_eq!(record["assessment"]["conditions"], json!(["reschedule-outside-blackout"]));
        assert_eq!(record["approvals"][0]["stale"], true);
        office.board[0].post(&step(&number, "approved"), json!({})).await.problem(409, "blocked");

        // In an emergency the freeze weighs, but does not block.
        let (_, record) = office.assessed(&[&item], json!({"type": "emergency"})).await;
        assert_eq!(record["assessment"]["blocked"], false);
        assert_eq!(record["assessment"]["timing"], "blackout");

        let away = json!({"window_from": "2026-03-10T18:00:01Z"});
        let record = office.technician.patch(&path(&number), away).await.ok();
        assert_eq!(record["assessment"]["blocked"], false);

        office.app.at("2026-03-10T00:00:00Z").await;
        let state = async || office.manager.get(&format!("/records/blackout/{blackout}")).await.ok()["state"].clone();
        assert_eq!(state().await, "active");
        office.app.at("2026-03-10T18:00:01Z").await;
        assert_eq!(state().await, "ended");
    });
}

#[test]
fn a_collision_found_at_scheduling_makes_the_approval_stale() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let first = office.approved(&[&item], json!({})).await;
        let second = office.draft(&[&item], json!({})).await;
        office.technician.go("change", &second, "submitted", json!({})).await;

        office.manager.post(&step(&first, "scheduled"), json!({})).await.problem(409, "stale-approval");
        let record = office.record(&first).await;
        assert_eq!(record["state"], "assessed");
        assert_eq!(record["assessment"]["conditions"], json!(["resolve-collision"]));
        let (_, decision) = office.decisions(&first).await;
        assert_eq!(decision["event"], "transition:scheduled");
        // The board may approve it, but it cannot be scheduled before the collision is resolved.
        for member in &office.board[..2] {
            member.go("change", &first, "approved", json!({})).await;
        }
        let problem =
            office.manager.post(&step(&first, "scheduled"), json!({})).await.problem(409, "resolve-collision");
        assert!(problem["detail"].as_str().unwrap().contains(&second), "{problem}");

        office.manager.go("change", &second, "cancelled", json!({})).await;
        office.manager.post(&step(&first, "scheduled"), json!({})).await.problem(409, "stale-approval");
        let record = office.manager.go("change", &first, "approved", json!({})).await;
        assert_eq!((&record["state"], &record["assessment"]["collisions"]), (&json!("approved"), &json!([])));
        assert_eq!(office.manager.go("change", &first, "scheduled", json!({})).await["state"], "scheduled");
    });
}

#[test]
fn what_changed_before_the_first_approval_is_assessed_again() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.unbuilt("disk", 1).await;
        let (number, record) = office.assessed(&[&item], json!({})).await;
        assert_eq!(record["assessment"]["score"], 9);
        office.owner.patch(&format!("/records/configuration-item/{item}"), json!({"criticality": 4})).await.ok();
        office.manager.post(&step(&number, "approved"), json!({})).await.problem(409, "stale-assessment");
        let record = office.record(&number).await;
        assert_eq!((&record["state"], &record["assessment"]["score"]), (&json!("assessed"), &json!(29)));
        assert_eq!(record.get("approvals"), None);
        office.manager.go("change", &number, "approved", json!({})).await;
    });
}

#[test]
fn facts_that_move_of_themselves_leave_the_approval_standing() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 1, &[], &[]).await;
        let number = office.approved(&[&item], json!({})).await;
        // Meanwhile another change of this sort of item is carried out, at another time, and closed.
        let past = json!({"window_from": "2026-03-04T00:00:00Z", "window_to": "2026-03-04T01:00:00Z"});
        let other = office.approved(&[&item], past).await;
        office.manager.go("change", &other, "scheduled", json!({})).await;
        for state in ["implementing", "implemented"] {
            office.technician.go("change", &other, state, json!({})).await;
        }
        office.manager.go("change", &other, "reviewed", json!({"outcome": "success"})).await;
        office.manager.go("change", &other, "closed", json!({})).await;
        office.technician.patch(&path(&number), json!({"teams": 1})).await.ok();
        assert_eq!(office.decisions(&number).await.0, 1);
        let record = office.manager.go("change", &number, "scheduled", json!({})).await;
        assert_eq!(record["state"], "scheduled");
        let (count, decision) = office.decisions(&number).await;
        assert_eq!(count, 2, "the decision was taken again and has the same consequences");
        assert_eq!(decision["input"]["history"], json!({"total": 1, "failed": 0}));
        assert_eq!(record["assessment"]["history"], json!({"total": 0, "failed": 0}));
    });
}

#[test]
fn a_component_that_fails_approves_nothing() {
    for_each_db(|app| async move {
        // An organisation in which no component decides.
        let org = "bare";
        let technician = app.actor_of(org, "technician", &[Role::Te]).await;
        let manager = app.actor_of(org, "change-manager", &[Role::Cm]).await;
        let admin = app.actor_of(org, "admin", &[Role::Adm]).await;
        let publisher = app.actor_of(org, "publisher", &[Role::Pub]).await;
        let none: [&String; 0] = [];
        let number = technician.create("change", harmless(&none)).await;
        let record = technician.go("change", &number, "submitted", json!({})).await;
        assert_eq!((&record["state"], &record["manual"]), (&json!("submitted"), &json!(true)));
        assert_eq!(record.get("assessment"), None);
        let record = manager.go("change", &number, "assessed", json!({})).await;
        assert_eq!(record["state"], "assessed");
        manager.post(&step(&number, "approved"), json!({})).await.problem(409, "awaiting-decision");
        let queue = admin.get("/manual-decisions").await.ok();
        assert_eq!(queue["waiting"][0]["record"], json!(number), "{queue}");
        assert_eq!(queue["waiting"].as_array().unwrap().len(), 1);

        let digest = publisher.upload(component("change-risk-standard")).await.ok()["digest"].clone();
        let everywhere = json!({
            "process": "change-risk", "component": digest, "scope": {"kind": "organisation", "value": ""},
            "settings": {}, "expected_generation": 0, "reason": "at last"
        });
        admin.post("/activations", everywhere).await.ok();
        // What was not assessed is assessed on the way, and approved when that was seen.
        manager.post(&step(&number, "approved"), json!({})).await.problem(409, "stale-assessment");
        let record = manager.get(&path(&number)).await.ok();
        assert_eq!((&record["manual"], &record["state"]), (&json!(false), &json!("assessed")));
        let queue = admin.get("/manual-decisions").await.ok();
        assert_eq!(queue["waiting"], json!([]));
    });
}

#[test]
fn two_members_who_approve_at_the_same_time_both_count() {
    for_each_db(|app| async move {
        let office = Office::open(app).await;
        let item = office.item("disk", 2, &[], &[]).await;
        let (number, _) = office.assessed(&[&item], json!({"design_transition": true})).await;
        let approve = step(&number, "approved");
        let [one, two, _] = &office.board;
        let (a, b) = tokio::join!(one.post(&approve, json!({})), two.post(&approve, json!({})));
        let states = [a.ok()["state"].clone(), b.ok()["state"].clone()];
        assert!(states.contains(&json!("approved")) && states.contains(&json!("assessed")), "{states:?}");
        assert_eq!(office.record(&number).await["approvals"].as_array().unwrap().len(), 2);
    });
}
