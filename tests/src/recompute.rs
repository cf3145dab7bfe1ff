//! Open records decided again after an activation.

use mortise::domain::Role;
use mortise::flows::jobs;
use serde_json::{Value, json};

use crate::app::{Agreed, Client, Desktop, component, for_each_db};

fn incident(agreed: &Agreed) -> Value {
    json!({"title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1})
}

async fn activate(admin: &Client, name: &str, scope: Value) -> Value {
    let digest = admin.upload(component(name)).await.ok()["digest"].clone();
    let wish = json!({"process": "sla", "component": digest, "scope": scope, "reason": "for the story"});
    admin.post("/activations", wish).await.ok()
}

/// Starts the job, does it, and gives its report.
async fn recompute(app: &Desktop, client: &Client, activation: &Value, body: Value) -> Value {
    let id = activation["id"].as_str().unwrap();
    let answer = client.post(&format!("/activations/{id}/recompute"), body).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let job = answer.ok()["id"].as_str().unwrap().to_owned();
    jobs::run(&app.desk).await.unwrap();
    let report = client.get(&format!("/recomputes/{job}")).await.ok();
    assert_eq!(report["state"], "done", "{report}");
    report
}

async fn items(client: &Client, report: &Value) -> Vec<(String, String)> {
    let id = report["id"].as_str().unwrap();
    let page = client.get(&format!("/jobs/{id}/items?limit=500")).await.ok();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    page["items"].as_array().unwrap().iter().map(|item| (text(&item["number"]), text(&item["outcome"]))).collect()
}

fn target(record: &Value) -> i64 {
    record["sla"]["resolution"]["target_s"].as_i64().unwrap()
}

#[test]
fn open_records_are_compared_and_then_decided_again() {
    for_each_db(|app| async move {
        let (mail, erp) = (app.agreed_service("Mail").await, app.agreed_service("ERP").await);
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let mut open = Vec::new();
        for _ in 0..3 {
            open.push(agent.create("incident", incident(&mail)).await);
        }
        let elsewhere = agent.create("incident", incident(&erp)).await;
        let closed = agent.create("incident", incident(&mail)).await;
        agent.go("incident", &closed, "cancelled", json!({})).await;
        let path = |number: &str| format!("/records/incident/{number}");
        let record = |number: String| {
            let agent = agent.clone();
            async move { agent.get(&path(&number)).await.ok() }
        };
        let before = record(open[0].clone()).await;
        let closed_before = record(closed.clone()).await;

        let scope = json!({"kind": "service", "value": mail.service});
        let double = activate(&admin, "guests/sla-double", scope).await;
        let id = double["id"].as_str().unwrap();
        agent.post(&format!("/activations/{id}/recompute"), json!({})).await.problem(403, "role");
        let apply = format!("/activations/{id}/recompute");
        admin.post(&apply, json!({"apply": true})).await.problem(422, "required");
        admin.post("/activations/none/recompute", json!({})).await.problem(404, "not-found");

        let report = recompute(&app, &admin, &double, json!({})).await;
        let summary = &report["summary"];
        assert_eq!((&summary["decisions"], &summary["differs"]), (&json!(3), &json!(3)), "{report}");
        assert_eq!(record(open[0].clone()).await, before, "nothing is written");
        let page = admin.get(&format!("/recomputes/{}/decisions", report["id"].as_str().unwrap())).await.ok();
        let rows = page["decisions"].as_array().unwrap();
        let numbers: Vec<&str> = rows.iter().map(|row| row["record"].as_str().unwrap()).collect();
        assert_eq!(numbers, open.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(rows[0]["old"]["outcome"]["resolution"]["target_s"], 7200);
        assert_eq!(rows[0]["new"]["outcome"]["resolution"]["target_s"], 14400);
        assert_eq!((&rows[0]["decision"], &rows[0]["decided"]), (&before["sla"]["decision"], &Value::Null));
        let outcomes = items(&admin, &report).await;
        assert!(outcomes.contains(&(elsewhere.clone(), "skipped".to_owned())), "{outcomes:?}");
        assert!(outcomes.iter().all(|(number, _)| *number != closed), "{outcomes:?}");

        let report = recompute(&app, &admin, &double, json!({"apply": true, "reason": "new targets"})).await;
        assert_eq!(report["summary"]["differs"], 3, "{report}");
        let page = admin.get(&format!("/recomputes/{}/decisions", report["id"].as_str().unwrap())).await.ok();
        for (number, row) in open.iter().zip(page["decisions"].as_array().unwrap()) {
            let after = record(number.clone()).await;
            assert_eq!((target(&after), &after["sla"]["decision"]), (14400, &row["decided"]));
            let id = row["decided"].as_str().unwrap();
            let decision = admin.get(&format!("/decisions/{id}")).await.ok();
            assert_eq!((&decision["event"], &decision["component"]), (&json!("recompute"), &double["component"]));
            assert_eq!(decision["activation"], double["id"]);
            let history = agent.get(&format!("{}/history", path(number))).await.ok();
            let last = history["entries"].as_array().unwrap().last().unwrap().clone();
            let said = (&last["action"], &last["actor"], &last["reason"]);
            assert_eq!(said, (&json!("recompute"), &json!("administrator"), &json!("new targets")));
        }
        assert_eq!(target(&record(elsewhere).await), 7200);
        assert_eq!(record(closed).await, closed_before, "a closed record stays as it is");
        let file = admin.get(&format!("/recomputes/{}/export", report["id"].as_str().unwrap())).await;
        assert_eq!(file.text.lines().count(), 4, "{}", file.text);
        let again = recompute(&app, &admin, &double, json!({})).await;
        assert_eq!(again["summary"]["same"], 3, "{again}");
    });
}

#[test]
fn a_component_that_fails_takes_nothing_away() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let number = agent.create("incident", incident(&mail)).await;
        let path = format!("/records/incident/{number}");
        let before = agent.get(&path).await.ok();
        let trap = activate(&admin, "guests/trap", json!({"kind": "kind", "value": "incident"})).await;
        let report = recompute(&app, &admin, &trap, json!({"apply": true, "reason": "x"})).await;
        assert_eq!(report["summary"]["fails"], 1, "{report}");
        assert_eq!(items(&admin, &report).await, [(number, "failed".to_owned())]);
        assert_eq!(agent.get(&path).await.ok(), before);
        // What has ended decides about nothing.
        admin.post("/activations/rollback", json!({"process": "sla", "scope": trap["scope"]})).await.ok();
        let id = trap["id"].as_str().unwrap();
        admin.post(&format!("/activations/{id}/recompute"), json!({})).await.problem(409, "activation-ended");
    });
}

#[test]
fn bookings_are_not_decided_again() {
    for_each_db(|app| async move {
        let admin = app.actor("administrator", &[Role::Adm]).await;
        let digest =
            admin.get("/activations?process=budget&live=true").await.ok()["activations"][0]["component"].clone();
        let scope = json!({"kind": "kind", "value": "cost-entry"});
        let wish = json!({"process": "budget", "component": digest, "scope": scope});
        let made = admin.post("/activations", wish).await.ok();
        let id = made["id"].as_str().unwrap();
        admin.post(&format!("/activations/{id}/recompute"), json!({})).await.problem(409, "not-decided-again");
    });
}
