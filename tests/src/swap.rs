//! Swapping components while the system runs.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use mortise::flows::jobs;
use serde_json::{Value, json};

use crate::app::{Agreed, Client, component, for_each_db};

fn incident(agreed: &Agreed) -> Value {
    json!({"title": "Mail is down", "service": agreed.service, "customer": agreed.customer, "impact": 1, "urgency": 1})
}

async fn digest(client: &Client, name: &str) -> String {
    client.upload(component(name)).await.ok()["digest"].as_str().unwrap().to_owned()
}

fn activation(digest: &str, scope: Value, generation: i64) -> Value {
    json!({
        "process": "sla", "scope": scope, "component": digest, "settings": {},
        "expected_generation": generation, "reason": "trying it"
    })
}

#[test]
fn another_component_decides_for_one_service_and_back() {
    for_each_db(|app| async move {
        let (mail, erp) = (app.agreed_service("Mail").await, app.agreed_service("ERP").await);
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let double = digest(&admin, "guests/sla-double").await;
        let target = |record: Value| record["sla"]["resolution"]["target_s"].as_i64().unwrap();
        assert_eq!(target(agent.post("/records/incident", incident(&mail)).await.ok()), 7200);

        let scope = json!({"kind": "service", "value": mail.service});
        let made = admin.post("/activations", activation(&double, scope.clone(), 1)).await.ok();
        assert_eq!(made["generation"], 2);
        assert_eq!(target(agent.post("/records/incident", incident(&mail)).await.ok()), 14400);
        assert_eq!(target(agent.post("/records/incident", incident(&erp)).await.ok()), 7200);

        // Somebody who looked at the generation before is told so.
        admin.post("/activations", activation(&double, scope.clone(), 1)).await.problem(409, "stale-generation");

        let shown = admin.get(&format!("/components/{double}")).await.ok();
        assert_eq!(shown["active"].as_array().unwrap().len(), 1, "{shown}");

        let back = json!({"process": "sla", "scope": scope, "reason": "too slow"});
        admin.post("/activations/rollback", back).await.ok();
        assert_eq!(target(agent.post("/records/incident", incident(&mail)).await.ok()), 7200);
    });
}

#[test]
fn what_a_component_leaves_out_is_decided_by_the_next_wider_scope() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let standard = admin.get("/activations?process=sla").await.ok()["activations"][0].clone();
        let partial = digest(&admin, "guests/partial").await;
        let scope = json!({"kind": "service", "value": mail.service});
        admin.post("/activations", activation(&partial, scope, 1)).await.ok();
        let record = agent.post("/records/incident", incident(&mail)).await.ok();
        assert_eq!((&record["manual"], &record["sla"]["resolution"]["target_s"]), (&json!(false), &json!(7200)));
        // One decision, and it names who took it.
        let number = record["number"].as_str().unwrap();
        let decisions = admin.get(&format!("/decisions?record={number}")).await.ok();
        let [decision] = decisions["decisions"].as_array().unwrap().as_slice() else { panic!("{decisions}") };
        assert_eq!(decision["component"], standard["component"]);
        assert_eq!((&decision["activation"], &decision["fallback"]), (&standard["id"], &json!(false)));
        // A dry run compares what the component would decide, and nothing that another one would.
        for (kind, value, skipped) in [("service", mail.service.as_str(), 1), ("organisation", "", 0)] {
            let wish = json!({"process": "sla", "component": partial, "scope": {"kind": kind, "value": value}});
            let report = admin.post("/backtests", wish).await.ok();
            jobs::run(&app.desk).await.unwrap();
            let report = admin.get(&format!("/backtests/{}", report["id"].as_str().unwrap())).await.ok();
            let summary = &report["summary"];
            assert_eq!((&summary["skipped"], &summary["flips"]), (&json!(skipped), &json!(1 - skipped)), "{report}");
        }

        // Where there is no wider scope, a person has to.
        let mut wish = activation(&partial, json!({"kind": "organisation", "value": ""}), 2);
        // The dry run says that decisions flip, whether or not it is named.
        admin.post("/activations", wish.clone()).await.problem(422, "explanation-required");
        wish["explanation"] = json!("people shall decide");
        admin.post("/activations", wish).await.ok();
        let record = agent.post("/records/incident", incident(&mail)).await.ok();
        assert_eq!(record["manual"], true, "{record}");
    });
}

#[test]
fn a_second_node_follows() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let node = app.second_node().await;
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        let scope = json!({"kind": "organisation", "value": ""});
        admin.post("/activations", activation(&double, scope, 1)).await.ok();
        assert!(node.desk.catalog.refresh().await.unwrap());
        let agent = node.agent().await;
        let record = agent.post("/records/incident", incident(&mail)).await.ok();
        assert_eq!(record["sla"]["resolution"]["target_s"], 14400);
    });
}

#[test]
fn a_swap_under_load_loses_nothing_and_no_decision_is_half() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let admin = app.administrator().await;
        let double = digest(&admin, "guests/sla-double").await;
        let standard = admin.get("/activations?process=sla").await.ok();
        let standard = standard["activations"][0]["component"].as_str().unwrap().to_owned();
        let load: Vec<_> = (0..8)
            .map(|n| {
                let (app, mail) = (app.clone(), mail.clone());
                tokio::spawn(async move {
                    let agent = app.actor(&format!("agent-{n}"), &[Role::Sd]).await;
                    let mut made = Vec::new();
                    for _ in 0..20 {
                        made.push(agent.post("/records/incident", incident(&mail)).await.ok());
                    }
                    made
                })
            })
            .collect();
        for generation in 1..=10 {
            let digest = if generation % 2 == 1 { &double } else { &standard };
            let scope = json!({"kind": "organisation", "value": ""});
            admin.post("/activations", activation(digest, scope, generation)).await.ok();
            tokio::task::yield_now().await;
        }
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let mut count = 0;
        for task in load {
            for record in task.await.unwrap() {
                count += 1;
                let id = record["sla"]["decision"].as_str().unwrap();
                let decision = auditor.get(&format!("/decisions/{id}")).await.ok();
                let target = record["sla"]["resolution"]["target_s"].as_i64().unwrap();
                let expected = if decision["component"] == json!(double) { 14400 } else { 7200 };
                assert_eq!(target, expected, "{decision}");
                let odd = decision["generation"].as_i64().unwrap() % 2 == 1;
                assert_eq!(decision["component"] == json!(standard), odd, "generation and component disagree");
            }
        }
        assert_eq!(count, 160);
    });
}

#[test]
fn what_may_not_be_activated_is_refused_by_name() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let publisher = app.actor("publisher", &[Role::Pub, Role::Adm]).await;
        agent.upload(component("guests/sla-double")).await.problem(403, "role");
        admin.upload(component("guests/unknown-world")).await.problem(422, "unknown-world");
        admin.upload(component("guests/ungranted")).await.problem(422, "ungranted-import");
        admin.upload(b"not wasm at all".to_vec()).await.problem(422, "not-a-component");
        let mut broken = component("sla-standard");
        broken.truncate(broken.len() / 2);
        admin.upload(broken).await.problem(422, "not-a-component");

        let double = digest(&publisher, "guests/sla-double").await;
        let everywhere = json!({"kind": "organisation", "value": ""});
        let own = publisher.post("/activations", activation(&double, everywhere.clone(), 1)).await;
        own.problem(403, "separation-of-duties");
        let missing = json!({"kind": "service", "value": "SVC-2026-999999"});
        admin.post("/activations", activation(&double, missing, 1)).await.problem(422, "reference");
        let mut wrong = activation(&double, everywhere.clone(), 1);
        wrong["process"] = json!("budget");
        admin.post("/activations", wrong).await.problem(422, "wrong-process");
        let standard = admin.get("/activations?process=sla").await.ok();
        let mut settings = activation(standard["activations"][0]["component"].as_str().unwrap(), everywhere, 1);
        settings["settings"] = json!({"horizon_days": "soon"});
        admin.post("/activations", settings).await.problem(422, "settings");
        let record = agent.post("/records/incident", incident(&mail)).await.ok();
        assert_eq!(record["sla"]["resolution"]["target_s"], 7200);
    });
}

#[test]
fn a_component_that_fails_loses_no_record_and_waits_for_a_person() {
    for_each_db(|app| async move {
        let mail = app.agreed_service("Mail").await;
        let (agent, admin) = (app.agent().await, app.administrator().await);
        let good = agent.post("/records/incident", incident(&mail)).await.ok();
        let trap = digest(&admin, "guests/trap").await;
        let everywhere = json!({"kind": "organisation", "value": ""});
        admin.post("/activations", activation(&trap, everywhere.clone(), 1)).await.ok();

        let record = agent.post("/records/incident", incident(&mail)).await.ok();
        assert_eq!(record["manual"], true);
        let number = good["number"].as_str().unwrap();
        let kept = agent.patch(&format!("/records/incident/{number}"), json!({"urgency": 2})).await.ok();
        assert_eq!(kept["sla"]["resolution"], good["sla"]["resolution"], "the last valid clocks stay");
        let queue = admin.get("/manual-decisions").await.ok();
        let waiting: Vec<_> = queue["waiting"].as_array().unwrap().iter().map(|e| e["record"].clone()).collect();
        assert_eq!(waiting.len(), 2, "{queue}");

        let back = json!({"process": "sla", "scope": everywhere});
        admin.post("/activations/rollback", back).await.ok();
        let healed = agent.patch(&format!("/records/incident/{number}"), json!({"urgency": 1})).await.ok();
        assert_eq!(healed["manual"], false);
        let queue = admin.get("/manual-decisions").await.ok();
        assert_eq!(queue["waiting"].as_array().unwrap().len(), 1);
    });
}
