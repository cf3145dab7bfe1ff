#![allow(clippy::unwrap_used)]

mod index;
mod lifecycle;

use serde_json::json;

use super::*;
use crate::domain::access::{self, Action, Scope};
use crate::domain::kind::{Kind, Kinds};
use crate::domain::refusal::{Class, Refusal};
use crate::domain::role::Actor;

fn kind(slug: &str) -> &'static Kind {
    Kinds::builtin().get(slug).unwrap()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

fn user(name: &str, roles: &[Role]) -> Actor {
    Actor::user("org", name, roles.iter().copied())
}

fn agent() -> Actor {
    user("agent", &[Role::Sd])
}

fn stamp(number: &str) -> Stamp {
    Stamp { id: "01".into(), number: number.into(), now: Instant(1_000) }
}

fn make(slug: &str, actor: &Actor, input: Value) -> Result<Record, Refusal> {
    let kind = kind(slug);
    create(kind, actor, object(input), stamp(&format!("{}-2026-000001", kind.prefix)))
}

fn incident() -> Record {
    let input = json!({"title": "Mail is down", "service": "SVC-2026-000001", "impact": 1, "urgency": 2});
    make("incident", &agent(), input).unwrap()
}

fn go(actor: &Actor, record: &Record, name: &str, input: Value) -> Result<Change, Refusal> {
    let kind = kind(&record.kind);
    let context = TransitionContext { reason: Some("a reason"), ..TransitionContext::default() };
    transition(kind, actor, record, name, object(input), &context, Instant(2_000))
}

fn edit(actor: &Actor, record: &Record, patch: Value) -> Result<Change, Refusal> {
    update(kind(&record.kind), actor, record, object(patch), Instant(2_000))
}

#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, Refusal>, rule: &str, field: Option<&str>) -> Refusal {
    let refusal = result.unwrap_err();
    assert_eq!((&*refusal.rule, refusal.field.as_deref()), (rule, field), "{refusal}");
    refusal
}

#[test]
fn a_record_is_made_with_its_defaults() {
    let record = incident();
    assert_eq!((record.number.as_str(), record.state.as_str(), record.revision), ("INC-2026-000001", "new", 1));
    assert_eq!((record.owner.as_str(), record.created_by.as_str()), ("agent", "agent"));
    assert_eq!(record.data["caller"], "agent");
    assert_eq!(record.data["major"], false);
    assert_eq!(record.data["manual"], false);
    assert_eq!(record.data["confidentiality"], "internal");
    let json = record.to_json();
    assert_eq!(json["title"], "Mail is down");
    assert_eq!(json["created_at"], "1970-01-01T00:00:01Z");
    assert_eq!(json["impact"], 1);
    assert!(json.get("org").is_none());
    assert_eq!(serde_json::to_value(&record).unwrap(), json);
}

#[test]
fn creation_names_everything_that_is_wrong() {
    let all = json!({
        "title": "x", "service": "CI-2026-000001", "impact": 4, "urgancy": 2, "priority": "P1", "state": "closed",
    });
    let mut found: Vec<_> = make("incident", &agent(), all)
        .unwrap_err()
        .details
        .into_iter()
        .map(|problem| (problem.field, problem.rule.into_owned()))
        .collect();
    found.sort();
    let expected = [
        ("impact", "range"),
        ("priority", "computed-field"),
        ("service", "reference"),
        ("state", "computed-field"),
        ("urgancy", "unknown-field"),
    ];
    assert_eq!(found, expected.map(|(field, rule)| (field.to_owned(), rule.to_owned())));
    let hint = make("incident", &agent(), json!({"titel": "x"})).unwrap_err();
    assert_eq!(hint.message, "incident has no field 'titel'; did you mean 'title'?");
    let missing = refusal(make("incident", &agent(), json!({"title": null})), "required", Some("title"));
    let fields: Vec<_> = missing.details.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["title", "service", "impact", "urgency"]);
}

#[test]
fn creation_takes_a_role() {
    let refused = make("incident", &user("tech", &[Role::Te]), json!({"title": "x"}));
    assert_eq!(refusal(refused, "role", None).class, Class::Forbidden);
    let refused = make("action-item", &user("client", &[Role::Cus]), json!({"title": "x"}));
    assert_eq!(refusal(refused, "role", None).message, "to create action-item records takes one of the roles any");
    make("action-item", &user("auditor", &[Role::Aud]), json!({"title": "x"})).unwrap();
    make(
        "incident",
        &Actor::host("org"),
        json!({"title": "x", "service": "SVC-2026-000001", "impact": 1, "urgency": 1}),
    )
    .unwrap();
}

#[test]
fn a_patch_merges_and_null_removes() {
    let record = incident();
    let change = edit(&agent(), &record, json!({"impact": 2, "ci": "CI-2026-000009", "title": "Mail"})).unwrap();
    assert_eq!(change.changed, ["ci", "impact", "title"]);
    assert_eq!(change.before, object(json!({"impact": 1, "title": "Mail is down"})));
    assert_eq!(change.after, object(json!({"ci": "CI-2026-000009", "impact": 2, "title": "Mail"})));
    assert_eq!((change.record.revision, change.record.updated_at), (2, Instant(2_000)));
    assert_eq!(change.acting.to_string(), "SD");
    let change = edit(&agent(), &change.record, json!({"ci": null})).unwrap();
    assert!(!change.record.data.contains_key("ci"));
    assert!(change.after.is_empty());
    let change = edit(&agent(), &change.record, json!({"ci": null, "impact": 2})).unwrap();
    assert!(change.is_empty());
    assert_eq!(change.record.revision, 3);
}

#[test]
fn a_patch_cannot_empty_what_must_be_filled() {
    let record = incident();
    refusal(edit(&agent(), &record, json!({"title": null})), "required", Some("title"));
    refusal(edit(&agent(), &record, json!({"owner": null})), "required", Some("owner"));
    refusal(edit(&agent(), &record, json!({"impact": null})), "required", Some("impact"));
    // In the first state a field that is needed only later may still be emptied.
    edit(&agent(), &record, json!({"caller": null})).unwrap();
    let filled = json!({"category": "mail", "channel": "phone"});
    let assigned = go(&agent(), &record, "assigned", filled).unwrap().record;
    refusal(edit(&agent(), &assigned, json!({"caller": null})), "required", Some("caller"));
}

#[test]
fn access_follows_role_and_ownership() {
    let mut record = incident();
    let client = user("client", &[Role::Cus]);
    let slug = kind("incident");
    assert!(!access::may(slug, &client, Action::Read, Some(&record)));
    let refused = access::permit(slug, &client, Action::Read, Some(&record));
    refusal(refused, "own", None);
    record.data.insert("caller".into(), "client".into());
    assert!(access::may(slug, &client, Action::Read, Some(&record)));
    refusal(edit(&client, &record, json!({"impact": 2})), "role", None);
    assert!(access::read_scope(slug, &client).is_own());
    assert_eq!(access::read_scope(slug, &agent()), Scope::All);
    assert_eq!(access::read_scope(slug, &user("b", &[Role::Bud])), Scope::Nothing);
    assert_eq!(access::read_scope(slug, &Actor::host("org")), Scope::All);
    assert!(access::read_scope(kind("budget-line"), &user("t", &[Role::Te])).is_own());
}

#[test]
fn a_direct_line_names_its_service() {
    let line = json!({
        "title": "ERP", "budget": "BGT-2026-000001", "nature": "direct", "cost_type": "licence", "line_owner": "po",
        "amount": {"amount": "100.00", "currency": "CNY"}, "forecast_to_go": {"amount": "0", "currency": "CNY"},
    });
    let owner = user("bud", &[Role::Bud]);
    refusal(make("budget-line", &owner, line.clone()), "required", Some("service"));
    let mut indirect = line;
    indirect["nature"] = json!("indirect");
    let record = make("budget-line", &owner, indirect).unwrap();
    refusal(edit(&owner, &record, json!({"nature": "direct"})), "required", Some("service"));
    edit(&owner, &record, json!({"nature": "direct", "service": "SVC-2026-000001"})).unwrap();
}

#[test]
fn computed_values_are_set_by_path() {
    let mut record = incident();
    record.set_computed("sla.resolution.level", json!("warning"));
    record.set_computed("sla.resolution.due_at", json!("2026-03-31T09:30:00Z"));
    record.set_computed("priority", json!("P2"));
    assert_eq!(record.at("sla.resolution.level"), Some(&json!("warning")));
    assert_eq!(record.at("sla.response.level"), None);
    record.set_computed("sla.resolution.level", Value::Null);
    assert_eq!(record.data["sla"], json!({"resolution": {"due_at": "2026-03-31T09:30:00Z"}}));
    record.set_computed("priority.code", json!(1));
    assert_eq!(record.data["priority"], json!({"code": 1}));
    record.set_computed("priority", Value::Null);
    assert!(!record.data.contains_key("priority"));
}

#[test]
fn differences_name_what_changed() {
    let old = incident();
    let mut new = old.clone();
    new.state = "assigned".into();
    new.data.remove("caller");
    let (before, after) = difference(Some(&old), &new);
    assert_eq!(before, object(json!({"state": "new", "caller": "agent"})));
    assert_eq!(after, object(json!({"state": "assigned"})));
    let (before, after) = difference(None, &old);
    assert!(before.is_empty());
    assert_eq!(after["title"], "Mail is down");
    assert_eq!(after["impact"], 1);
    assert_eq!(difference(Some(&old), &old), (Map::new(), Map::new()));
}
