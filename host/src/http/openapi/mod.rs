//! The OpenAPI 3.1 document, written from the table of routes and the record kinds.

mod fields;
mod kinds;
mod operations;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderValue;
use serde_json::{Map, Value, json};

use super::problem::RULES;
use super::table::{Group, Route};
use crate::domain::{Kinds, canonical};

/// Schemas that do not depend on the kinds.
const SCHEMAS: &str = include_str!("schemas.json");
/// Those of measures and evidence.
const EVIDENCE: &str = include_str!("evidence.json");

/// The document of one set of kinds, ready to be sent.
#[derive(Clone)]
pub(super) struct Document {
    pub(super) text: Bytes,
    pub(super) etag: HeaderValue,
}

/// The documents that were asked for last: each is written once for a set of kinds.
#[derive(Default)]
pub(super) struct Documents(Mutex<VecDeque<(Arc<Kinds>, Document)>>);

/// Sets whose document is kept; each is some megabytes at most.
const KEPT: usize = 16;

impl Documents {
    /// The document of these kinds.
    pub(super) fn of(&self, routes: &[Route], kinds: &Arc<Kinds>) -> Document {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, document)) = kept.iter().find(|(known, _)| Arc::ptr_eq(known, kinds)) {
            return document.clone();
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        let document = Document::new(routes, kinds);
        kept.push_back((Arc::clone(kinds), document.clone()));
        document
    }
}

impl Document {
    fn new(routes: &[Route], kinds: &Kinds) -> Self {
        let text = document(routes, kinds).to_string();
        let etag = format!("\"{}\"", &canonical::sha256(text.as_bytes())[..16]);
        // Hexadecimal digits in quotation marks are fine in a header.
        let etag = HeaderValue::try_from(etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Self { text: text.into(), etag }
    }
}

fn document(routes: &[Route], kinds: &Kinds) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mortise",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "An ITSM core whose decisions are taken by WebAssembly components",
            "description": INTRODUCTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "tags": tags(kinds),
        "paths": operations::paths(routes, kinds),
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token that `mortise token` made. It carries the organisation, the user and \
                                    the roles. A revoked token stops working within a second.",
                },
            },
            "headers": headers(),
            "schemas": schemas(kinds),
        },
    })
}

const INTRODUCTION: &str = "\
**Records.** Every record has a kind (`incident`, `change`, `contract`), a number (`INC-2026-000123`), a state and a \
revision. Kinds are data: the fields, states and transitions below come from their definitions. Values are plain \
JSON: moments are RFC 3339 in UTC, amounts are decimal texts with a currency, references are numbers of records.\n\n\
**Errors** are problem documents (RFC 9457, `application/problem+json`). `rule` is a stable name for what refused \
the request, `field` and `errors` say where, `type` leads to an explanation. 400 means that the request cannot be \
read, 422 that a value breaks a rule, 409 that the present state of things does not allow it.\n\n\
**Changes** are safe to repeat and safe to race: send `Idempotency-Key` when you make a record, and `If-Match` with \
the `ETag` you read when you change one.\n\n\
**Lists** are paged by cursor: follow `next`, or the header `Link`, until there is none.\n\n\
**Requests** carry at most 1 MiB of JSON (components 64 MiB). Every answer has an `X-Request-Id`; send one of your \
own to find the request in the server's log.";

/// The groups, and one tag for each kind with its lifecycle, for readers of the documentation.
fn tags(kinds: &Kinds) -> Value {
    let groups = Group::ALL.into_iter().map(|group| {
        let (name, text) = group.words();
        json!({ "name": name, "description": text })
    });
    let kinds = kinds.iter().map(|kind| {
        json!({
            "name": kind.slug,
            "description": format!("{} · numbers {}-YYYY-NNNNNN · ISO/IEC 20000-1 clause {}", kind.name.en, kind.prefix, kind.clause),
            "x-kind": {
                "slug": kind.slug,
                "prefix": kind.prefix,
                "label": kind.name,
                "process": kind.process,
                "clause": kind.clause,
                "schema": format!("{}Record", kinds::schema_name(kind)),
                "initial": kind.initial,
                "states": kind.states,
                "transitions": kind.transitions,
                "access": kind.access,
                "decisions": kind.decisions,
            },
        })
    });
    groups.chain(kinds).collect()
}

fn headers() -> Value {
    let text = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
    json!({
        "ETag": text("The record's revision, as a strong entity tag: `\"7\"`."),
        "Location": text("Where it can be read."),
        "Link": text("The next page, with `rel=\"next\"`; absent on the last one."),
        "Idempotent-Replay": text("`true` when the answer belongs to an earlier request with the same key."),
        "X-Request-Id": text("Name of the request in the server's log."),
    })
}

fn schemas(kinds: &Kinds) -> Map<String, Value> {
    // The files are part of the binary and a test reads them.
    let mut schemas: Map<String, Value> = serde_json::from_str(SCHEMAS).unwrap_or_default();
    schemas.extend(serde_json::from_str::<Map<String, Value>>(EVIDENCE).unwrap_or_default());
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    if let Some(rule) = schemas.get_mut("Problem").and_then(|s| s.pointer_mut("/properties/rule")) {
        rule["examples"] = json!(rules);
    }
    for kind in kinds.iter() {
        schemas.extend(kinds::schemas(kind));
    }
    schemas
}

#[cfg(test)]
mod tests;
