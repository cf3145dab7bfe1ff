//! An auditor's token reads everything and changes nothing but what the dictionary gives auditors to do: audits,
//! findings, the verification of nonconformities.

use std::collections::BTreeMap;

use mortise::domain::kind::{Grant, Kind};
use mortise::domain::{Role, Who};
use serde_json::{Value, json};

use crate::app::{Desktop, ORG, for_each_db};
use crate::seed::{Past, write};

/// What an auditor may send besides, because it changes no record: running a decision again (guide, section 0).
const ALSO: [&str; 1] = ["/api/v1/decisions/{id}/replay"];

fn granted(grants: &[Grant]) -> bool {
    grants.iter().any(|grant| matches!(grant.who, Who::Role(Role::Aud) | Who::Any))
}

fn moves(roles: &[Who]) -> bool {
    roles.iter().any(|who| matches!(who, Who::Role(Role::Aud) | Who::Any))
}

/// A record of each state of each kind, without its fields: who may act is asked first.
async fn everything(app: &Desktop) -> BTreeMap<(String, String), String> {
    let kinds = app.desk.kinds(ORG);
    let mut numbers = BTreeMap::new();
    for kind in kinds.iter().filter(|kind| kind.view.is_none()) {
        let past = kind.states.iter().map(|state| {
            let made = Past::of(&kind.prefix, "2026-01-01T00:00:00Z", json!({"title": "kept"}));
            if state.name == kind.initial { made } else { made.then(&state.name, "2026-01-02T00:00:00Z", "SD") }
        });
        let made = write(app, past.collect()).await;
        for (state, number) in kind.states.iter().zip(made) {
            numbers.insert((kind.slug.clone(), state.name.clone()), number);
        }
    }
    numbers
}

/// Number, revision and state of every record.
async fn picture(app: &Desktop, numbers: &BTreeMap<(String, String), String>) -> Vec<(String, i64, String)> {
    let numbers: Vec<String> = numbers.values().cloned().collect();
    let mut records = app.desk.store.records(ORG, &numbers).await.unwrap();
    records.sort_by(|a, b| a.number.cmp(&b.number));
    records.into_iter().map(|r| (r.number, r.revision, r.state)).collect()
}

fn schema_names(kind: &Kind, from: &str) -> Vec<(String, bool)> {
    let mut names: BTreeMap<String, bool> = BTreeMap::new();
    for transition in kind.transitions_from(from) {
        let signed = transition.all_of.as_slice();
        *names.entry(transition.name.clone()).or_default() |= moves(&transition.roles) || moves(signed);
    }
    names.into_iter().collect()
}

#[test]
fn an_auditors_token_changes_no_record() {
    for_each_db(|app| async move {
        let numbers = everything(&app).await;
        let before = picture(&app, &numbers).await;
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let kinds = app.desk.kinds(ORG);
        let (mut refused, mut his) = (0, 0);
        for ((slug, state), number) in &numbers {
            let kind = kinds.get(slug).unwrap();
            let path = format!("/records/{slug}");
            if *state == kind.initial && !granted(&kind.access.create) {
                auditor.post(&path, json!({"title": "made by the auditor"})).await.problem(403, "role");
                refused += 1;
            }
            if !granted(&kind.access.update) {
                let answer = auditor.patch(&format!("{path}/{number}"), json!({"title": "changed"})).await;
                assert_eq!(answer.status, 403, "{number}: {}", answer.text);
                refused += 1;
            }
            for (name, may) in schema_names(kind, state) {
                if may {
                    his += 1;
                    continue;
                }
                let answer = auditor.post(&format!("{path}/{number}/transitions/{name}"), json!({})).await;
                assert_eq!(answer.status, 403, "{number} {name}: {}", answer.text);
                refused += 1;
            }
            // He sees all of them.
            auditor.get(&format!("{path}/{number}")).await.ok();
        }
        // Kinds that show what the host keeps anyway: nobody writes their records.
        for view in kinds.iter().filter(|kind| kind.view.is_some()) {
            let answer = auditor.post(&format!("/records/{}", view.slug), json!({"title": "x"})).await;
            assert!(answer.status == 403 || answer.status == 409, "{}: {}", view.slug, answer.text);
        }
        assert!(refused > 300 && his < 40, "refused {refused}, his own {his}");
        assert_eq!(picture(&app, &numbers).await, before);
    });
}

#[test]
fn every_other_route_that_changes_something_refuses_him_too() {
    for_each_db(|app| async move {
        let numbers = everything(&app).await;
        let before = picture(&app, &numbers).await;
        let head = app.desk.store.audit_head(ORG).await.unwrap();
        let auditor = app.actor("auditor", &[Role::Aud]).await;
        let document = auditor.get("//openapi.json").await.ok();
        let service = &numbers[&("service".to_owned(), "live".to_owned())];
        let incident = &numbers[&("incident".to_owned(), "new".to_owned())];
        let digest = app.desk.store.components(ORG).await.unwrap()[0].digest.clone();
        let mut tried = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            // One route for each kind stands for all of them; the other story has those of single records.
            if path.starts_with("/api/v1/records/") && !path.starts_with("/api/v1/records/incident/") {
                continue;
            }
            for method in methods.as_object().unwrap().keys().filter(|method| *method != "get") {
                if ALSO.contains(&path.as_str()) {
                    continue;
                }
                let number = if path.contains("/configuration/") { service } else { incident };
                let place = path
                    .trim_start_matches("/api/v1")
                    .replace("{number}", number)
                    .replace("{digest}", &digest)
                    .replace("{name}", "assigned")
                    .replace("{id}", "00000000-0000-7000-8000-000000000000");
                let body = json!({"title": "x", "set": {"title": "x"}, "numbers": [incident]});
                let answer = auditor.json(&method.to_uppercase(), &place, &body).await;
                assert!(
                    answer.status >= 400 || answer.status == 202,
                    "{method} {path}: {} {}",
                    answer.status,
                    answer.text
                );
                tried += 1;
            }
        }
        assert!(tried > 8, "{tried}");
        while mortise::flows::jobs::run(&app.desk).await.unwrap() > 0 {}
        assert_eq!(picture(&app, &numbers).await, before);
        // Not even the trail has grown: nothing happened.
        assert_eq!(app.desk.store.audit_head(ORG).await.unwrap(), head);
        assert_eq!(app.desk.store.components(ORG).await.unwrap().len(), 4);
        let _: Value = document;
    });
}
