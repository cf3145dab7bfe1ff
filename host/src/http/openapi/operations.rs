//! Paths and operations, from the table of routes.

use serde_json::{Map, Value, json};

use super::super::table::{Answer, Body, Content, Operation, Parameter, Place, Route, Value as Sort};
use super::kinds;
use crate::domain::{Kind, Kinds};

/// Every path. A route that depends on the kind is there once for each kind, with the kind's own fields.
pub(super) fn paths(routes: &[Route], all: &Kinds) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut add = |path: String, method: &str, operation: Value| {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method.to_lowercase()] = operation;
    };
    for (order, route) in routes.iter().enumerate() {
        let method = route.method.as_str();
        if route.operation.each_kind {
            for kind in all.iter() {
                let path = route.path.replace("{kind}", &kind.slug);
                add(path, method, operation(route, order, Some(kind), all));
            }
        } else {
            add(route.path.to_owned(), method, operation(route, order, None, all));
        }
    }
    Value::Object(paths)
}

fn operation(route: &Route, order: usize, kind: Option<&Kind>, all: &Kinds) -> Value {
    let doc = route.operation;
    let name = kind.map(kinds::schema_name).unwrap_or_default();
    let schema = |text: &str| json!({ "$ref": format!("#/components/schemas/{}", text.replace("{Kind}", &name)) });
    let said = kind.map_or_else(String::new, |kind| in_a_sentence(&kind.name.en));
    let mut text = doc.text.to_owned();
    let mut parameters = path_parameters(route.path, kind, all);
    parameters.extend(doc.parameters.iter().map(parameter));
    if let Some(kind) = kind {
        match doc.id {
            "list" => parameters.extend(kinds::filters(kind)),
            "transition" => text = format!("{text}\n\n{}", kinds::transition_text(kind)),
            _ => {}
        }
    }
    let mut shown = json!({
        "operationId": format!("{}{name}", doc.id),
        "tags": [kind.map_or(doc.group.words().0, |kind| kind.slug.as_str())],
        "summary": doc.summary.replace("{kind}", &said),
        "description": text,
        "parameters": parameters,
        "x-order": order,
        "responses": responses(doc, &schema),
    });
    if let Some(body) = body(doc.body, &schema) {
        shown["requestBody"] = body;
    }
    if doc.open {
        shown["security"] = json!([]);
    }
    shown
}

/// A name as it stands inside a sentence: `incident`, but `SLA`.
fn in_a_sentence(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => name.to_owned(),
    }
}

fn path_parameters(path: &str, kind: Option<&Kind>, all: &Kinds) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let slugs = || all.iter().map(|kind| kind.slug.as_str()).collect::<Vec<_>>();
    names
        .filter(|name| kind.is_none() || *name != "kind")
        .map(|name| {
            let (text, schema) = match (name, kind) {
                ("kind", _) => ("Slug of the record kind.".to_owned(), json!({ "type": "string", "enum": slugs() })),
                ("number", Some(kind)) => (
                    "Number of the record.".to_owned(),
                    json!({ "type": "string", "examples": [format!("{}-2026-000001", kind.prefix)] }),
                ),
                ("number", None) => {
                    ("Number of the record.".to_owned(), json!({ "type": "string", "examples": ["INC-2026-000001"] }))
                }
                ("name", Some(kind)) => (
                    "Name of the transition.".to_owned(),
                    json!({ "type": "string", "enum": kinds::transition_names(kind) }),
                ),
                ("digest", _) => {
                    ("SHA-256 of the component.".to_owned(), json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }))
                }
                ("component", _) => {
                    ("SHA-256 of the component (the safer), or its name.".to_owned(), json!({ "type": "string" }))
                }
                ("id", _) => ("Identifier.".to_owned(), json!({ "type": "string", "format": "uuid" })),
                (name, _) => (format!("The {name}."), json!({ "type": "string" })),
            };
            json!({ "name": name, "in": "path", "required": true, "description": text, "schema": schema })
        })
        .collect()
}

fn parameter(parameter: &Parameter) -> Value {
    let schema = match parameter.value {
        Sort::Text => json!({ "type": "string" }),
        Sort::Flag => json!({ "type": "boolean" }),
        Sort::Whole(least, i64::MAX) => json!({ "type": "integer", "minimum": least }),
        Sort::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Sort::OneOf(options) => json!({ "type": "string", "enum": options }),
        Sort::Texts => json!({ "type": "array", "items": { "type": "string" } }),
    };
    let place = match parameter.place {
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.required,
        "description": parameter.text,
        "schema": schema,
    })
}

fn body(body: Body, schema: &impl Fn(&str) -> Value) -> Option<Value> {
    let json = |name| json!({ "application/json": { "schema": schema(name) } });
    Some(match body {
        Body::None => return None,
        Body::Json(name) => json!({ "required": true, "content": json(name) }),
        Body::OptionalJson(name) => json!({ "required": false, "content": json(name) }),
        Body::Patch(name) => json!({
            "required": true,
            "content": {
                "application/merge-patch+json": { "schema": schema(name) },
                "application/json": { "schema": schema(name) },
            },
        }),
        Body::Table => json!({
            "required": true,
            "content": { "text/csv": {}, "application/json": {}, "application/x-ndjson": {} },
        }),
        Body::File(types) => {
            let content: Map<String, Value> = types.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
            json!({ "required": true, "content": content })
        }
        Body::Component => json!({
            "required": true,
            "content": { "application/wasm": {}, "application/octet-stream": {} },
        }),
        Body::KindFile => json!({
            "required": true,
            "content": {
                "application/toml": { "schema": { "type": "string" } },
                "application/json": { "schema": schema("KindFile") },
            },
        }),
    })
}

fn responses(doc: &Operation, schema: &impl Fn(&str) -> Value) -> Value {
    let mut responses = Map::new();
    for Answer { status, text, content, headers } in doc.answers {
        let mut response = json!({ "description": text });
        match content {
            Content::None => {}
            Content::Json(name) => response["content"] = json!({ "application/json": { "schema": schema(name) } }),
            Content::Other(media_type) => response["content"] = json!({ *media_type: {} }),
        }
        for name in *headers {
            response["headers"][*name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
        responses.insert(status.to_string(), response);
    }
    let problem = |text: &str| {
        json!({
            "description": text,
            "content": { super::super::problem::MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
        })
    };
    for status in doc.problems {
        responses.insert(status.to_string(), problem(meaning(*status)));
    }
    responses.insert("default".to_owned(), problem("The server failed (500), or cannot answer at present (503)."));
    Value::Object(responses)
}

/// What a status means here, whatever the endpoint.
fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request cannot be read.",
        401 => "No token, or one that is not known, has expired or was revoked.",
        403 => "Your roles, or the separation of duties, do not allow it.",
        404 => "There is no such thing in your organisation.",
        409 => "The present state of things does not allow it.",
        412 => "The record has another revision than the one in If-Match.",
        413 => "The body is too large.",
        415 => "The body has a media type that this route does not read.",
        422 => "A value breaks a rule; the answer names the field and the rule.",
        _ => "A problem.",
    }
}
