//! Decisions and components as records of their kinds.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::{Value, json};

use crate::app::{Agreed, component, for_each_db};

fn incident(agreed: &Agreed) -> Value {
    json!({"title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1})
}

fn numbers(page: &Value) -> Vec<String> {
    page["records"].as_array().unwrap().iter().map(|r| r["number"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn decisions_are_records_that_nobody_writes() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let (agent, auditor) = (app.agent().await, app.actor("auditor", &[Role::Aud]).await);
        let one = agent.create("incident", incident(&agreed)).await;
        let two = agent.create("incident", incident(&agreed)).await;
        let of = auditor.get(&format!("/records/decision-record?subject={one}")).await.ok();
        let [number] = numbers(&of).try_into().unwrap();
        let record = auditor.get(&format!("/records/decision-record/{number}")).await.ok();
        assert_eq!(
            (&record["subject"], &record["event"], &record["status"]),
            (&json!(one), &json!("create"), &json!("ok"))
        );
        assert_eq!((&record["plugin"], &record["fallback"]), (&json!("sla-standard"), &json!(false)));
        assert!(record["fuel"].as_i64().unwrap() > 0 && record["input"].is_object() && record["output"].is_object());
        // The same decision, under its number.
        let same = auditor.get(&format!("/decisions/{}", record["id"].as_str().unwrap())).await.ok();
        assert_eq!(same["number"], number.as_str());

        // Pages, newest first, and back.
        let first = auditor.get("/records/decision-record?limit=1&status=ok").await.ok();
        let next = first["next"].as_str().unwrap();
        let rest = auditor.get(&format!("/records/decision-record?status=ok&limit=500&cursor={next}")).await.ok();
        let mut all = numbers(&first);
        all.extend(numbers(&rest));
        let mut back = numbers(&auditor.get("/records/decision-record?sort=created_at&limit=500").await.ok());
        back.reverse();
        assert_eq!(all, back);
        assert!(all.len() >= 2 && all.iter().all(|number| number.starts_with("DEC-2026-")));
        let none = auditor.get("/records/decision-record?status=trap,timeout,invalid-output").await.ok();
        assert!(numbers(&none).is_empty());
        let until = auditor.get("/records/decision-record?created_at=..2026-01-01T00:00:00Z").await.ok();
        assert!(numbers(&until).is_empty());
        auditor.get("/records/decision-record?plugin=x").await.problem(422, "not-indexed");
        auditor.get("/records/decision-record?status=good").await.problem(422, "enum");

        // A customer sees those about records of his own.
        let customer = app.actor("customer", &[Role::Cus]).await;
        let own = customer.create("incident", incident(&agreed)).await;
        let seen = customer.get("/records/decision-record?limit=500").await.ok();
        let subjects: Vec<_> = seen["records"].as_array().unwrap().iter().map(|r| r["subject"].clone()).collect();
        assert_eq!(subjects, [json!(own)]);
        customer.get(&format!("/records/decision-record/{number}")).await.problem(404, "not-found");

        let admin = app.administrator().await;
        admin.post("/records/decision-record", json!({"title": "x"})).await.problem(409, "view-record");
        let path = format!("/records/decision-record/{number}");
        admin.patch(&path, json!({"title": "x"})).await.problem(409, "view-record");
        admin.post(&format!("{path}/transitions/closed"), json!({})).await.problem(409, "view-record");
        assert!(admin.get(&format!("{path}/transitions")).await.ok()["transitions"].as_array().unwrap().is_empty());

        // Numbers of decisions are references like others.
        let links = |number: &str| json!({"links": [{"type": "judged-by", "ref": number}]});
        agent.patch(&format!("/records/incident/{two}"), links(&number)).await.ok();
        agent.patch(&format!("/records/incident/{two}"), links("DEC-2026-999999")).await.problem(422, "reference");
    });
}

#[test]
fn a_failed_decision_says_how() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let trap = admin.upload(component("guests/trap")).await.ok()["digest"].as_str().unwrap().to_owned();
        let wish = json!({
            "process": "sla", "scope": {"kind": "service", "value": agreed.service}, "component": trap,
            "settings": {}, "reason": "a story"
        });
        admin.post("/activations", wish).await.ok();
        let agent = app.agent().await;
        let number = agent.create("incident", incident(&agreed)).await;
        let seen = admin.get(&format!("/records/decision-record?subject={number}&status=trap")).await.ok();
        let record = &seen["records"][0];
        assert_eq!((&record["status"], &record["fallback"]), (&json!("trap"), &json!(true)), "{seen}");
        let others = admin.get(&format!("/records/decision-record?subject={number}&status=ok,timeout")).await.ok();
        assert!(numbers(&others).is_empty());
    });
}

#[test]
fn components_live_their_lives() {
    for_each_db(|app| async move {
        let (admin, owner) = (app.administrator().await, app.actor("owner", &[Role::Po]).await);
        let publisher = app.actor("publisher", &[Role::Pub]).await;
        let bytes = component("guests/sla-double");
        let digest = publisher.upload(bytes.clone()).await.ok()["digest"].as_str().unwrap().to_owned();
        let find = async |query: &str| admin.get(&format!("/records/component?{query}")).await.ok();
        let [number] = numbers(&find(&format!("sha256={digest}")).await).try_into().unwrap();
        let path = format!("/records/component/{number}");
        let state = async || admin.get(&path).await.ok()["state"].as_str().unwrap().to_owned();
        assert_eq!(state().await, "submitted");
        assert_eq!(numbers(&find("state=active").await).len(), 4);
        let go = |name: &str| format!("{path}/transitions/{name}");
        publisher.post(&go("verified"), json!({})).await.problem(403, "role");
        let both = app.actor("publisher", &[Role::Pub, Role::Adm]).await;
        both.post(&go("verified"), json!({})).await.problem(403, "separation-of-duties");
        let moved = admin.post(&go("verified"), json!({"reason": "looked at"})).await;
        assert_eq!(moved.etag(), "\"2\"");
        moved.ok();
        let stale = admin.send("POST", &go("rejected"), &[("if-match", "\"1\"")], None).await;
        assert!([403, 412].contains(&stale.status), "{}", stale.text);
        owner.post(&go("approved"), json!({})).await.ok();
        owner.post(&go("approved"), json!({})).await.problem(409, "unknown-transition");
        admin.post(&go("active"), json!({})).await.problem(409, "component-live");

        let wish = json!({
            "process": "sla", "scope": {"kind": "organisation"}, "component": digest, "settings": {}, "reason": "a story"
        });
        admin.post("/activations", wish.clone()).await.ok();
        assert_eq!(state().await, "active");
        // What decided before waits to be wanted again.
        assert_eq!(numbers(&find("state=suspended").await).len(), 1);
        owner.post(&go("suspended"), json!({})).await.problem(409, "component-live");
        let back = json!({"process": "sla", "scope": {"kind": "organisation"}, "reason": "no"});
        admin.post("/activations/rollback", back).await.ok();
        assert_eq!(state().await, "suspended");
        admin.post(&go("retired"), json!({})).await.ok();
        admin.post("/activations", wish).await.problem(409, "component-state");
        let history = admin.get(&format!("{path}/history")).await.ok();
        let actions: Vec<_> = history["entries"].as_array().unwrap().iter().map(|e| e["action"].clone()).collect();
        let expected = ["upload", "transition:verified", "transition:approved", "activate"];
        assert_eq!(actions[..4], expected.map(Value::from));
        assert_eq!(actions.last().unwrap(), "transition:retired");
        // Uploaded again, it is what it was.
        let again = admin.upload(bytes).await.ok();
        assert_eq!(again["digest"], digest.as_str());
        assert_eq!(state().await, "retired");
        app.agent().await.get(&path).await.problem(403, "role");
        admin.post("/records/component", json!({"title": "x"})).await.problem(409, "view-record");
    });
}

#[test]
fn decisions_and_components_are_exported_as_they_are_listed() {
    for_each_db(|app| async move {
        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        for _ in 0..3 {
            agent.create("incident", incident(&agreed)).await;
        }
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        for kind in ["decision-record", "component"] {
            let listed = numbers(&auditor.get(&format!("/records/{kind}?sort=created_at&limit=500")).await.ok());
            assert!(listed.len() >= 3, "{kind}");
            let csv = auditor.get(&format!("/records/{kind}/export?format=csv&columns=number")).await.text;
            assert_eq!(csv.lines().skip(1).collect::<Vec<_>>(), listed, "{kind}");
            let jsonl = auditor.get(&format!("/records/{kind}/export?format=jsonl&sort=-created_at")).await.text;
            let rows: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let names: Vec<&str> = rows.iter().rev().map(|row| row["number"].as_str().unwrap()).collect();
            assert_eq!(names, listed, "{kind}");
            let book = async |more: &str| auditor.get(&format!("/records/{kind}/export?format=xlsx{more}")).await.bytes;
            let none = if kind == "component" { "&state=rejected" } else { "&subject=INC-2026-999999" };
            let (all, none) = (book("").await, book(none).await);
            assert!(all.starts_with(b"PK") && all.len() > none.len() + 100, "{kind}: {} {}", all.len(), none.len());
        }
        // Filters are those of the list; a customer gets what he sees.
        let of = format!("/records/decision-record/export?format=csv&columns=number&subject={}", "INC-2026-000002");
        assert_eq!(auditor.get(&of).await.text.lines().count(), 2);
        auditor.get("/records/decision-record/export?format=csv&plugin=x").await.problem(422, "not-indexed");
        let customer = app.actor("customer", &[Role::Cus]).await;
        assert_eq!(customer.get("/records/decision-record/export?format=csv").await.text.lines().count(), 1);
        customer.get("/records/component/export?format=csv").await.problem(403, "role");
    });
}
