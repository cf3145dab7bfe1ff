//! A component that looks records up, from its grant to its replay.

#![allow(clippy::unwrap_used)]

use mortise::flows::jobs;
use serde_json::{Value, json};

use crate::app::{Answer, Client, component, for_each_db};

async fn upload(client: &Client, query: &str) -> Answer {
    let headers = [("content-type", "application/wasm")];
    client.send("POST", &format!("/components{query}"), &headers, Some(component("guests/lookup"))).await
}

const GRANT: &str = "grant=itsm:records/lookup";

fn found(decision: &Value) -> &Value {
    decision["output"]["reasons"].as_array().unwrap().iter().find(|reason| reason["code"] == "found").unwrap()
}

#[test]
fn lookups_are_granted_recorded_and_replayed() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let refused = upload(&admin, "").await.problem(422, "ungranted-import");
        assert!(refused["detail"].as_str().unwrap().contains("itsm:records/lookup@0.1.0"), "{refused}");
        // What it needs is said before anything is granted or kept.
        let needs = upload(&admin, "?dry_run=true").await.ok();
        assert_eq!(needs["imports"], json!(["itsm:records/lookup@0.1.0"]));
        assert_eq!((&needs["grantable"], &needs["lookups"]), (&json!(["itsm:records/lookup"]), &json!(true)));
        assert_eq!(needs["distrusted"], Value::Null);
        let digest = needs["digest"].as_str().unwrap().to_owned();
        admin.get(&format!("/components/{digest}")).await.problem(404, "not-found");

        upload(&admin, &format!("?{GRANT}")).await.problem(422, "required");
        upload(&admin, "?lookup=action-item:state").await.problem(422, "required");
        upload(&admin, &format!("?{GRANT}&lookup=galaxy:state")).await.problem(422, "reference");
        upload(&admin, &format!("?{GRANT}&lookup=action-item:colour")).await.problem(422, "reference");
        upload(&admin, &format!("?{GRANT}&lookup=action-item")).await.problem(422, "format");
        let granted = format!("?{GRANT}&lookup=action-item:state,title,number&lookup_rows=2");
        let kept = upload(&admin, &granted).await.ok();
        assert_eq!(kept["lookups"], json!({"kinds": {"action-item": ["number", "state", "title"]}, "rows": 2}));

        let agreed = app.agreed_service("Mail").await;
        let agent = app.agent().await;
        for title in ["One", "Two", "Three"] {
            agent.create("action-item", json!({ "title": title })).await;
        }
        let scope = json!({"kind": "kind", "value": "incident"});
        admin.post("/activations", json!({"process": "sla", "scope": scope, "component": digest})).await.ok();
        let incident = json!({
            "title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1
        });
        let number = agent.create("incident", incident.clone()).await;
        let page = agent.get(&format!("/decisions?record={number}")).await.ok();
        let decision = &page["decisions"][0];
        assert_eq!((&decision["component"], &decision["status"]), (&json!(digest), &json!("ok")), "{decision}");
        // Two rows are granted, the newest first.
        assert!(found(decision).to_string().contains("Three"), "{decision}");
        let [lookup] = decision["lookups"].as_array().unwrap().as_slice() else { panic!("{decision}") };
        assert_eq!(lookup["query"]["kind"], "action-item");
        assert_eq!(lookup["answer"]["Ok"].as_array().unwrap().len(), 2, "{lookup}");

        // The records say something else by now; the decision's record does not.
        agent.create("action-item", json!({ "title": "Four" })).await;
        let id = decision["id"].as_str().unwrap();
        let replay = admin.post(&format!("/decisions/{id}/replay"), json!({})).await.ok();
        assert_eq!(replay["equal"], true, "{replay}");
        assert_eq!(replay["fuel"], replay["stored_fuel"]);

        let wish = json!({"process": "sla", "component": digest, "scope": {"kind": "kind", "value": "incident"}});
        let job = admin.post("/backtests", wish).await.ok()["id"].as_str().unwrap().to_owned();
        jobs::run(&app.desk).await.unwrap();
        let report = admin.get(&format!("/backtests/{job}")).await.ok();
        assert_eq!((&report["summary"]["decisions"], &report["summary"]["same"]), (&json!(1), &json!(1)), "{report}");

        // What is taken away is taken away from what is live.
        upload(&admin, &format!("?{GRANT}&lookup=action-item:state,title,number&lookup_rows=1")).await.ok();
        let number = agent.create("incident", incident).await;
        let page = agent.get(&format!("/decisions?record={number}")).await.ok();
        let rows = &page["decisions"][0]["lookups"][0]["answer"]["Ok"];
        assert_eq!(rows.as_array().unwrap().len(), 1, "{page}");
    });
}
