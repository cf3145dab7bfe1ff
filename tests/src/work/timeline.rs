//! The time line: everything that happened to a record, in one list, as far as the caller may see it.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use mortise::domain::Role;
use serde_json::{Value, json};

use super::{column, incident};
use crate::app::{Client, for_each_db};

async fn whole(client: &Client, number: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/records/incident/{number}/timeline?limit={limit}{cursor}");
        let page = client.get(&path).await.ok();
        rows.extend(page["timeline"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { return rows };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn everything_that_happened_is_in_one_list() {
    for_each_db(|app| async move {
        let (zhao, agent) = (app.actor("zhao", &[Role::Cus]).await, app.agent().await);
        let number = incident(&app, &zhao, "No mail").await;
        let path = format!("/records/incident/{number}");
        app.at("2026-03-03T01:10:00Z").await;
        agent.post(&format!("{path}/comments"), json!({"text": "inside"})).await.ok();
        agent.post(&format!("{path}/comments"), json!({"text": "hello", "visibility": "public"})).await.ok();
        let file = Some(b"%PDF-1.7".to_vec());
        agent.send("POST", &format!("{path}/attachments?name=a.pdf"), &[], file).await.ok();
        agent.go("incident", &number, "assigned", json!({})).await;
        // The clocks warn and breach by themselves.
        app.at("2026-03-03T05:00:00Z").await;

        let all = whole(&agent, &number, 500).await;
        let sorts: BTreeSet<&str> = all.iter().map(|row| row["sort"].as_str().unwrap()).collect();
        assert!(
            sorts.is_superset(&["attachment", "audit", "comment", "decision", "event", "timer"].into()),
            "{sorts:?}"
        );
        let times: Vec<&str> = all.iter().map(|row| row["at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
        assert!(all.iter().all(|row| row[row["sort"].as_str().unwrap()].is_object()));
        assert!(all[0]["sort"] == "timer" && all[0]["at"].as_str().unwrap() > "2026-03-03T05:00:00Z", "{}", all[0]);
        assert_eq!(all.last().unwrap()["at"], "2026-03-03T01:00:00Z");
        let events = column(&json!(all), "event");
        assert!(events.iter().any(|event| event["type"] == "sla.breached"), "{events:?}");
        let comments: Vec<Value> = column(&json!(all), "comment").into_iter().filter(|c| !c.is_null()).collect();
        assert_eq!(comments.len(), 2);
        // Page by page it is the same list.
        for limit in [1, 2, 3, 7] {
            assert_eq!(whole(&agent, &number, limit).await, all, "in pages of {limit}");
        }
        // A customer sees no more of it than elsewhere.
        let his = whole(&zhao, &number, 2).await;
        assert!(!json!(his).to_string().contains("inside") && !json!(his).to_string().contains("a.pdf"));
        assert_eq!(his.iter().filter(|row| row["sort"] == "comment").count(), 1);
        assert!(!his.iter().any(|row| row["audit"]["after"]["visibility"] == "internal"));
        app.actor("wang", &[Role::Cus]).await.get(&format!("{path}/timeline")).await.problem(403, "own");
        agent.get(&format!("{path}/timeline?cursor=x")).await.problem(400, "cursor");
        agent.get(&format!("{path}/timeline?limit=0")).await.problem(422, "range");
        agent.get("/records/incident/INC-2026-999999/timeline").await.problem(404, "not-found");
    });
}
