//! Comments: public and internal ones, mentions, the first answer, taking one back.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use mortise::domain::audit;
use serde_json::json;

use super::{column, incident};
use crate::app::{Desktop, ORG, for_each_db};

async fn last_audit(app: &Desktop) -> mortise::domain::AuditEntry {
    let entries = app.desk.store.audit_after(ORG, 0, i64::MAX).await.unwrap();
    audit::verify(audit::Verified::default(), &entries).unwrap();
    entries.into_iter().next_back().unwrap()
}

#[test]
fn an_answer_takes_on_what_waited_for_it() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let (record, path) = (format!("/records/incident/{number}"), format!("/records/incident/{number}/comments"));
        agent.go("incident", &number, "assigned", json!({"assigned_group": "mail"})).await;
        for state in ["in_progress", "awaiting_customer"] {
            agent.go("incident", &number, state, json!({})).await;
        }
        agent.post(&path, json!({"text": "Does it work now?", "visibility": "public"})).await.ok();
        assert_eq!(agent.get(&record).await.ok()["state"], "awaiting_customer", "staff asks, and answers nothing");
        zhao.post(&path, json!({"text": "还是收不到"})).await.ok();
        assert_eq!(agent.get(&record).await.ok()["state"], "in_progress");
        let entry = last_audit(&app).await;
        let said = (entry.action.as_str(), entry.role.as_str(), entry.reason.as_str());
        assert_eq!(said, ("transition:in_progress", "auto", "zhao answered"));
        zhao.post(&path, json!({"text": "谢谢"})).await.ok();
        assert_eq!(agent.get(&record).await.ok()["state"], "in_progress");
    });
}

#[test]
fn customers_see_and_write_what_is_public() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}/comments");
        let made = zhao.post(&path, json!({"text": "还是收不到邮件"})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.body;
        assert_eq!(
            (&made["visibility"], &made["author"], &made["role"]),
            (&json!("public"), &json!("zhao"), &json!("CUS"))
        );
        assert_eq!(
            (&made["text"], &made["record"], &made["first_answer"]),
            (&json!("还是收不到邮件"), &json!(number), &json!(false))
        );
        let inside = agent.post(&path, json!({"text": "he never restarts"})).await.ok();
        assert_eq!(inside["visibility"], "internal");
        app.clock.set("2026-03-03T01:05:00Z".parse().unwrap());
        agent.post(&path, json!({"text": "Please restart it", "visibility": "public"})).await.ok();
        let his = zhao.get(&path).await.ok();
        assert_eq!(column(&his["comments"], "text"), [json!("还是收不到邮件"), json!("Please restart it")]);
        let all = agent.get(&format!("{path}?limit=2")).await.ok();
        assert_eq!(column(&all["comments"], "author"), [json!("zhao"), json!("agent")]);
        let rest = agent.get(&format!("{path}?limit=2&cursor={}", all["next"].as_str().unwrap())).await.ok();
        assert_eq!(
            (column(&rest["comments"], "text"), &rest["next"]),
            (vec![json!("Please restart it")], &json!(null))
        );
        // Neither the record nor its history tells a customer that something internal was said.
        let history = zhao.get(&format!("/records/incident/{number}/history")).await.ok();
        assert_eq!(column(&history["entries"], "action"), [json!("create"), json!("comment"), json!("comment")]);
        let whole = agent.get(&format!("/records/incident/{number}/history")).await.ok();
        assert_eq!(whole["entries"].as_array().unwrap().len(), 4);
        // The trail proves the text and does not hold it.
        let entry = last_audit(&app).await;
        assert_eq!(entry.after["sha256"], mortise::domain::canonical::sha256(b"Please restart it"));
        assert!(!entry.after.to_string().contains("restart"));
        // Another customer's record is not his.
        let wang = app.actor("wang", &[Role::Cus]).await;
        wang.get(&path).await.problem(403, "own");
        wang.post(&path, json!({"text": "me too"})).await.problem(403, "own");
        let events = app.desk.store.events_after(ORG, 0, 1000).await.unwrap();
        let said: Vec<_> = events.iter().filter(|e| e.kind == "record.inc.commented").collect();
        assert_eq!(said.len(), 3);
        assert_eq!((&said[1].data["visibility"], &said[1].data["actor"]), (&json!("internal"), &json!("agent")));
    });
}

#[test]
fn the_first_public_answer_by_staff_is_marked_and_moves_no_clock() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let record = format!("/records/incident/{number}");
        let path = format!("{record}/comments");
        let before = agent.get(&record).await.ok();
        let first = async |text: &str, visibility: &str| {
            let comment = agent.post(&path, json!({"text": text, "visibility": visibility})).await.ok();
            comment["first_answer"].clone()
        };
        assert_eq!(first("looks odd", "internal").await, false);
        assert_eq!(first("We are on it", "public").await, true);
        assert_eq!(first("Still on it", "public").await, false);
        assert_eq!(agent.get(&record).await.ok(), before);
        // What keeps no time of an answer has no first one.
        let item = agent.create("action-item", json!({"title": "Call"})).await;
        let path = format!("/records/action-item/{item}/comments");
        assert_eq!(agent.post(&path, json!({"text": "x", "visibility": "public"})).await.ok()["first_answer"], false);
    });
}

#[test]
fn a_mention_lets_a_user_watch() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        app.actor("li.wei", &[Role::Te]).await;
        app.actor("张三", &[Role::Te]).await;
        app.actor("张三丰", &[Role::Te]).await;
        app.actor_of("other", "stranger", &[Role::Te]).await;
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}/comments");
        let text = "@li.wei, 请@张三丰和@张三看一下 (not @nobody, @stranger or zhao@example.com)";
        agent.post(&path, json!({ "text": text })).await.ok();
        let watchers = agent.get(&format!("/records/incident/{number}/watchers")).await.ok();
        let mut users = column(&watchers["watchers"], "user");
        users.sort_by_key(ToString::to_string);
        assert_eq!(users, [json!("li.wei"), json!("张三"), json!("张三丰")]);
        assert_eq!(last_audit(&app).await.after["mentions"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn what_is_taken_back_leaves_a_trace() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}/comments");
        let comment = agent.post(&path, json!({"text": "my password is x", "visibility": "public"})).await.ok();
        let id = comment["id"].as_str().unwrap().to_owned();
        let retract = format!("{path}/{id}/retract");
        let reason = json!({"reason": "not meant for the record"});
        zhao.post(&retract, reason.clone()).await.problem(403, "own");
        app.technician().await.post(&retract, reason.clone()).await.problem(403, "own");
        agent.post(&retract, json!({"reason": " "})).await.problem(422, "reason-required");
        agent.post(&retract, json!({"why": "x"})).await.problem(422, "unknown-field");
        agent.post(&format!("{path}/nothing/retract"), reason.clone()).await.problem(404, "not-found");
        let left = agent.post(&retract, reason.clone()).await.ok();
        assert_eq!((&left["text"], &left["retracted"]["reason"]), (&json!(null), &json!("not meant for the record")));
        agent.post(&retract, reason).await.problem(409, "retracted");
        for who in [&zhao, &agent] {
            let list = who.get(&path).await;
            assert!(!list.text.contains("password"));
            assert_eq!(list.ok()["comments"][0]["retracted"]["by"], "agent");
        }
        let entry = last_audit(&app).await;
        assert_eq!((entry.action.as_str(), entry.reason.as_str()), ("comment:retract", "not meant for the record"));
        // An internal comment is not there for a customer, whatever he asks about it.
        let inside = agent.post(&path, json!({"text": "inside"})).await.ok();
        let path = format!("{path}/{}/retract", inside["id"].as_str().unwrap());
        zhao.post(&path, json!({"reason": "x"})).await.problem(404, "not-found");
        // An administrator may take back anybody's.
        let both = app.actor("root", &[Role::Adm, Role::Po]).await;
        both.post(&path, json!({"reason": "house rules"})).await.ok();
    });
}

#[test]
fn what_cannot_be_said() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}/comments");
        for (body, rule, field) in [
            (json!({}), "required", "text"),
            (json!({"text": " \n"}), "required", "text"),
            (json!({"text": 7}), "type", "text"),
            (json!({"text": "bell \u{7}"}), "format", "text"),
            (json!({"text": "好".repeat(22_000)}), "range", "text"),
            (json!({"text": "x", "visibility": "secret"}), "enum", "visibility"),
            (json!({"text": "x", "visible": "public"}), "unknown-field", "visible"),
        ] {
            let problem = agent.post(&path, body).await.problem(422, rule);
            assert_eq!(problem["field"], field);
        }
        agent.post(&path, json!({"text": "好".repeat(21_845)})).await.ok();
        zhao.post(&path, json!({"text": "x", "visibility": "internal"})).await.problem(403, "role");
        // An auditor reads everything and changes nothing.
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        auditor.get(&path).await.ok();
        auditor.post(&path, json!({"text": "hm"})).await.problem(403, "role");
        // His own work is audits, and what he raises.
        let raised = json!({"title": "No template", "source": number, "clause": "8.6.1", "grade": "minor"});
        let raised = auditor.create("nonconformity", raised).await;
        auditor.post(&format!("/records/nonconformity/{raised}/comments"), json!({"text": "seen"})).await.ok();
        let programme = auditor.create("audit-programme", json!({"title": "2026", "year": 2026})).await;
        auditor.post(&format!("/records/audit-programme/{programme}/comments"), json!({"text": "seen"})).await.ok();
        let others = json!({"title": "Theirs", "source": number, "clause": "8.6.1", "grade": "minor"});
        let others = agent.create("nonconformity", others).await;
        let theirs = format!("/records/nonconformity/{others}/comments");
        auditor.post(&theirs, json!({"text": "hm"})).await.problem(403, "role");
        agent.post("/records/incident/INC-2026-999999/comments", json!({"text": "x"})).await.problem(404, "not-found");
        agent.post("/records/no-such/X/comments", json!({"text": "x"})).await.problem(404, "unknown-kind");
        agent.get(&format!("{path}?cursor=x")).await.problem(400, "cursor");
        agent.go("incident", &number, "cancelled", json!({})).await;
        let problem = agent.post(&path, json!({"text": "too late"})).await.problem(409, "closed-record");
        assert!(problem["detail"].as_str().unwrap().contains(&number));
    });
}
