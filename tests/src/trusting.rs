//! Whom an organisation trusts where nobody set anything: it takes the components that it names, and a process owner
//! approves what is to decide. What changes at the same moment is not missed.

#![allow(clippy::unwrap_used)]

use mortise::domain::canonical::sha256;
use mortise::domain::component::{Activation, Mode, OnFailure, Scope};
use mortise::domain::signature::{Algorithm, PrivateKey};
use mortise::domain::{Instant, Role, trust as rules};
use mortise::flows::first_start::{self, Offer};
use mortise::flows::trust;
use mortise::store::StoreError;
use mortise::store::activations::{Basis, Change, New};
use mortise::store::unit::{AuditDraft, EventDraft};
use mortise_types::Process;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};

use crate::app::{Answer, Client, Desktop, ORG, component, for_each_db, marked};

/// Its bytes, and their digest.
fn double(n: u8) -> (Vec<u8>, String) {
    let bytes = marked(component("guests/sla-double"), n);
    let digest = sha256(&bytes);
    (bytes, digest)
}

/// A wish for incidents.
fn wish(digest: &str, extra: Value) -> Value {
    let mut wish = json!({
        "process": "sla", "scope": {"kind": "kind", "value": "incident"}, "component": digest, "reason": "trying it"
    });
    wish.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    wish
}

async fn name(admin: &Client, method: &str, component: &str) -> Answer {
    admin.send(method, &format!("/trust/allowed/{component}"), &[], None).await
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn by_default_a_component_is_named_then_approved_then_activated() {
    for_each_db(|app| async move {
        let app = app.by_default().await;
        let (admin, owner) = (app.administrator().await, app.actor("owner", &[Role::Po]).await);
        let (bytes, digest) = double(1);
        let refused = admin.upload(bytes.clone()).await.problem(422, "unsigned-component");
        assert_eq!(refused["field"], "signature");
        let said = refused["detail"].as_str().unwrap();
        for part in ["allow-named", "/api/v1/trust/keys", &format!("PUT /api/v1/trust/allowed/{digest}")] {
            assert!(said.contains(part), "{said}");
        }
        let media = [("content-type", "application/wasm")];
        let dry = admin.send("POST", "/components?dry_run=true", &media, Some(bytes.clone())).await.ok();
        assert_eq!(dry["distrusted"]["rule"], "unsigned-component", "{dry}");
        // What a stranger sends is not even read.
        admin.upload(b"hello".to_vec()).await.problem(422, "unsigned-component");

        name(&admin, "PUT", &digest).await.ok();
        let uploaded = admin.upload(bytes).await.ok();
        let number = uploaded["number"].as_str().unwrap();
        assert_eq!(uploaded["state"], "verified");
        for extra in
            [json!({}), json!({"mode": "canary", "percent": 5}), json!({"effective_from": "2027-01-01T00:00:00Z"})]
        {
            let refused = admin.post("/activations", wish(&digest, extra)).await.problem(409, "component-state");
            let said = refused["detail"].as_str().unwrap();
            assert!(said.contains(number) && said.contains("is verified; a process owner approves it first"), "{said}");
        }
        // To be tried takes no approval, to be promoted does.
        let tried = admin.post("/activations", wish(&digest, json!({"mode": "shadow"}))).await.ok();
        let promote = format!("/activations/{}/promote", tried["id"].as_str().unwrap());
        admin.post(&promote, json!({})).await.problem(409, "component-state");

        let approve = format!("/records/component/{number}/transitions/approved");
        let both = app.actor("administrator", &[Role::Po, Role::Adm]).await;
        both.post(&approve, json!({})).await.problem(403, "separation-of-duties");
        admin.post(&approve, json!({})).await.problem(403, "role");
        owner.post(&approve, json!({})).await.ok();
        assert_eq!(admin.get(&format!("/components/{digest}")).await.ok()["state"], "approved");
        admin.post(&promote, json!({})).await.ok();
        let back = json!({"process": "sla", "scope": {"kind": "kind", "value": "incident"}});
        admin.post("/activations/rollback", back).await.ok();
        // What decided before needs no second approval.
        admin.post("/activations", wish(&digest, json!({}))).await.ok();

        // A publisher's is verified by somebody else as well.
        let publisher = app.actor("publisher", &[Role::Pub]).await;
        let (bytes, digest) = double(2);
        name(&admin, "PUT", &digest).await.ok();
        let number = publisher.upload(bytes).await.ok()["number"].as_str().unwrap().to_owned();
        let refused = admin.post("/activations", wish(&digest, json!({}))).await.problem(409, "component-state");
        let said = refused["detail"].as_str().unwrap().to_owned();
        assert!(said.contains("is submitted; an administrator verifies it"), "{said}");
        let go = |state: &str| format!("/records/component/{number}/transitions/{state}");
        admin.post(&go("verified"), json!({})).await.ok();
        let all = app.actor("publisher", &[Role::Pub, Role::Po, Role::Adm]).await;
        all.post(&go("approved"), json!({})).await.problem(403, "separation-of-duties");
        owner.post(&go("approved"), json!({})).await.ok();
        all.post("/activations", wish(&digest, json!({}))).await.problem(403, "separation-of-duties");
        admin.post("/activations", wish(&digest, json!({}))).await.ok();
    });
}

#[test]
fn naming_one_component_touches_no_other() {
    for_each_db(|app| async move {
        let app = app.by_default().await;
        let admin = app.actor_of("new", "administrator", &[Role::Adm]).await;
        let trust = admin.get("/trust").await.ok();
        assert_eq!(
            (&trust["unsigned"], &trust["revision"], &trust["allowed"]),
            (&json!("allow-named"), &json!(0), &json!([]))
        );
        let agent = app.actor_of("new", "agent", &[Role::Sd]).await;
        name(&agent, "PUT", "sla-vip").await.problem(403, "role");
        admin.upload(component("sla-vip")).await.problem(422, "unsigned-component");
        let named = admin.send("PUT", "/trust/allowed/sla-vip?reason=agreed", &[], None).await.ok();
        assert_eq!((&named["allowed"], &named["revision"]), (&json!(["sla-vip"]), &json!(1)));
        assert_eq!(name(&admin, "PUT", "sla-vip").await.ok()["revision"], 1, "once more changes nothing");
        let uploaded = admin.upload(component("sla-vip")).await.ok();
        admin.upload(component("guests/sla-double")).await.problem(422, "unsigned-component");

        // At the same moment, on two nodes: none is lost.
        let other = app.second_node().await.actor_of("new", "administrator", &[Role::Adm]).await;
        for n in 0..4 {
            let (one, two) = (format!("one-{n}"), format!("two-{n}"));
            let (first, second) = tokio::join!(name(&admin, "PUT", &one), name(&other, "PUT", &two));
            first.ok();
            second.ok();
            let allowed = texts(&admin.get("/trust").await.ok()["allowed"]);
            assert!(allowed.contains(&one) && allowed.contains(&two), "{allowed:?}");
        }
        assert_eq!(name(&admin, "DELETE", "nobody").await.ok()["revision"], 9);
        let fewer = name(&admin, "DELETE", "sla-vip").await.ok();
        assert!(
            !texts(&fewer["allowed"]).contains(&"sla-vip".to_owned())
                && fewer["allowed"].as_array().unwrap().len() == 8
        );
        let digest = uploaded["digest"].as_str().unwrap();
        let shadow = json!({"process": "sla", "component": digest, "mode": "shadow"});
        admin.post("/activations", shadow).await.problem(409, "unsigned-component");
        name(&admin, "PUT", "%20").await.problem(422, "format");

        let audit = app.desk.store.audit_after("new", 0, 500).await.unwrap();
        let changes: Vec<_> = audit.iter().filter(|entry| entry.action == "trust:policy").collect();
        assert_eq!((changes.len(), changes[0].reason.as_str()), (10, "agreed"));
        let events = app.desk.store.events_after("new", 0, 500).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.kind == "trust.policy-changed").count(), 10);

        for unsigned in ["allow", "refuse"] {
            admin.json("PUT", "/trust", &json!({"unsigned": unsigned})).await.ok();
            for method in ["PUT", "DELETE"] {
                name(&admin, method, digest).await.problem(409, "trust-names-none");
            }
        }
    });
}

fn offers() -> Vec<Offer> {
    ["sla-standard", "change-risk-standard", "budget-standard", "supplier-standard"]
        .map(|name| Offer { name: name.to_owned(), bytes: component(name) })
        .into()
}

#[test]
fn a_first_start_names_and_approves_what_the_server_offers() {
    for_each_db(|app| async move {
        let app = app.by_default().await;
        let org = "second";
        let admin = app.actor_of(org, "administrator", &[Role::Adm]).await;
        // Who takes nothing unsigned has nothing started, and the start goes on.
        admin.json("PUT", "/trust", &json!({"unsigned": "refuse"})).await.ok();
        assert_eq!(first_start::components(&app.desk, org, offers()).await.unwrap(), Vec::<String>::new());
        assert_eq!(admin.get("/components").await.ok()["components"], json!([]));

        admin.json("PUT", "/trust", &json!({"unsigned": "allow-named"})).await.ok();
        let before = app.desk.store.audit_head(org).await.unwrap().unwrap().0;
        assert_eq!(first_start::components(&app.desk, org, offers()).await.unwrap().len(), 4);
        let trust = admin.get("/trust").await.ok();
        let mut digests: Vec<String> = offers().iter().map(|offer| sha256(&offer.bytes)).collect();
        digests.sort();
        assert_eq!((texts(&trust["allowed"]), &trust["distrusted"]), (digests, &json!([])));
        let audit = app.desk.store.audit_after(org, before, 500).await.unwrap();
        let named = &audit[0];
        assert_eq!(
            (named.action.as_str(), named.actor.as_str(), named.reason.as_str()),
            ("trust:policy", "mortise", "first start")
        );
        let of = |action: &str| audit.iter().filter(|entry| entry.action == action && entry.actor == "mortise").count();
        assert_eq!((of("upload"), of("transition:approved"), of("activate")), (4, 4, 4));
        for component in admin.get("/components").await.ok()["components"].as_array().unwrap() {
            assert_eq!(component["state"], "active", "{component}");
        }
        // Later starts change nothing.
        let head = app.desk.store.audit_head(org).await.unwrap();
        assert_eq!(first_start::components(&app.desk, org, offers()).await.unwrap().len(), 0);
        assert_eq!(app.desk.store.audit_head(org).await.unwrap(), head);

        // Where everything is taken nothing has to be named.
        let generous = app.actor_of("third", "administrator", &[Role::Adm]).await;
        generous.json("PUT", "/trust", &json!({"unsigned": "allow"})).await.ok();
        assert_eq!(first_start::components(&app.desk, "third", offers()).await.unwrap().len(), 4);
        assert_eq!(generous.get("/trust").await.ok()["allowed"], json!([]));
    });
}

async fn sql(app: &Desktop, text: &'static str) {
    let url = app.config.database_url();
    if url.starts_with("sqlite") {
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(text)).await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
        connection.execute(sqlx::raw_sql(text)).await.unwrap();
    }
}

#[test]
fn who_had_components_before_the_upgrade_keeps_taking_them() {
    for_each_db(|app| async move {
        let app = app.by_default().await;
        let empty = app.actor_of("empty", "administrator", &[Role::Adm]).await;
        let strict = app.actor_of("strict", "administrator", &[Role::Adm]).await;
        first_start::components(&app.desk, "strict", offers()).await.unwrap();
        strict.json("PUT", "/trust", &json!({"unsigned": "refuse"})).await.ok();
        // As it was before the migration: nobody in the first organisation ever decided.
        sql(&app, "DELETE FROM trust_policies WHERE org = 'main'; DELETE FROM schema_versions WHERE version = 25;")
            .await;
        assert_eq!(app.desk.store.migrate().await.unwrap(), ["0025_trust_default"]);
        let of = async |client: &Client| {
            let trust = client.get("/trust").await.ok();
            (trust["unsigned"].as_str().unwrap().to_owned(), trust["distrusted"].as_array().unwrap().len())
        };
        let kept = app.administrator().await;
        assert_eq!(of(&kept).await, ("allow".to_owned(), 0));
        let trust = kept.get("/trust").await.ok();
        assert_eq!((&trust["revision"], &trust["changed_by"]), (&json!(1), &json!("mortise")));
        assert!(trust["changed_at"].as_str().unwrap() > "2026", "{trust}");
        assert_eq!(of(&empty).await, ("allow-named".to_owned(), 0));
        assert_eq!(of(&strict).await, ("refuse".to_owned(), 4));
        kept.json("PUT", "/trust", &json!({"unsigned": "refuse", "expected_revision": 1})).await.ok();
    });
}

/// The step that would make `digest` active for incidents, as a flow has it ready once it looked at `basis`.
async fn ready(app: &Desktop, basis: Basis) -> (Change, AuditDraft, EventDraft) {
    let generation = app.desk.store.generation(ORG, "sla").await.unwrap() + 1;
    let at: Instant = app.clock.now();
    let activation = Activation {
        id: app.clock.id(),
        org: ORG.to_owned(),
        process: Process::Sla,
        scope: Scope::Kind("incident".to_owned()),
        digest: basis.digest.clone(),
        settings_hash: sha256(b"{}"),
        mode: Mode::Active,
        effective_from: None,
        opened_after: false,
        before_generation: generation - 1,
        on_failure: OnFailure::default(),
        explanation: String::new(),
        generation,
        at,
        actor: "administrator".to_owned(),
        reason: String::new(),
        ended_generation: None,
    };
    let audit = AuditDraft {
        at,
        number: basis.digest.clone(),
        actor: "administrator".to_owned(),
        role: "ADM".to_owned(),
        action: "activate".to_owned(),
        before: json!({}),
        after: json!({}),
        reason: String::new(),
    };
    let event =
        EventDraft { at, kind: "component.activated".to_owned(), number: basis.digest.clone(), data: json!({}) };
    let makes = Some(New { activation, settings: "{}".to_owned(), basis });
    (Change { org: ORG.to_owned(), process: Process::Sla, generation, at, ends: Vec::new(), makes }, audit, event)
}

#[test]
fn an_activation_is_not_made_where_what_it_rests_on_has_changed() {
    for_each_db(|app| async move {
        let admin = app.administrator().await;
        let owner = app.actor("owner", &[Role::Po]).await;
        let (bytes, digest) = double(3);
        let key = PrivateKey::generate(Algorithm::Ed25519).unwrap();
        let add = json!({"name": "partner", "public_key": key.public().to_pem()});
        let id = admin.post("/trust/keys", add).await.ok()["id"].as_str().unwrap().to_owned();
        let number = upload_signed(&admin, &bytes, &key).await.ok()["number"].as_str().unwrap().to_owned();
        let permitted = async || {
            let row = app.desk.store.component(ORG, &digest).await.unwrap().unwrap();
            trust::permit(&app.desk, &row).await.unwrap()
        };
        let before = app.desk.store.audit_head(ORG).await.unwrap();
        let generation = app.desk.store.generation(ORG, "sla").await.unwrap();
        let mut changes = 0;
        for meanwhile in ["policy", "key", "state"] {
            let (change, audit, event) = ready(&app, permitted().await).await;
            let changed = match meanwhile {
                "policy" => admin.json("PUT", "/trust", &json!({"unsigned": "refuse"})).await,
                "key" => {
                    let path = format!("/trust/keys/{id}");
                    admin.json("PATCH", &path, &json!({"valid_until": "2026-04-01T00:00:00Z"})).await
                }
                _ => owner.post(&format!("/records/component/{number}/transitions/rejected"), json!({})).await,
            };
            changed.ok();
            changes += 1;
            let made = app.desk.store.activate(change, audit, event).await;
            assert!(matches!(&made, Err(StoreError::BasisMoved(moved)) if *moved == digest), "{meanwhile}: {made:?}");
            assert_eq!(app.desk.store.generation(ORG, "sla").await.unwrap(), generation, "{meanwhile}");
        }
        let live = admin.get("/activations?process=sla&live=true").await.ok();
        assert_eq!(live["activations"].as_array().unwrap().len(), 1, "{live}");
        // Nothing but the changes themselves was written.
        let (head, _) = app.desk.store.audit_head(ORG).await.unwrap().unwrap();
        assert_eq!(head, before.unwrap().0 + changes);
    });
}

#[test]
fn whoever_is_first_the_other_sees_it() {
    for_each_db(|app| async move {
        let app = app.by_default().await;
        let (admin, owner) = (app.administrator().await, app.actor("owner", &[Role::Po]).await);
        let node = app.second_node().await;
        let other = node.administrator().await;
        let (bytes, digest) = double(4);
        name(&admin, "PUT", &digest).await.ok();
        let number = admin.upload(bytes).await.ok()["number"].as_str().unwrap().to_owned();
        owner.post(&format!("/records/component/{number}/transitions/approved"), json!({})).await.ok();
        for _ in 0..8 {
            name(&admin, "PUT", &digest).await.ok();
            let (narrowed, made) =
                tokio::join!(name(&admin, "DELETE", &digest), other.post("/activations", wish(&digest, json!({}))));
            let distrusted = narrowed.ok()["distrusted"].to_string();
            if made.status == 201 {
                assert!(distrusted.contains(&digest), "made first, and not told of: {distrusted}");
                let back = json!({"process": "sla", "scope": {"kind": "kind", "value": "incident"}});
                other.post("/activations/rollback", back).await.ok();
            } else {
                made.problem(409, "unsigned-component");
            }
        }
    });
}

async fn upload_signed(client: &Client, bytes: &[u8], key: &PrivateKey) -> Answer {
    let header = key.sign(bytes).unwrap().to_string().trim().replace('\n', " ");
    let headers = [("content-type", "application/wasm"), ("mortise-signature", header.as_str())];
    client.send("POST", "/components", &headers, Some(bytes.to_vec())).await
}

#[test]
fn two_signatures_at_the_same_moment_are_both_kept() {
    for_each_db(|app| async move {
        let (admin, node) = (app.administrator().await, app.second_node().await);
        let other = node.administrator().await;
        let keys = [0, 1, 2].map(|_| PrivateKey::generate(Algorithm::Ed25519).unwrap());
        for key in &keys {
            let body = json!({"name": key.public().id(), "public_key": key.public().to_pem()});
            admin.post("/trust/keys", body).await.ok();
        }
        let signed_by = |row: &str| {
            let mut keys: Vec<String> = rules::signatures(row).into_iter().map(|signed| signed.key).collect();
            keys.sort();
            keys
        };
        let ids = |keys: &[PrivateKey]| {
            let mut ids: Vec<String> = keys.iter().map(|key| key.public().id().to_owned()).collect();
            ids.sort();
            ids
        };
        let (bytes, digest) = double(5);
        let (one, two) = tokio::join!(upload_signed(&admin, &bytes, &keys[0]), upload_signed(&other, &bytes, &keys[1]));
        one.ok();
        two.ok();
        let row = app.desk.store.component(ORG, &digest).await.unwrap().unwrap();
        assert_eq!(signed_by(&row.signatures), ids(&keys[..2]));

        // Somebody who read the row before the third signature came does not write over it.
        let read = row.signatures.clone();
        upload_signed(&admin, &bytes, &keys[2]).await.ok();
        let (_, audit, event) = ready(&app, Basis { digest: digest.clone(), component: 1, policy: 0, keys: 0 }).await;
        let late = app.desk.store.add_component(row, Some(read), bytes, audit, event).await;
        assert!(matches!(late, Err(StoreError::Stale(_))), "{late:?}");
        let row = app.desk.store.component(ORG, &digest).await.unwrap().unwrap();
        assert_eq!(signed_by(&row.signatures), ids(&keys));
    });
}
