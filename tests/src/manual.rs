//! Decisions by people, where a component could not decide.

use mortise::domain::Role;
use mortise::flows::verify;
use serde_json::{Value, json};

use crate::app::{Agreed, Client, Desktop, ORG, component, for_each_db};

fn incident(agreed: &Agreed) -> Value {
    json!({"title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1})
}

async fn activate(admin: &Client, process: &str, name: &str) {
    let digest = admin.upload(component(name)).await.ok()["digest"].clone();
    let wish = json!({"process": process, "component": digest, "reason": "for the story"});
    admin.post("/activations", wish).await.ok();
}

async fn waiting(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/manual-decisions{query}")).await.ok();
    page["waiting"].as_array().unwrap().clone()
}

/// The only entry about a record.
async fn entry(client: &Client, record: &str) -> Value {
    let found = waiting(client, &format!("?record={record}")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    client.get(&format!("/manual-decisions/{}", found[0]["id"].as_str().unwrap())).await.ok()
}

fn decide(entry: &Value) -> String {
    format!("/manual-decisions/{}/decide", entry["id"].as_str().unwrap())
}

async fn newest_decision(client: &Client, record: &str) -> Value {
    client.get(&format!("/decisions?record={record}&limit=1")).await.ok()["decisions"][0].clone()
}

async fn is_sound(app: &Desktop) {
    let mut found = Vec::new();
    verify::run(&app.desk, ORG, &mut |finding| found.push(finding)).await.unwrap();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_person_decides_what_a_component_could_not() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let number = agent.create("incident", incident(&mail)).await;
        activate(&admin, "sla", "guests/trap").await;
        let path = format!("/records/incident/{number}");
        let waits = agent.patch(&path, json!({"urgency": 2})).await.ok();
        assert_eq!(waits["manual"], true);

        let entry = entry(&agent, &number).await;
        assert_eq!(entry["failure"]["failure"], "trap", "{entry}");
        assert_eq!(entry["request"]["ticket"]["history"].as_array().unwrap().len(), 2);
        assert_eq!((&entry["kind"], &entry["revision"]), (&json!("incident"), &waits["revision"]));
        assert_eq!(entry["step"], Value::Null);
        let mut outcome = entry["last"]["output"]["outcome"].clone();
        assert_eq!(outcome["priority"], "P1");
        outcome["priority"] = json!("P2");
        let answer = json!({"outcome": outcome, "reason": "agreed by telephone"});

        let customer = app.actor("li", &[Role::Cus]).await;
        customer.get(&decide(&entry).replace("/decide", "")).await.problem(404, "not-found");
        assert_eq!(customer.post(&decide(&entry), answer.clone()).await.status, 403);
        admin.post(&decide(&entry), answer.clone()).await.problem(403, "role");
        let wrong = json!({"outcome": {"priority": "P2"}, "reason": "x"});
        agent.post(&decide(&entry), wrong).await.problem(422, "impossible-outcome");
        let mut wrong = answer.clone();
        wrong["outcome"]["resolution"]["state"] = json!("never");
        agent.post(&decide(&entry), wrong).await.problem(422, "impossible-outcome");
        agent.post(&decide(&entry), json!({"reason": "x"})).await.problem(422, "required");
        let body = answer.to_string().into_bytes();
        let headers = [("if-match", "\"1\""), ("content-type", "application/json")];
        agent.send("POST", &decide(&entry), &headers, Some(body)).await.problem(412, "stale");

        let record = agent.post(&decide(&entry), answer.clone()).await.ok();
        assert_eq!((&record["manual"], &record["priority"]), (&json!(false), &json!("P2")), "{record}");
        assert_eq!(record["revision"], json!(waits["revision"].as_i64().unwrap() + 1));
        let decision = newest_decision(&agent, &number).await;
        assert_eq!(record["sla"]["decision"], decision["id"]);
        assert_eq!((&decision["event"], &decision["status"]), (&json!("decide"), &json!("ok")));
        assert_eq!((&decision["component"], &decision["component_name"]), (&json!(""), &json!("person:agent")));
        assert_eq!(decision["output"]["reasons"][0]["message"], "agreed by telephone");
        assert_eq!(decision["generation"], 2);
        let id = decision["id"].as_str().unwrap();
        agent.post(&format!("/decisions/{id}/replay"), json!({})).await.problem(409, "decided-by-person");

        assert_eq!(waiting(&agent, "").await, Vec::<Value>::new());
        let gone = agent.get(&decide(&entry).replace("/decide", "")).await.ok();
        assert_eq!(gone["resolved_by"], decision["id"]);
        agent.post(&decide(&entry), answer).await.problem(409, "decided-already");
        let history = agent.get(&format!("{path}/history")).await.ok();
        let last = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["action"], &last["reason"]), (&json!("decide"), &json!("agreed by telephone")), "{history}");
        is_sound(&app).await;
    });
}

#[test]
fn the_component_is_asked_once_more() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        activate(&admin, "sla", "guests/trap").await;
        let number = agent.create("incident", incident(&mail)).await;
        let first = entry(&agent, &number).await;
        let retry = |entry: &Value| decide(entry).replace("/decide", "/retry");
        // It fails again: the record waits on, under a new entry.
        let record = agent.post(&retry(&first), json!({})).await.ok();
        assert_eq!(record["manual"], true);
        let second = entry(&agent, &number).await;
        assert_ne!(second["id"], first["id"]);
        assert_eq!(newest_decision(&agent, &number).await["event"], "retry");
        admin.post("/activations/rollback", json!({"process": "sla"})).await.ok();
        let record = admin.post(&retry(&second), json!({"reason": "it was rolled back"})).await.ok();
        assert_eq!((&record["manual"], &record["priority"]), (&json!(false), &json!("P1")), "{record}");
        assert_eq!(waiting(&agent, "").await, Vec::<Value>::new());
        is_sound(&app).await;
    });
}

/// An organisation in which no component decides.
const BARE: &str = "bare";

#[test]
fn who_asks_for_a_change_does_not_decide_its_risk() {
    for_each_db(|app| async move {
        let fields = json!({
            "title": "New disk", "type": "normal", "reason": "it is old", "impact": "none expected",
            "backout": {"state": "tested", "duration_min": 10}, "tests": {"planned": 10, "passed": 10},
            "window_from": "2026-03-04T20:00:00Z", "window_to": "2026-03-04T21:00:00Z",
            "timing": "maintenance-window", "cost": {"amount": "0.00", "currency": "CNY"}, "complexity": "simple",
            "cis": []
        });
        // The same change where a component decides.
        let other = app.technician().await;
        let twin = other.create("change", fields.clone()).await;
        let twin_record = other.go("change", &twin, "submitted", json!({})).await;
        let outcome = newest_decision(&app.change_manager().await, &twin).await["output"]["outcome"].clone();

        let technician = app.actor_of(BARE, "technician", &[Role::Te, Role::Cm]).await;
        let manager = app.actor_of(BARE, "manager", &[Role::Cm]).await;
        let number = technician.create("change", fields).await;
        let record = technician.go("change", &number, "submitted", json!({})).await;
        assert_eq!((&record["manual"], record.get("assessment")), (&json!(true), None));
        let entry = entry(&manager, &number).await;
        assert_eq!((&entry["decision"], &entry["request"]), (&json!(""), &Value::Null));
        assert_eq!(entry["deciders"], json!(["PO", "CM"]));
        let answer = json!({"outcome": outcome, "reason": "the board agreed"});
        technician.post(&decide(&entry), answer.clone()).await.problem(403, "separation-of-duties");
        let record = manager.post(&decide(&entry), answer).await.ok();
        assert_eq!((&record["manual"], &record["state"]), (&json!(false), &json!("submitted")));
        assert_eq!(record["assessment"]["score"], twin_record["assessment"]["score"]);
        assert_eq!(newest_decision(&manager, &number).await["component_name"], "person:manager");
    });
}

#[test]
fn a_step_that_waited_is_taken_with_the_decision() {
    for_each_db(|app| async move {
        let owner = app.actor_of(BARE, "budget-owner", &[Role::Bud]).await;
        let top = app.actor_of(BARE, "director", &[Role::Top]).await;
        let other = app.actor_of(BARE, "other-owner", &[Role::Bud]).await;
        let cny = |amount: &str| json!({"amount": amount, "currency": "CNY"});
        let budget = json!({
            "title": "IT 2026", "year": 2026, "currency": "CNY", "periods": ["2026-01"], "total": cny("9.00")
        });
        let budget = owner.create("budget", budget).await;
        top.go("budget", &budget, "approved", json!({})).await;
        let line = json!({
            "title": "room", "budget": budget, "cost_type": "facility", "nature": "indirect", "amount": cny("9.00"),
            "forecast_to_go": cny("0.00"), "line_owner": "budget-owner"
        });
        let line = owner.create("budget-line", line).await;
        let fields = json!({"title": "rent", "line": line, "amount": cny("4.00"), "on": "2026-01-31"});
        let cost = owner.create("cost-entry", fields).await;
        let record = owner.go("cost-entry", &cost, "posted", json!({})).await;
        assert_eq!((&record["state"], &record["manual"]), (&json!("draft"), &json!(true)));

        let entry = entry(&other, &cost).await;
        assert_eq!((&entry["step"], &entry["process"]), (&json!("posted"), &json!("budget")));
        let answer = |period: &str| {
            json!({
                "outcome": {"posted_period": period, "prior_period": false}, "reason": "there is one period"
            })
        };
        owner.post(&decide(&entry), answer("2026-01")).await.problem(403, "separation-of-duties");
        // The process looks at what a person says as it looks at a component's answer.
        other.post(&decide(&entry), answer("2027-01")).await.problem(422, "impossible-outcome");
        let record = other.post(&decide(&entry), answer("2026-01")).await.ok();
        assert_eq!((&record["state"], &record["posted_period"]), (&json!("posted"), &json!("2026-01")), "{record}");
        assert_eq!(record["manual"], false);
        let line = owner.get(&format!("/records/budget-line/{line}")).await.ok();
        assert_eq!(line["figures"]["available"], "5.00");
        assert_eq!(waiting(&other, &format!("?record={cost}")).await, Vec::<Value>::new());
    });
}

#[test]
fn the_queue_is_read_page_by_page() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        activate(&admin, "sla", "guests/trap").await;
        let mut made = Vec::new();
        // The fifth failure would trip the breaker.
        for _ in 0..4 {
            made.push(agent.create("incident", incident(&mail)).await);
        }
        let mut found = Vec::new();
        let mut next = String::new();
        loop {
            let page = agent.get(&format!("/manual-decisions?limit=2{next}")).await.ok();
            found.extend(page["waiting"].as_array().unwrap().iter().map(|w| w["record"].as_str().unwrap().to_owned()));
            match &page["next"] {
                Value::String(cursor) => next = format!("&cursor={cursor}"),
                _ => break,
            }
        }
        assert_eq!(found, made);
        assert_eq!(waiting(&agent, "?process=budget").await, Vec::<Value>::new());
        agent.get(&format!("/manual-decisions?process=sla{next}")).await.problem(400, "cursor");
        // What is closed waits for nobody.
        let path = format!("/records/incident/{}", made[0]);
        agent.go("incident", &made[0], "cancelled", json!({})).await;
        assert_eq!(agent.get(&path).await.ok()["manual"], false);
        assert_eq!(waiting(&agent, &format!("?record={}", made[0])).await, Vec::<Value>::new());
        assert_eq!(waiting(&agent, "").await.len(), 3);
        is_sound(&app).await;
    });
}
