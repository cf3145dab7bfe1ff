//! Schemas of fields.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::field::{Entry, Field, FieldType, Format, Target};
use crate::domain::{Kind, Role};

/// The schema of a field's values, with its names and what there is to know about it.
pub(super) fn schema(kind: &Kind, field: &Field) -> Value {
    let limits = Limits { min: field.min, max: field.max, format: field.format, shape: field.shape.as_ref() };
    let mut schema = of_type(&field.ty, limits);
    schema.insert("title".to_owned(), field.label.en.as_str().into());
    schema.insert("x-label".to_owned(), json!(field.label));
    schema.insert("x-type".to_owned(), field.ty.to_string().into());
    let text = description(kind, field);
    if !text.is_empty() {
        schema.insert("description".to_owned(), text.into());
    }
    if let Some(default) = &field.default
        && default != crate::domain::field::ACTOR_DEFAULT
    {
        schema.insert("default".to_owned(), default.clone());
    }
    if field.indexed {
        schema.insert("x-indexed".to_owned(), true.into());
    }
    if field.computed {
        schema.insert("readOnly".to_owned(), true.into());
    }
    Value::Object(schema)
}

fn description(kind: &Kind, field: &Field) -> String {
    let mut parts: Vec<String> = Vec::new();
    if field.on_create && !field.computed {
        parts.push("Required.".to_owned());
    } else if field.required && !field.computed {
        parts.push(format!("Required before the record leaves the state {}.", kind.initial));
    }
    match field.ty.item() {
        FieldType::Ref(Target::Kind(prefix)) => parts.push(format!("Number of a {prefix} record.")),
        FieldType::Ref(Target::Any) => parts.push("Number of a record of any kind.".to_owned()),
        FieldType::Dur => parts.push("Seconds.".to_owned()),
        FieldType::User => parts.push("Name of a user.".to_owned()),
        _ => {}
    }
    if field.default.as_ref().is_some_and(|default| default == crate::domain::field::ACTOR_DEFAULT) {
        parts.push("You, unless you say otherwise.".to_owned());
    }
    match field.format {
        Some(Format::TimeZone) => parts.push("A time zone of the IANA database.".to_owned()),
        Some(Format::Currency) => parts.push("A currency of ISO 4217.".to_owned()),
        Some(Format::Period) => parts.push("A month of a year.".to_owned()),
        Some(Format::Clause) => parts.push("A clause of ISO/IEC 20000-1:2018.".to_owned()),
        None => {}
    }
    parts.join(" ")
}

/// What is asked of a value beyond its type; of a list, of each item. The values inside a map have limits of their
/// own.
#[derive(Clone, Copy, Default)]
struct Limits<'f> {
    min: Option<i64>,
    max: Option<i64>,
    format: Option<Format>,
    shape: Option<&'f BTreeMap<String, Entry>>,
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The schema of a type.
fn of_type(ty: &FieldType, limits: Limits<'_>) -> Map<String, Value> {
    object(match ty {
        FieldType::Str => match limits.format {
            Some(Format::Currency) => json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
            Some(Format::Clause) => json!({ "type": "string", "pattern": "^[0-9]+([.][0-9]+)*$" }),
            Some(Format::Period) => json!({ "type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$" }),
            Some(Format::TimeZone) | None => json!({ "type": "string", "minLength": 1, "maxLength": 500 }),
        },
        FieldType::Text => json!({ "type": "string", "minLength": 1, "maxLength": 100_000 }),
        FieldType::Int => {
            let mut schema = object(json!({ "type": "integer" }));
            let ends = [("minimum", limits.min), ("maximum", limits.max)];
            schema.extend(ends.into_iter().filter_map(|(n, v)| Some((n.to_owned(), v?.into()))));
            return schema;
        }
        FieldType::Dec => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "examples": ["-12.5"] }),
        FieldType::Money => json!({ "$ref": "#/components/schemas/Money" }),
        FieldType::Date => json!({ "type": "string", "format": "date" }),
        FieldType::Instant => json!({ "type": "string", "format": "date-time" }),
        FieldType::Window => {
            let time = json!({ "type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" });
            json!({
                "type": "array",
                "prefixItems": [time, time],
                "items": false,
                "minItems": 2,
                "examples": [["09:00", "12:00"]],
            })
        }
        FieldType::Bool => json!({ "type": "boolean" }),
        FieldType::Enum(options) => json!({ "type": "string", "enum": options }),
        FieldType::Ref(Target::Any) => json!({ "type": "string", "pattern": "^[A-Z]{2,5}-[0-9]{4}-[0-9]{6,}$" }),
        FieldType::Ref(Target::Kind(prefix)) => json!({
            "type": "string",
            "pattern": format!("^{prefix}-[0-9]{{4}}-[0-9]{{6,}}$"),
            "examples": [format!("{prefix}-2026-000001")],
        }),
        FieldType::List(item) => json!({ "type": "array", "maxItems": 10_000, "items": of_type(item, limits) }),
        FieldType::Map => match limits.shape {
            None => json!({ "type": "object" }),
            Some(shape) => {
                let entry = |entry: &Entry| {
                    let mut schema = of_type(&entry.ty, Limits { min: entry.min, ..Limits::default() });
                    schema.insert("x-type".to_owned(), entry.ty.to_string().into());
                    schema
                };
                let properties: Map<String, Value> =
                    shape.iter().map(|(key, e)| (key.clone(), Value::Object(entry(e)))).collect();
                let required: Vec<&String> =
                    shape.iter().filter(|(_, entry)| !entry.optional).map(|(key, _)| key).collect();
                json!({
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
        },
        FieldType::User => json!({ "type": "string", "minLength": 1, "maxLength": 100 }),
        FieldType::Role => json!({ "type": "string", "enum": Role::ALL }),
        FieldType::Dur => json!({ "type": "integer", "minimum": 0 }),
    })
}
