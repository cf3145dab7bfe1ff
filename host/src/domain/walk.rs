//! Every kind × transition × role against the domain guide's dictionary (`tests/golden/records.json`):
//! what the dictionary allows is allowed, everything else is refused by a named rule.

#![allow(clippy::unwrap_used)]

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::field::{Field, FieldType, Target};
use super::kind::{DICTIONARY, Kind, Kinds};
use super::record::{Record, transition};
use super::role::{Actor, Role, Who};
use super::{Instant, TransitionContext};

#[derive(Deserialize)]
struct Entry {
    prefix: String,
    name_zh: String,
    process: String,
    fields: Vec<DictionaryField>,
    /// Decision records have no lifecycle.
    initial: Option<String>,
    states: Vec<String>,
    transitions: Vec<Step>,
}

#[derive(Deserialize)]
struct DictionaryField {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    required: bool,
}

#[derive(Deserialize)]
struct Step {
    from: String,
    to: String,
    roles: Vec<String>,
}

fn dictionary() -> Vec<Entry> {
    serde_json::from_str(include_str!("../../../tests/golden/records.json")).unwrap()
}

fn kinds() -> Vec<(Entry, &'static Kind)> {
    let find = |entry: Entry| {
        let kind = Kinds::builtin().by_prefix(&entry.prefix)?;
        Some((entry, &**kind))
    };
    dictionary().into_iter().filter_map(find).collect()
}

/// The pairs whose note asks for every role instead of any (guide, P25 and 3.3).
fn takes_all(prefix: &str, step: &Step) -> bool {
    matches!((prefix, step.to.as_str()), ("SLA", "agreed") | ("BGT", "reopened") | ("CLS", "reopened"))
}

/// The dictionary writes `list(SVC)` for what a kind file writes `list<ref(SVC)>`.
fn type_of(text: &str) -> FieldType {
    match text.strip_prefix("list(").and_then(|rest| rest.strip_suffix(')')) {
        Some("ref") => "list<ref(any)>".parse().unwrap(),
        Some(item) if item.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            format!("list<ref({item})>").parse().unwrap()
        }
        Some(item) => format!("list<{item}>").parse().unwrap(),
        None => text.parse().unwrap(),
    }
}

#[test]
fn the_dictionary_lists_the_known_prefixes() {
    let prefixes: Vec<String> = dictionary().into_iter().map(|entry| entry.prefix).collect();
    assert_eq!(prefixes, DICTIONARY);
    for kind in Kinds::builtin().iter() {
        assert!(DICTIONARY.contains(&kind.prefix.as_str()), "{}", kind.prefix);
    }
}

#[test]
fn every_kind_of_the_dictionary_is_there_with_its_transitions() {
    let missing: Vec<String> = dictionary()
        .into_iter()
        .map(|entry| entry.prefix)
        .filter(|prefix| Kinds::builtin().by_prefix(prefix).is_none())
        .collect();
    assert_eq!(missing, Vec::<String>::new());
    let walked: usize = kinds().iter().map(|(_, kind)| kind.transitions.len()).sum();
    assert_eq!(walked, 440);
}

#[test]
fn fields_and_states_are_the_dictionarys() {
    for (entry, kind) in kinds() {
        let prefix = &entry.prefix;
        assert_eq!(kind.name.zh, entry.name_zh, "{prefix}");
        assert_eq!(kind.process, entry.process, "{prefix}");
        if entry.initial.is_some() {
            assert_eq!(Some(&kind.initial), entry.initial.as_ref(), "{prefix}");
            let states: Vec<&str> = kind.states.iter().map(|state| state.name.as_str()).collect();
            assert_eq!(states, entry.states, "{prefix}");
        } else {
            // A decision has no lifecycle: it is there, and stays as it is.
            assert!(kind.states.len() == 1 && kind.states[0].closed, "{prefix}");
        }
        for field in &entry.fields {
            let ours = kind.fields.iter().find(|ours| ours.name == field.name);
            let ours = ours.unwrap_or_else(|| panic!("{prefix} lacks {}", field.name));
            assert_eq!(ours.ty, type_of(&field.ty), "{prefix}.{}", field.name);
            assert_eq!(ours.required, field.required, "{prefix}.{}", field.name);
        }
    }
}

#[test]
fn transitions_are_the_dictionarys() {
    for (entry, kind) in kinds() {
        let ours: Vec<_> = kind
            .transitions
            .iter()
            .map(|step| {
                let roles = step.roles.iter().chain(&step.all_of).map(Who::to_string).collect();
                (step.from.clone(), step.to.clone(), roles, !step.all_of.is_empty())
            })
            .collect();
        let theirs: Vec<(String, String, Vec<String>, bool)> = entry
            .transitions
            .iter()
            .map(|step| {
                let all = takes_all(&entry.prefix, step);
                (step.from.clone(), step.to.clone(), step.roles.clone(), all)
            })
            .collect();
        assert_eq!(ours, theirs, "{}", entry.prefix);
    }
}

#[test]
fn every_role_takes_exactly_the_transitions_it_may() {
    let mut walked = 0;
    for (entry, kind) in kinds() {
        for from in &entry.states {
            for to in &entry.states {
                let step = entry.transitions.iter().find(|step| step.from == *from && step.to == *to);
                for role in Role::ALL {
                    // A user of his own: neither requester nor anybody else the record names.
                    let actor = Actor::user("org", "walker", [role]);
                    check(&entry.prefix, kind, from, to, step, &actor, None);
                    // The user named in the record, where the dictionary asks for him.
                    for field in step.iter().flat_map(|step| &step.roles).filter(|role| is_named(role)) {
                        check(&entry.prefix, kind, from, to, step, &actor, Some(field));
                    }
                    walked += 1;
                }
                check(&entry.prefix, kind, from, to, step, &Actor::host("org"), None);
            }
        }
    }
    assert!(walked > 10_000, "{walked}");
}

/// Whether it is one of the pseudo-roles that mean a user named in a field of the record.
fn is_named(role: &str) -> bool {
    matches!(role, "author" | "reviewer" | "approver")
}

/// `field`: the actor is the user whom this field names.
fn check(prefix: &str, kind: &Kind, from: &str, to: &str, step: Option<&Step>, actor: &Actor, field: Option<&str>) {
    let route = [Role::Cab];
    let context = TransitionContext { route: &route, route_auto: true, also: &[], reason: Some("because") };
    let mut record = filled(kind, from, &actor.user);
    if let Some(field) = field {
        record.data.insert(field.to_owned(), json!(actor.user));
    }
    let result = transition(kind, actor, &record, to, Map::new(), &context, Instant(1_000));
    let who = actor.roles.iter().next().map_or("auto", |role| role.code());
    let what = format!("{prefix}: {from} → {to} by {who}");
    let Some(step) = step else {
        let refusal = result.expect_err(&what);
        let rules = ["unknown-transition", "closed-record"];
        assert!(rules.contains(&&*refusal.rule), "{what}: {}", refusal.rule);
        return;
    };
    let named = |name: &str| match name {
        "any" => !matches!(who, "CUS" | "auto"),
        "route" => matches!(who, "CAB" | "auto"),
        name if is_named(name) => field == Some(name) && !matches!(who, "CUS" | "auto"),
        name => name == who,
    };
    if !step.roles.iter().any(|name| named(name)) {
        let refusal = result.expect_err(&what);
        assert_eq!(refusal.rule, "role", "{what}");
        return;
    }
    // Not in the dictionary's table but in its text: a grade D needs top management (3.4).
    let change = result.unwrap_or_else(|refusal| panic!("{what}: {}: {refusal}", refusal.rule));
    if takes_all(prefix, step) {
        assert_eq!(change.signed.map(Role::code), Some(who), "{what}");
        assert_eq!(change.record.state, from, "{what}");
    } else {
        assert_eq!((change.from.as_str(), change.to.as_str()), (from, to), "{what}");
        assert_eq!(change.record.state, to, "{what}");
        assert_eq!(change.acting.to_string(), who, "{what}");
    }
    assert_eq!(change.record.revision, 2, "{what}");
}

/// A record in some state with every field filled, the actor's own.
fn filled(kind: &Kind, state: &str, owner: &str) -> Record {
    // What the host fills, it has filled where a transition requires it.
    let required = |field: &Field| kind.transitions_from(state).any(|step| step.require.contains(&field.name));
    let fields = kind.fields.iter().filter(|field| !field.computed || required(field));
    Record {
        id: "id".into(),
        org: "org".into(),
        kind: kind.slug.clone(),
        number: format!("{}-2026-000001", kind.prefix),
        title: "A record".into(),
        state: state.into(),
        owner: owner.into(),
        revision: 1,
        created_at: Instant(0),
        created_by: "someone".into(),
        updated_at: Instant(0),
        kind_version: 0,
        data: fields
            .map(|field| (field.name.clone(), example(field)))
            .chain([("confidentiality".to_owned(), json!("internal"))])
            .collect(),
    }
}

/// A valid value of a field.
pub(super) fn example(field: &Field) -> Value {
    use super::field::Format;
    match (&field.ty, field.format) {
        (_, Some(Format::TimeZone)) => json!("Asia/Shanghai"),
        (_, Some(Format::Currency)) => json!("CNY"),
        (FieldType::Str, Some(Format::Period)) => json!("2026-03"),
        (FieldType::List(_), Some(Format::Period)) => json!(["2026-03"]),
        (FieldType::List(_), Some(Format::Clause)) => json!(["8.2.4"]),
        (_, Some(Format::Clause)) => json!("8.2.4"),
        (FieldType::Int, _) => json!(field.min.unwrap_or(1)),
        (FieldType::Map, _) => shape(field),
        (FieldType::List(item), _) if **item == FieldType::Map => json!([shape(field)]),
        (FieldType::List(item), _) => json!([value(item)]),
        (ty, _) => value(ty),
    }
}

fn shape(field: &Field) -> Value {
    match &field.shape {
        Some(shape) => shape.iter().map(|(key, entry)| (key.clone(), value(&entry.ty))).collect(),
        // Any keys will do, but none would be as good as no value.
        None => json!({ "key": "a text" }),
    }
}

fn value(ty: &FieldType) -> Value {
    match ty {
        FieldType::Str | FieldType::Text => json!("a text"),
        FieldType::Int | FieldType::Dur => json!(1),
        FieldType::Dec => json!("1.5"),
        FieldType::Money => json!({"amount": "12.50", "currency": "CNY"}),
        FieldType::Date => json!("2026-03-31"),
        FieldType::Instant => json!("2026-03-31T09:30:00Z"),
        FieldType::Window => json!(["09:00", "12:00"]),
        FieldType::Bool => json!(true),
        FieldType::Enum(options) => json!(options[0]),
        FieldType::Ref(Target::Any) => json!("INC-2026-000001"),
        FieldType::Ref(Target::Kind(prefix)) => json!(format!("{prefix}-2026-000001")),
        FieldType::List(item) => json!([value(item)]),
        FieldType::Map => json!({}),
        FieldType::User => json!("somebody"),
        FieldType::Role => json!("SD"),
    }
}

#[test]
fn nothing_leaves_the_first_state_unfilled() {
    for (_, kind) in kinds() {
        for step in kind.transitions.iter().filter(|step| step.from == kind.initial) {
            for field in kind.fields.iter().filter(|field| field.required && !field.computed) {
                let mut record = filled(kind, &kind.initial, "walker");
                for who in step.roles.iter().map(Who::to_string).filter(|who| is_named(who)) {
                    record.data.insert(who, json!("walker"));
                }
                record.data.remove(&field.name);
                let mut actor = Actor::user("org", "walker", Role::ALL);
                actor.auto = true;
                let result = transition(
                    kind,
                    &actor,
                    &record,
                    &step.name,
                    Map::new(),
                    &TransitionContext { reason: Some("because"), ..TransitionContext::default() },
                    Instant(0),
                );
                let what = format!("{}: {} without {}", kind.prefix, step.name, field.name);
                if step.incomplete {
                    assert!(result.is_ok(), "{what}");
                    continue;
                }
                let refusal = result.expect_err(&what);
                if step.roles.iter().any(|who| who.to_string() == field.name) {
                    // Nobody is named who might.
                    assert_eq!(refusal.rule, "role", "{what}");
                    continue;
                }
                assert_eq!((&*refusal.rule, refusal.field.as_deref()), ("required", Some(&*field.name)), "{what}");
            }
        }
    }
}

#[test]
fn every_example_is_accepted_by_its_own_kind() {
    for (_, kind) in kinds() {
        for field in &kind.fields {
            let example = example(field);
            let normal = super::field::normalise(field, &example);
            assert_eq!(normal.as_ref(), Ok(&example), "{}.{}", kind.prefix, field.name);
        }
    }
}

#[test]
fn who_is_named_for_separation_does_not_take_the_step() {
    let mut separated = 0;
    for (_, kind) in kinds() {
        for step in kind.transitions.iter().filter(|step| !step.separate.is_empty()) {
            for field in &step.separate {
                let mut record = filled(kind, &step.from, "walker");
                match field.as_str() {
                    "created_by" => record.created_by = "walker".to_owned(),
                    "owner" => {}
                    name => {
                        record.data.insert(name.to_owned(), json!("walker"));
                    }
                }
                for who in step.roles.iter().map(Who::to_string).filter(|who| is_named(who)) {
                    record.data.insert(who, json!("walker"));
                }
                let actor = Actor::user("org", "walker", Role::ALL);
                let context = TransitionContext { route: &Role::ALL, ..TransitionContext::default() };
                let result = transition(kind, &actor, &record, &step.name, Map::new(), &context, Instant(0));
                let what = format!("{}: {} by its {field}", kind.prefix, step.name);
                let refusal = result.expect_err(&what);
                assert_eq!(
                    (&*refusal.rule, refusal.field.as_deref()),
                    ("separation-of-duties", Some(&**field)),
                    "{what}"
                );
                separated += 1;
            }
        }
    }
    assert!(separated > 20, "{separated}");
}
