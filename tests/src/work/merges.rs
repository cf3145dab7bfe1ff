//! Merging duplicates: closed, linked, watched and shown with the other one, together or not at all.

#![allow(clippy::unwrap_used)]

use mortise::domain::{Role, audit};
use serde_json::json;

use super::{column, report};
use crate::app::{ORG, for_each_db};

#[test]
fn a_duplicate_goes_on_in_the_other_record() {
    for_each_db(|app| async move {
        let (zhao, wang) = (app.actor("zhao", &[Role::Cus]).await, app.actor("wang", &[Role::Cus]).await);
        let agent = app.agent().await;
        let service = app.agreed_service("Mail").await.service;
        let stays = report(&zhao, &service, "No mail").await;
        let double = report(&wang, &service, "Mail is gone").await;
        let (there, here) = (format!("/records/incident/{stays}"), format!("/records/incident/{double}"));
        wang.post(&format!("{here}/comments"), json!({"text": "my secret project is late"})).await.ok();
        wang.send("PUT", &format!("{here}/watchers/wang"), &[], None).await.ok();
        let file = Some(b"%PDF-1.7".to_vec());
        let file = agent.send("POST", &format!("{here}/attachments?name=a.pdf"), &[], file).await.ok();
        agent.post(&format!("{there}/comments"), json!({"text": "known", "visibility": "public"})).await.ok();

        let merged =
            agent.post(&format!("{here}/merge"), json!({"into": stays, "reason": "the same outage"})).await.ok();
        assert_eq!((&merged["state"], &merged["number"]), (&json!("cancelled"), &json!(double)));
        assert_eq!(merged["links"], json!([{"type": "duplicate-of", "ref": stays}]));
        // What was written on it is shown with the other one, to whoever may read both.
        let shown = agent.get(&format!("{there}/comments")).await.ok();
        assert_eq!(column(&shown["comments"], "record"), [json!(double), json!(stays)]);
        let files = agent.get(&format!("{there}/attachments")).await.ok();
        assert_eq!(column(&files["attachments"], "record"), [json!(double)]);
        let id = file["id"].as_str().unwrap();
        assert_eq!(agent.get(&format!("{there}/attachments/{id}")).await.text, "%PDF-1.7");
        let line = agent.get(&format!("{there}/timeline?limit=500")).await.ok();
        assert!(line.to_string().contains("secret project"));
        // Not to the other customer.
        for path in ["comments", "timeline", "attachments"] {
            let his = zhao.get(&format!("{there}/{path}")).await;
            assert!(!his.text.contains("secret project") && !his.text.contains("a.pdf"), "{path}");
        }
        let watchers = agent.get(&format!("{there}/watchers")).await.ok();
        assert_eq!(column(&watchers["watchers"], "user"), [json!("wang")]);
        // Both histories say so.
        let history = agent.get(&format!("{here}/history")).await.ok();
        let last = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["action"], &last["reason"]), (&json!("transition:cancelled"), &json!("the same outage")));
        let history = agent.get(&format!("{there}/history")).await.ok();
        let last = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["action"], &last["after"]), (&json!("merge"), &json!({"duplicate": double})));
        let events = app.desk.store.events_after(ORG, 0, 1000).await.unwrap();
        assert!(events.iter().any(|e| e.kind == "record.inc.merged" && e.number == stays));
        audit::verify(audit::Verified::default(), &app.desk.store.audit_after(ORG, 0, i64::MAX).await.unwrap())
            .unwrap();
        // It is closed now.
        agent.post(&format!("{here}/merge"), json!({"into": stays, "reason": "x"})).await.problem(409, "closed-record");
    });
}

#[test]
fn what_cannot_be_merged_stays_as_it_is() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let service = app.agreed_service("Mail").await.service;
        let (one, two) = (report(&agent, &service, "One").await, report(&agent, &service, "Two").await);
        let path = format!("/records/incident/{one}/merge");
        let merge = |into: &str| json!({"into": into, "reason": "same"});
        let about = |problem: serde_json::Value| problem["field"].as_str().unwrap().to_owned();
        assert_eq!(about(agent.post(&path, json!({"reason": "x"})).await.problem(422, "required")), "into");
        assert_eq!(about(agent.post(&path, json!({"into": two})).await.problem(422, "reason-required")), "reason");
        assert_eq!(about(agent.post(&path, merge(&one)).await.problem(422, "reference")), "into");
        assert_eq!(about(agent.post(&path, merge("INC-2026-999999")).await.problem(422, "not-found")), "into");
        assert_eq!(about(agent.post(&path, merge(&service)).await.problem(422, "not-found")), "into");
        agent
            .post(&path, json!({"into": two, "reason": "x", "transition": "resolved"}))
            .await
            .problem(409, "no-way-out");
        agent
            .post(&path, json!({"into": two, "reason": "x", "fields": {"titel": "x"}}))
            .await
            .problem(422, "unknown-field");
        // A technician may not cancel an incident.
        app.technician().await.post(&path, merge(&two)).await.problem(409, "no-way-out");
        app.actor("auditor", &[Role::Aud]).await.post(&path, merge(&two)).await.problem(403, "role");
        // From here nothing closes it.
        agent.go("incident", &one, "assigned", json!({})).await;
        agent.go("incident", &one, "in_progress", json!({})).await;
        let refused = agent.post(&path, merge(&two)).await.problem(409, "no-way-out");
        assert!(refused["detail"].as_str().unwrap().contains("in_progress"));
        // Neither into a closed one nor into a duplicate.
        let three = report(&agent, &service, "Three").await;
        agent.go("incident", &three, "cancelled", json!({})).await;
        let four = report(&agent, &service, "Four").await;
        agent.post(&format!("/records/incident/{four}/merge"), merge(&three)).await.problem(409, "closed-record");
        let linked = json!({"links": [{"type": "duplicate-of", "ref": one}]});
        agent.patch(&format!("/records/incident/{two}"), linked).await.ok();
        agent.post(&format!("/records/incident/{four}/merge"), merge(&two)).await.problem(409, "already-merged");
        let four = agent.get(&format!("/records/incident/{four}")).await.ok();
        assert_eq!((&four["state"], &four["revision"]), (&json!("new"), &json!(1)));
    });
}
