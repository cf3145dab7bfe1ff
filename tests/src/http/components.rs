//! Components and activations.

#![allow(clippy::unwrap_used)]

use mortise::domain::Role;
use serde_json::json;

use super::texts;
use crate::app::{component, for_each_db};

const WASM: (&str, &str) = ("content-type", "application/wasm");

#[test]
fn an_upload_is_kept_once_and_shown() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let bytes = component("guests/sla-double");
        let made = admin.upload(bytes.clone()).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let digest = made.body["digest"].as_str().unwrap().to_owned();
        assert_eq!(made.headers["location"].to_str().unwrap(), format!("/api/v1/components/{digest}"));
        let headers = [("content-type", "application/octet-stream")];
        let again = admin.send("POST", "/components", &headers, Some(bytes.clone())).await;
        assert_eq!(again.status, 200);

        let shown = admin.get(&format!("/components/{digest}")).await.ok();
        assert_eq!(shown["process"], "sla");
        assert_eq!(shown["size"].as_u64().unwrap(), bytes.len() as u64);
        assert_eq!(shown["active"], json!([]));
        for key in ["imports", "exports", "wit", "settings_schema", "settings_defaults"] {
            assert!(shown.get(key).is_some(), "{key} of {shown}");
        }
        let list = admin.get("/components?process=sla").await.ok();
        assert!(texts(&list["components"], "digest").contains(&digest.as_str()));
        assert!(list["components"][0].get("settings_schema").is_none());
        let none = admin.get("/components?process=budget").await.ok();
        assert!(!texts(&none["components"], "digest").contains(&digest.as_str()));
    });
}

#[test]
fn broken_uploads_are_named() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        admin.upload(b"hello".to_vec()).await.problem(422, "not-a-component");
        admin.upload(Vec::new()).await.problem(400, "body-required");
        admin.upload(component("guests/unknown-world")).await.problem(422, "unknown-world");
        let json = admin.post("/components", json!({})).await;
        assert_eq!(json.headers["accept-post"], "application/wasm, application/octet-stream");
        json.problem(415, "content-type");
        let large = vec![0; (64 << 20) + 1];
        admin.send("POST", "/components", &[WASM], Some(large)).await.problem(413, "too-large");
        let cut = component("sla-standard")[..1000].to_vec();
        admin.upload(cut).await.problem(422, "not-a-component");
        admin.get(&format!("/components/{}", "0".repeat(64))).await.problem(404, "not-found");
        admin.get("/components?process=magic").await.problem(422, "enum");
    });
}

#[test]
fn only_some_roles_touch_components() {
    for_each_db(|app| async move {
        let bytes = component("guests/sla-double");
        let publisher = app.actor("publisher", &[Role::Pub]).await;
        let digest = publisher.upload(bytes.clone()).await.ok()["digest"].as_str().unwrap().to_owned();
        let wish = json!({"process": "sla", "component": digest});
        let agent = app.agent().await;
        agent.upload(bytes.clone()).await.problem(403, "role");
        agent.get("/components").await.problem(403, "role");
        agent.get(&format!("/components/{digest}")).await.problem(403, "role");
        agent.get("/activations").await.problem(403, "role");
        agent.post("/activations", wish.clone()).await.problem(403, "role");
        agent.post("/activations/rollback", json!({"process": "sla"})).await.problem(403, "role");
        publisher.post("/activations", wish.clone()).await.problem(403, "role");
        for role in [Role::Adm, Role::Pub, Role::Po, Role::Aud, Role::Mr, Role::Sec, Role::Cm] {
            let reader = app.actor("reader", &[role]).await;
            assert_eq!(reader.get(&format!("/components/{digest}")).await.status, 200, "{role}");
        }
        let both = app.actor("publisher", &[Role::Pub, Role::Adm]).await;
        both.post("/activations", wish).await.problem(403, "separation-of-duties");
    });
}

#[test]
fn an_activation_moves_the_generation() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let before = admin.get("/activations?process=sla").await.ok();
        assert_eq!(before["generations"], json!({"sla": 1}));
        let digest = admin.upload(component("guests/sla-double")).await.ok()["digest"].as_str().unwrap().to_owned();
        let wish = json!({"process": "sla", "component": digest, "expected_generation": 1, "reason": "try"});
        let made = admin.post("/activations", wish.clone()).await;
        assert_eq!((made.status, made.body["generation"].as_i64()), (201, Some(2)), "{}", made.text);
        assert_eq!(made.body["scope"], json!({"kind": "organisation", "value": ""}));
        let stale = admin.post("/activations", wish).await.problem(409, "stale-generation");
        assert_eq!(stale["field"], "expected_generation");

        let live = admin.get("/activations?process=sla&live=true").await.ok();
        assert_eq!(texts(&live["activations"], "component"), [digest.as_str()]);
        let shown = admin.get(&format!("/components/{digest}")).await.ok();
        assert_eq!(shown["active"][0]["generation"], 2);

        let back = admin.post("/activations/rollback", json!({"process": "sla", "expected_generation": 2})).await.ok();
        assert_eq!(back["generation"], 3);
        assert_ne!(back["activation"]["component"], json!(digest));
        let ready = app.stranger().get("//readyz").await.ok();
        assert_eq!(ready["generations"]["sla"], json!({"database": 3, "node": 3}));
    });
}

#[test]
fn a_wish_that_makes_no_sense_is_explained() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let list = admin.get("/activations?process=sla").await.ok();
        let digest = list["activations"][0]["component"].as_str().unwrap().to_owned();
        let wish = |extra: serde_json::Value| {
            let mut wish = json!({"process": "sla", "component": digest});
            wish.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            wish
        };
        let errors = |problem: serde_json::Value| {
            let mut all: Vec<String> = problem["errors"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| format!("{} {}", e["field"].as_str().unwrap(), e["rule"].as_str().unwrap()))
                .collect();
            all.sort();
            all
        };
        let refused = admin.post("/activations", json!({"proces": "sla", "scope": {"kind": "galaxy"}})).await;
        assert_eq!(
            errors(refused.problem(422, "required")),
            ["component required", "proces unknown-field", "process required", "scope.kind enum"]
        );
        let refused = admin.post("/activations", wish(json!({"settings": [], "expected_generation": "1"}))).await;
        assert_eq!(errors(refused.problem(422, "type")), ["expected_generation type", "settings type"]);
        let refused = admin.post("/activations", wish(json!({"settings": {"no_such_setting": 1}}))).await;
        let problem = refused.problem(422, "settings");
        assert!(problem["field"].as_str().unwrap().starts_with("settings"), "{problem}");
        admin.post("/activations", wish(json!({"process": "budget"}))).await.problem(422, "wrong-process");
        let nowhere = json!({"scope": {"kind": "service", "value": "SVC-2026-000999"}});
        assert_eq!(admin.post("/activations", wish(nowhere)).await.problem(422, "reference")["field"], "scope.value");
        let unknown = json!({"process": "sla", "component": "0".repeat(64)});
        assert_eq!(admin.post("/activations", unknown).await.problem(422, "reference")["field"], "component");
        admin.post("/activations/rollback", json!({"process": "sla"})).await.problem(409, "nothing-to-roll-back-to");
        let nothing = json!({"process": "sla", "scope": {"kind": "kind", "value": "incident"}});
        admin.post("/activations/rollback", nothing).await.problem(409, "nothing-active");
    });
}
