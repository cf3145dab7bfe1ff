//! Whose components are taken: unsigned ones, signed ones, keys that are replaced and revoked.

use mortise::domain::Role;
use mortise::domain::canonical::sha256;
use mortise::domain::signature::{Algorithm, PrivateKey};
use serde_json::{Value, json};

use crate::app::{Answer, Client, component, for_each_db, marked};

/// Uploads with a signature file, its lines joined as the header wants them.
async fn upload_signed(client: &Client, bytes: Vec<u8>, file: &str) -> Answer {
    let header = file.trim().replace('\n', " ");
    let headers = [("content-type", "application/wasm"), ("mortise-signature", header.as_str())];
    client.send("POST", "/components", &headers, Some(bytes)).await
}

/// Activates for incidents.
async fn activate(client: &Client, digest: &str) -> Answer {
    let scope = json!({"kind": "kind", "value": "incident"});
    client.post("/activations", json!({"process": "sla", "scope": scope, "component": digest})).await
}

async fn add_key(admin: &Client, name: &str, key: &PrivateKey, more: Value) -> String {
    let mut body = json!({"name": name, "public_key": key.public().to_pem()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let added = admin.post("/trust/keys", body).await;
    assert_eq!(added.status, 201, "{}", added.text);
    added.body["id"].as_str().unwrap().to_owned()
}

fn sla_double() -> Vec<u8> {
    component("guests/sla-double")
}

#[test]
fn who_takes_everything_ends_that_with_one_call() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let trust = admin.get("/trust").await.ok();
        assert_eq!((trust["unsigned"].as_str(), trust["revision"].as_i64()), (Some("allow"), Some(1)), "{trust}");
        assert_eq!(trust["distrusted"], json!([]));

        let agent = app.agent().await;
        agent.json("PUT", "/trust", &json!({"unsigned": "refuse"})).await.problem(403, "role");
        agent.get("/trust").await.problem(403, "role");
        admin.json("PUT", "/trust", &json!({"unsigned": "never"})).await.problem(422, "enum");
        admin.json("PUT", "/trust", &json!({"unsigned": "refuse", "allowed": ["x"]})).await.problem(422, "format");
        let trust = admin.json("PUT", "/trust", &json!({"unsigned": "refuse", "reason": "production"})).await.ok();
        assert_eq!(trust["revision"], 2);
        // What decides already goes on, and is named.
        assert_eq!(trust["distrusted"].as_array().unwrap().len(), 4, "{trust}");
        let stale = json!({"unsigned": "allow", "expected_revision": 1});
        admin.json("PUT", "/trust", &stale).await.problem(412, "stale");

        admin.upload(sla_double()).await.problem(422, "unsigned-component");
        // Uploaded before, but not activated any more.
        let live = trust["distrusted"][0].clone();
        let again = json!({"process": live["process"], "component": live["component"]});
        admin.post("/activations", again).await.problem(409, "unsigned-component");

        let named = json!({"unsigned": "allow-named", "allowed": [sha256(&sla_double())]});
        admin.json("PUT", "/trust", &named).await.ok();
        let uploaded = admin.upload(sla_double()).await.ok();
        assert_eq!(uploaded["signatures"], json!([]));
        activate(&admin, uploaded["digest"].as_str().unwrap()).await.ok();
        admin.upload(component("sla-vip")).await.problem(422, "unsigned-component");
        // Another policy for a while forgets nobody's name.
        let refuse = admin.json("PUT", "/trust", &json!({"unsigned": "refuse"})).await.ok();
        assert_eq!((&refuse["allowed"], refuse["distrusted"].as_array().unwrap().len()), (&named["allowed"], 5));
        let back = admin.json("PUT", "/trust", &json!({"unsigned": "allow-named"})).await.ok();
        assert_eq!((&back["allowed"], back["distrusted"].as_array().unwrap().len()), (&named["allowed"], 4));
        let none = admin.json("PUT", "/trust", &json!({"unsigned": "allow-named", "allowed": []})).await.ok();
        assert_eq!(none["allowed"], json!([]));

        let events = app.desk.store.events_after(crate::app::ORG, 0, 500).await.unwrap();
        let changes: Vec<_> = events.iter().filter(|event| event.kind == "trust.policy-changed").collect();
        assert_eq!(changes.len(), 6, "the harness, and five here");
    });
}

#[test]
fn a_signature_lets_a_component_in_and_its_key_says_which() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let publisher = app.actor("partner", &[Role::Pub]).await;
        admin.json("PUT", "/trust", &json!({"unsigned": "refuse"})).await.ok();
        for algorithm in Algorithm::ALL {
            let key = PrivateKey::generate(algorithm).unwrap();
            let name = format!("partner {algorithm}");
            let bytes = marked(sla_double(), algorithm as u8);
            let file = key.sign(&bytes).unwrap().to_string();
            upload_signed(&publisher, bytes.clone(), &file).await.problem(422, "unknown-key");
            let id = add_key(&admin, &name, &key, json!({"processes": ["sla"]})).await;
            assert_eq!(id, key.public().id());
            let uploaded = upload_signed(&publisher, bytes.clone(), &file).await.ok();
            assert_eq!(uploaded["signatures"][0]["key"], id);
            assert_eq!(uploaded["signatures"][0]["signature"], file);
            activate(&admin, uploaded["digest"].as_str().unwrap()).await.ok();
            let listed = admin.get("/records/component").await.ok();
            let records = listed["records"].as_array().unwrap();
            let digest = &uploaded["digest"];
            let record = records.iter().find(|record| record["sha256"] == *digest).unwrap();
            assert_eq!(record["signature"], id);

            // Other bytes; a file that is none; another process.
            upload_signed(&publisher, component("sla-vip"), &file).await.problem(422, "bad-signature");
            upload_signed(&publisher, bytes, "nonsense").await.problem(422, "bad-signature");
            let budget = marked(component("budget-standard"), 9);
            let file = key.sign(&budget).unwrap().to_string();
            upload_signed(&publisher, budget, &file).await.problem(422, "key-process");
        }
        let twice = PrivateKey::generate(Algorithm::Ed25519).unwrap();
        add_key(&admin, "twice", &twice, json!({})).await;
        let body = json!({"name": "twice", "public_key": twice.public().to_pem()});
        admin.post("/trust/keys", body.clone()).await.problem(409, "key-exists");
        publisher.post("/trust/keys", body).await.problem(403, "role");
        let secret = json!({"name": "secret", "public_key": twice.to_pem()});
        admin.post("/trust/keys", secret).await.problem(422, "format");
    });
}

#[test]
fn a_key_is_replaced_without_a_gap_and_revoked_for_good() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        admin.json("PUT", "/trust", &json!({"unsigned": "refuse"})).await.ok();
        let [old, new] = [0, 1].map(|_| PrivateKey::generate(Algorithm::Ed25519).unwrap());
        let until = "2026-03-10T00:00:00Z";
        let old_id = add_key(&admin, "old", &old, json!({})).await;
        let new_id = add_key(&admin, "new", &new, json!({"valid_from": "2026-03-05T00:00:00Z"})).await;
        let by = |key: &PrivateKey, bytes: &[u8]| key.sign(bytes).unwrap().to_string();
        let bytes = sla_double();
        upload_signed(&admin, bytes.clone(), &by(&new, &bytes)).await.problem(422, "key-not-valid");
        let digest =
            upload_signed(&admin, bytes.clone(), &by(&old, &bytes)).await.ok()["digest"].as_str().unwrap().to_owned();

        let changed = admin.json("PATCH", &format!("/trust/keys/{old_id}"), &json!({"valid_until": until})).await.ok();
        assert_eq!((changed["valid_until"].as_str(), changed["revision"].as_i64()), (Some(until), Some(2)));
        app.at("2026-03-11T00:00:00Z").await;
        assert_eq!(admin.get(&format!("/trust/keys/{old_id}")).await.ok()["state"], "expired");
        // What it signed while it was valid stays good; what it signs now does not.
        activate(&admin, &digest).await.ok();
        let vip = component("sla-vip");
        upload_signed(&admin, vip.clone(), &by(&old, &vip)).await.problem(422, "key-not-valid");
        upload_signed(&admin, vip.clone(), &by(&new, &vip)).await.ok();

        let path = format!("/trust/keys/{old_id}/revoke");
        admin.post(&path, json!({})).await.problem(422, "required");
        let revoked = admin.post(&path, json!({"reason": "the laptop was stolen"})).await.ok();
        assert_eq!(revoked["state"], "revoked");
        let live = revoked["distrusted"].as_array().unwrap();
        assert!(live.iter().any(|one| one["component"] == digest && one["rule"] == "key-revoked"), "{revoked}");
        admin.post(&path, json!({"reason": "again"})).await.problem(409, "key-revoked");
        activate(&admin, &digest).await.problem(409, "key-revoked");
        upload_signed(&admin, bytes.clone(), &by(&old, &bytes)).await.problem(422, "key-revoked");
        let events = app.desk.store.events_after(crate::app::ORG, 0, 500).await.unwrap();
        let event = events.iter().find(|event| event.kind == "trust.key-revoked").unwrap();
        assert!(event.data.to_string().contains(&digest), "the event names what is live");

        // It still decides, and is named until another key vouches for it.
        let distrusted = admin.get("/trust").await.ok()["distrusted"].to_string();
        assert!(distrusted.contains(&digest));
        let both = upload_signed(&admin, bytes.clone(), &by(&new, &bytes)).await.ok();
        assert_eq!(both["signatures"].as_array().unwrap().len(), 2);
        assert_eq!(both["signatures"][1]["key"], new_id);
        activate(&admin, &digest).await.ok();
        assert!(!admin.get("/trust").await.ok()["distrusted"].to_string().contains(&digest));
        let keys = admin.get("/trust/keys").await.ok();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    });
}
