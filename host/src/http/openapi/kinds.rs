//! Schemas of a kind: the record, what makes one, what changes one, a page of them.

use serde_json::{Map, Value, json};

use super::fields;
use crate::domain::kind::{Label, Transition};
use crate::domain::{Field, FieldType, Kind};

/// What the names of a kind's schemas start with: `ConfigurationItem` for `configuration-item`.
pub(super) fn schema_name(kind: &Kind) -> String {
    let words = kind.slug.split(['-', '_']).filter(|word| !word.is_empty());
    words
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<Vec<_>>()
        })
        .collect()
}

/// Every schema of the kind, by name.
pub(super) fn schemas(kind: &Kind) -> Vec<(String, Value)> {
    let name = schema_name(kind);
    vec![
        (format!("{name}Create"), create(kind)),
        (format!("{name}Patch"), patch(kind, &name)),
        (format!("{name}Page"), page(&name)),
        (format!("{name}Record"), record(kind, &name)),
    ]
}

fn create(kind: &Kind) -> Value {
    let writable = || kind.all_fields().filter(|field| !field.computed);
    let properties: Map<String, Value> =
        writable().map(|field| (field.name.clone(), fields::schema(kind, field))).collect();
    let required: Vec<&str> = writable().filter(|field| field.on_create).map(|field| field.name.as_str()).collect();
    json!({
        "type": "object",
        "title": format!("{}, new", kind.name.en),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "x-order": order(writable()),
    })
}

/// Names of fields as the kind's file orders them; the members of a JSON object have no order.
fn order<'k>(fields: impl Iterator<Item = &'k Field>) -> Vec<&'k str> {
    fields.map(|field| field.name.as_str()).collect()
}

fn patch(kind: &Kind, name: &str) -> Value {
    let property = |field: &Field| {
        let same = json!({ "$ref": format!("#/components/schemas/{name}Create/properties/{}", field.name) });
        let kept = ["title", "owner", "confidentiality"].contains(&field.name.as_str());
        if kept { same } else { json!({ "anyOf": [same, { "type": "null" }] }) }
    };
    let properties: Map<String, Value> =
        kind.all_fields().filter(|field| !field.computed).map(|field| (field.name.clone(), property(field))).collect();
    json!({
        "type": "object",
        "title": format!("{}, changes", kind.name.en),
        "description": "Fields to change; null removes a value.",
        "properties": properties,
        "additionalProperties": false,
        "x-order": order(kind.all_fields().filter(|field| !field.computed)),
    })
}

fn record(kind: &Kind, name: &str) -> Value {
    let column = |name: &str| json!({ "$ref": format!("#/components/schemas/Columns/properties/{name}") });
    let mut properties = Map::new();
    for name in ["id", "number"] {
        properties.insert(name.to_owned(), column(name));
    }
    let states: Vec<&str> = kind.states.iter().map(|state| state.name.as_str()).collect();
    let state = json!({
        "type": "string",
        "enum": states,
        "title": "State",
        "description": "Changed by transitions only.",
        "x-label": { "en": "State", "zh": "状态" },
        "x-type": "state",
    });
    properties.insert("state".to_owned(), state);
    for name in ["revision", "created_at", "created_by", "updated_at", "kind_version"] {
        properties.insert(name.to_owned(), column(name));
    }
    for field in kind.all_fields() {
        let schema = if field.computed {
            fields::schema(kind, field)
        } else {
            json!({ "$ref": format!("#/components/schemas/{name}Create/properties/{}", field.name) })
        };
        properties.insert(field.name.clone(), schema);
    }
    let mut names = vec!["number", "state"];
    names.extend(order(kind.all_fields()));
    names.extend(["id", "revision", "created_at", "created_by", "updated_at", "kind_version"]);
    json!({
        "type": "object",
        "title": kind.name.en,
        "description": format!("A record of the kind {}; a field without a value is absent.", kind.slug),
        "x-label": kind.name,
        "properties": properties,
        "required": [
            "id", "number", "title", "state", "owner", "revision", "created_at", "created_by", "updated_at",
            "kind_version",
        ],
        "x-order": names,
    })
}

fn page(name: &str) -> Value {
    json!({
        "type": "object",
        "properties": {
            "records": { "type": "array", "items": { "$ref": format!("#/components/schemas/{name}Record") } },
            "next": { "$ref": "#/components/schemas/Next" },
        },
        "required": ["records", "next"],
    })
}

/// Query parameters of a kind's list: everything it can be filtered by.
pub(super) fn filters(kind: &Kind) -> Vec<Value> {
    let states = kind.states.iter().map(|state| state.name.clone()).collect();
    let state = Label { en: "State".to_owned(), zh: "状态".to_owned() };
    let mut filters = vec![filter("state", Some(&state), &FieldType::Enum(states))];
    for (name, en, zh, ty) in COLUMNS {
        filters.push(filter(name, Some(&Label { en: en.to_owned(), zh: zh.to_owned() }), &ty));
    }
    for (path, ty) in kind.indexed_paths() {
        if !COLUMNS.iter().any(|(name, ..)| *name == path) {
            filters.push(filter(path, kind.field(path).map(|field| &field.label), ty));
        }
    }
    filters
}

fn filter(name: &str, label: Option<&Label>, ty: &FieldType) -> Value {
    let mut schema = json!({ "type": "string", "x-label": label, "x-type": ty.to_string() });
    if let FieldType::Enum(options) = ty {
        // Not `enum`: a condition can name several of them.
        schema["x-options"] = json!(options);
        schema["x-type"] = "enum".into();
    }
    let by = label.map_or(name, |label| &label.en);
    json!({ "name": name, "in": "query", "description": format!("Filter by {by}."), "schema": schema })
}

/// Columns of every record that lists filter by: name, names for people, type.
const COLUMNS: [(&str, &str, &str, FieldType); 5] = [
    ("owner", "Owner", "负责人", FieldType::User),
    ("number", "Number", "编号", FieldType::Str),
    ("created_by", "Made by", "创建人", FieldType::User),
    ("created_at", "Made", "创建时间", FieldType::Instant),
    ("updated_at", "Changed", "更新时间", FieldType::Instant),
];

/// The names of a kind's transitions, each once.
pub(super) fn transition_names(kind: &Kind) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for step in &kind.transitions {
        if !names.contains(&step.name.as_str()) {
            names.push(&step.name);
        }
    }
    names
}

/// The transitions in words, one to a line.
pub(super) fn transition_text(kind: &Kind) -> String {
    let line = |step: &Transition| {
        let roles = if step.all_of.is_empty() { &step.roles } else { &step.all_of };
        let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
        let join = if step.all_of.is_empty() { ", " } else { " and " };
        let needs = match step.require.as_slice() {
            [] => String::new(),
            fields => format!("; needs {}", fields.join(", ")),
        };
        let reason = if step.reason { "; needs a reason" } else { "" };
        format!("- `{}`: {} → {} ({}){needs}{reason}", step.name, step.from, step.to, roles.join(join))
    };
    kind.transitions.iter().map(line).collect::<Vec<_>>().join("\n")
}
