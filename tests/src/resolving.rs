//! What the host proposes and does by itself where services are restored: triage, major incidents, problems that come
//! again, contacts (guide, P34 to P38).

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Agreed, Client, Desktop, ORG, for_each_db};

async fn read(client: &Client, kind: &str, number: &str) -> Value {
    client.get(&format!("/records/{kind}/{number}")).await.ok()
}

fn with(base: Value, more: Value) -> Value {
    let mut fields = base;
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fields
}

/// The fields of an incident of priority P3 that can be worked off.
fn incident(agreed: &Agreed) -> Value {
    json!({
        "title": "no mail", "service": agreed.service, "customer": agreed.customer, "caller": "zhao",
        "channel": "phone", "category": "mail", "impact": 2, "urgency": 2
    })
}

async fn resolve(agent: &Client, number: &str) -> Value {
    agent.go("incident", number, "assigned", json!({})).await;
    agent.go("incident", number, "in_progress", json!({})).await;
    agent.go("incident", number, "resolved", json!({"solution": "restart", "closure_code": "done"})).await
}

/// Whether the reminder of that name was given for a record.
async fn reminded(app: &Desktop, number: &str, name: &str) -> bool {
    let events = app.desk.store.events_after(ORG, 0, 10_000).await.unwrap();
    events.iter().any(|e| e.number == number && e.kind.ends_with(&format!(".reminder.{name}")))
}

#[test]
fn a_major_incident_is_found_by_its_criteria_and_closed_with_its_record() {
    for_each_db(|app| async move {
        let (agent, owner) = (app.agent().await, app.actor("owner", &[Role::Po]).await);
        let agreed = app.agreed_service("Mail").await;
        let base = incident(&agreed);
        let make = async |more: Value| agent.create("incident", with(base.clone(), more)).await;
        // The priority is the component's; what reads it is worked out after it.
        let gravest = make(json!({"impact": 1, "urgency": 1})).await;
        assert_eq!(read(&agent, "incident", &gravest).await["major_criteria"], json!(["priority"]));
        let many = make(json!({"affected_users": 100})).await;
        let record = read(&agent, "incident", &many).await;
        assert_eq!(
            (&record["major_criteria"], &record["priority"], &record["proposed_priority"]),
            (&json!(["users"]), &json!("P3"), &json!("P1"))
        );
        let fewer = make(json!({"affected_users": 99, "service_down": true})).await;
        // The service is of tier 3: that it is down makes nothing major.
        assert_eq!(read(&agent, "incident", &fewer).await["major_criteria"], Value::Null);
        app.at("2026-03-03T01:01:00Z").await;
        for (number, told) in [(&gravest, true), (&many, true), (&fewer, false)] {
            assert_eq!(reminded(&app, number, "major-incident-check").await, told, "{number}");
        }
        let critical = owner.patch(&format!("/records/service/{}", agreed.service), json!({"criticality": 4})).await;
        assert_eq!(critical.ok()["criticality"], 4);
        let down = make(json!({"service_down": true})).await;
        assert_eq!(read(&agent, "incident", &down).await["major_criteria"], json!(["service-down"]));
        // What was worked out of the service is worked out again with the incident's next change.
        agent.patch(&format!("/records/incident/{fewer}"), json!({"affected_users": 98})).await.ok();
        assert_eq!(read(&agent, "incident", &fewer).await["major_criteria"], json!(["service-down"]));

        // It stays resolved, whoever closes it, until it was declared.
        resolve(&agent, &many).await;
        let refused = agent
            .post(&format!("/records/incident/{many}/transitions/closed"), json!({}))
            .await
            .problem(422, "major-has-its-procedure");
        assert_eq!(refused["field"], "major");
        assert!(refused["detail"].as_str().unwrap().contains("MIR"), "{refused}");
        app.at("2026-03-10T01:00:00Z").await;
        assert_eq!(read(&agent, "incident", &many).await["state"], "resolved");
        let declared = json!({
            "title": "No mail", "incident": many, "manager": "li", "timeline": "09:00 down",
            "updates": [{"at": "2026-03-03T01:05:00Z", "text": "we work on it"}],
            "informed_top_at": "2026-03-03T01:05:00Z"
        });
        let major = owner.create("major-incident", declared).await;
        owner.go("major-incident", &major, "handling", json!({})).await;
        agent.go("incident", &many, "closed", json!({})).await;
        let plain = make(json!({})).await;
        // One that meets no criterion is no major incident, and is closed like any other.
        let none = json!({
            "title": "Nothing", "incident": plain, "manager": "li", "timeline": "-",
            "updates": [{"at": "2026-03-10T01:00:00Z", "text": "-"}], "informed_top_at": "2026-03-10T01:00:00Z"
        });
        let none = owner.create("major-incident", none).await;
        let path = format!("/records/major-incident/{none}/transitions/handling");
        owner.post(&path, json!({})).await.problem(422, "incident-is-major");
        resolve(&agent, &plain).await;
        agent.go("incident", &plain, "closed", json!({})).await;
    });
}

#[test]
fn the_triage_rule_proposes_priority_group_and_who_takes_it() {
    for_each_db(|app| async move {
        let (agent, owner) = (app.agent().await, app.actor("owner", &[Role::Po]).await);
        let agreed = app.agreed_service("Mail").await;
        let groups = json!({"category_groups": [{"category": "database", "group": "dba"}]});
        owner.patch(&format!("/records/service/{}", agreed.service), groups).await.ok();
        for (user, skill, held) in [("li", "network", 3), ("zhang", "network", 3), ("wu", "network", 1)] {
            let entry = json!({
                "title": "skill", "user": user, "skill": skill, "required": 2, "held": held, "weight": 1
            });
            owner.create("skill-entry", entry).await;
        }
        let base = incident(&agreed);
        let make = async |more: Value| agent.create("incident", with(base.clone(), more)).await;
        // The guide's loads: li has one P3 (3), zhang a P2 and a P4 (4 + 2).
        for (user, impact, urgency) in [("li", 2, 2), ("zhang", 1, 2), ("zhang", 2, 3)] {
            make(json!({"assignee": user, "impact": impact, "urgency": urgency})).await;
        }
        let fields = json!({
            "title": "Switch", "type": "switch", "unique_id": "sw-1", "criticality": 2, "services": [agreed.service],
            "relations": [], "attributes": {"model": "S5"}, "support_group": "network"
        });
        let switch = owner.create("configuration-item", fields).await;
        let number = make(json!({"impact": 2, "urgency": 1, "ci": switch, "skill": "network"})).await;
        let triage = |number: &str| format!("/records/incident/{number}/triage");
        let proposal = agent.get(&triage(&number)).await.ok();
        assert_eq!(
            proposal,
            json!({
                "record": number, "priority": "P2", "major_criteria": [], "group": "network", "skill": "network",
                "candidates": [{"user": "li", "load": 3}, {"user": "zhang", "load": 6}], "assignee": "li"
            })
        );
        // Nothing was assigned by it.
        assert_eq!(read(&agent, "incident", &number).await["assignee"], Value::Null);
        // Security goes before the item's group, and nobody is skilled.
        let fields = json!({"impact": 3, "urgency": 3, "ci": switch, "security": true, "skill": "forensics"});
        let number = make(fields).await;
        let proposal = agent.get(&triage(&number)).await.ok();
        assert_eq!(
            (&proposal["priority"], &proposal["group"], &proposal["assignee"]),
            (&json!("P2"), &json!("security-response"), &Value::Null)
        );
        app.at("2026-03-03T01:01:00Z").await;
        assert!(reminded(&app, &number, "triage").await);
        // Without an item, by the category of the service; else the service desk.
        let number = make(json!({"category": "database"})).await;
        assert_eq!(agent.get(&triage(&number)).await.ok()["group"], "dba");
        let number = make(json!({})).await;
        assert_eq!(agent.get(&triage(&number)).await.ok()["group"], "service-desk");
        // Only who works on incidents is told; only incidents are triaged.
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        auditor.get(&triage(&number)).await.problem(403, "role");
        owner.get(&format!("/records/service/{}/triage", agreed.service)).await.problem(409, "no-triage");
    });
}

async fn server(app: &Desktop, agreed: &Agreed, id: &str) -> String {
    let fields = json!({
        "title": id, "type": "server", "unique_id": id, "criticality": 2, "services": [agreed.service],
        "relations": [], "attributes": {"model": "R7"}
    });
    app.actor("owner", &[Role::Po]).await.create("configuration-item", fields).await
}

async fn problems(client: &Client) -> Vec<Value> {
    client.get("/records/problem").await.ok()["records"].as_array().unwrap().clone()
}

#[test]
fn incidents_that_come_again_open_a_problem_or_are_attached_to_it() {
    for_each_db(|app| async move {
        let (agent, owner) = (app.agent().await, app.actor("owner", &[Role::Po]).await);
        let agreed = app.agreed_service("Mail").await;
        let server = server(&app, &agreed, "srv-1").await;
        let base = with(incident(&agreed), json!({"ci": server, "impact": 2, "urgency": 3}));
        let make = async |more: Value| agent.create("incident", with(base.clone(), more)).await;
        // Three P4 within thirty days: a problem, when the third is resolved.
        let mut numbers = Vec::new();
        for _ in 0..2 {
            let number = make(json!({})).await;
            resolve(&agent, &number).await;
            numbers.push(number);
        }
        // Of another category, or cancelled: not the same.
        let other = make(json!({"category": "print"})).await;
        let none = make(json!({})).await;
        agent.go("incident", &none, "cancelled", json!({})).await;
        resolve(&agent, &other).await;
        assert!(problems(&owner).await.is_empty());
        let third = make(json!({})).await;
        let record = resolve(&agent, &third).await;
        numbers.push(third.clone());
        let found = problems(&owner).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let problem = found[0]["number"].as_str().unwrap().to_owned();
        assert_eq!(record["problem"], json!(problem), "{record}");
        assert_eq!(
            (&found[0]["incidents"], &found[0]["category"], &found[0]["priority"], &found[0]["cis"]),
            (&json!(numbers), &json!("mail"), &json!("P4"), &json!([server]))
        );
        assert_eq!((&found[0]["created_by"], &found[0]["state"]), (&json!("mortise"), &json!("logged")));
        // The next one is attached to it; the trail says that the host did it.
        let fourth = make(json!({})).await;
        assert_eq!(resolve(&agent, &fourth).await["problem"], json!(problem));
        let attached = read(&owner, "problem", &problem).await;
        assert!(attached["incidents"].as_array().unwrap().contains(&json!(fourth)), "{attached}");
        let history = owner.get(&format!("/records/problem/{problem}/history")).await.ok();
        let last = history["entries"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["action"], &last["actor"]), (&json!("update"), &json!("mortise")));
        // Where it was closed as no problem, the next is opened anew.
        owner.go("problem", &problem, "rejected", json!({})).await;
        let fifth = make(json!({})).await;
        let anew = resolve(&agent, &fifth).await["problem"].clone();
        assert!(anew.is_string() && anew != json!(problem), "{anew}");

        // Thirty days later the old ones count no more.
        owner.go("problem", anew.as_str().unwrap(), "rejected", json!({})).await;
        app.at("2026-04-02T02:00:00Z").await;
        let late = make(json!({})).await;
        assert_eq!(resolve(&agent, &late).await["problem"], Value::Null);
        // A P1 is a problem by itself, seen in the night though nobody has resolved it.
        let gravest = make(json!({"impact": 1, "urgency": 1, "category": "disk"})).await;
        let before = problems(&owner).await.len();
        app.at("2026-04-03T00:00:00Z").await;
        let found = problems(&owner).await;
        assert_eq!(found.len(), before + 1);
        let record = read(&agent, "incident", &gravest).await;
        assert_eq!((&record["state"], &record["problem"]), (&json!("new"), &found[0]["number"]));
        assert_eq!(found[0]["priority"], "P1");
    });
}

#[test]
fn incidents_resolved_at_once_open_one_problem() {
    for_each_db(|app| async move {
        let (agent, owner) = (app.agent().await, app.actor("owner", &[Role::Po]).await);
        let agreed = app.agreed_service("Mail").await;
        let server = server(&app, &agreed, "srv-1").await;
        let fields = with(incident(&agreed), json!({"ci": server, "impact": 1, "urgency": 2}));
        let mut numbers = Vec::new();
        for _ in 0..6 {
            let number = agent.create("incident", fields.clone()).await;
            agent.go("incident", &number, "assigned", json!({})).await;
            agent.go("incident", &number, "in_progress", json!({})).await;
            numbers.push(number);
        }
        let all = numbers.iter().map(|number| {
            let (agent, path) = (agent.clone(), format!("/records/incident/{number}/transitions/resolved"));
            tokio::spawn(async move { agent.post(&path, json!({"solution": "x", "closure_code": "y"})).await.ok() })
        });
        let mut named = Vec::new();
        for done in all.collect::<Vec<_>>() {
            named.push(done.await.unwrap()["problem"].clone());
        }
        let found = problems(&owner).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(named.iter().all(|problem| *problem == found[0]["number"]), "{named:?}");
        assert_eq!(found[0]["incidents"].as_array().unwrap().len(), 6);
    });
}

#[test]
fn a_contact_is_classified_by_its_words() {
    for_each_db(|app| async move {
        let agent = app.agent().await;
        let agreed = app.agreed_service("Mail").await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let server = server(&app, &agreed, "srv-1").await;
        let entry = json!({
            "title": "Larger mailbox", "services": [agreed.service], "category": "desktop", "functions": "mail",
            "features": "large boxes", "technical_requirements": "a client", "response": 1800, "solution": 14400,
            "price": {"amount": "10.00", "currency": "CNY"}, "settlement": "monthly", "provider_contact": "desk",
            "provider_qualification": "certified", "recipient_guide": "read the guide", "other": "none",
            "review_due": "2026-08-01"
        });
        let entry = owner.create("catalogue-entry", entry).await;
        let others = app.actor("another", &[Role::Po]).await;
        others.go("catalogue-entry", &entry, "approved", json!({})).await;
        others.go("catalogue-entry", &entry, "published", json!({})).await;
        let call = async |title: &str, more: Value| {
            let fields = with(json!({"title": title, "channel": "phone", "caller": "zhao"}), more);
            agent.create("contact", fields).await
        };
        let proposed = async |number: &str| read(&agent, "contact", number).await["proposed_kind"].clone();
        for (title, kind) in [
            ("I want a LARGER mailbox", "request"),
            ("The printer does not work", "incident"),
            ("I complain: the larger mailbox fails", "complaint"),
            ("打印机故障", "incident"),
            ("When is the desk open?", "enquiry"),
        ] {
            let number = call(title, json!({})).await;
            assert_eq!(proposed(&number).await, kind, "{title}");
        }
        // An item with an open incident makes it one more.
        let asks = call("What about my computer?", json!({"cis": [server]})).await;
        assert_eq!(proposed(&asks).await, "enquiry");
        agent.create("incident", with(incident(&agreed), json!({"ci": server}))).await;
        let asks = call("What about my computer?", json!({"cis": [server]})).await;
        assert_eq!(proposed(&asks).await, "incident");
        app.at("2026-03-03T01:01:00Z").await;
        assert!(reminded(&app, &asks, "classify").await);
    });
}

#[test]
fn capacity_is_ordered_before_it_runs_out() {
    for_each_db(|app| async move {
        let owner = app.actor("owner", &[Role::Po]).await;
        let samples: Vec<Value> = [50, 55, 60, 65, 70, 75]
            .iter()
            .enumerate()
            .map(|(n, value)| json!({"at": format!("2026-{:02}-01", n + 1), "value": value.to_string()}))
            .collect();
        let mut wrong = samples.clone();
        wrong.swap(0, 1);
        let fields = |samples: &[Value]| {
            json!({
                "title": "CPU", "resource": "cpu", "kind": "technical", "current": "75", "threshold": "85",
                "lead_days": 30, "samples": samples, "targets_considered": "yes"
            })
        };
        owner.post("/records/capacity-plan-item", fields(&wrong)).await.problem(422, "samples-in-order");
        let number = owner.create("capacity-plan-item", fields(&samples)).await;
        let record = owner.go("capacity-plan-item", &number, "approved", json!({})).await;
        assert_eq!(
            (&record["state"], &record["forecast"], &record["crossing_on"], &record["order_by"]),
            (&json!("active"), &json!("crossing"), &json!("2026-08-01"), &json!("2026-07-02"))
        );
        app.at("2026-07-01T23:59:00Z").await;
        assert!(!reminded(&app, &number, "order").await);
        app.at("2026-07-02T00:00:00Z").await;
        assert!(reminded(&app, &number, "order").await);
    });
}
