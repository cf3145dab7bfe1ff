//! The record kinds as data: `GET /kinds`, `GET /kinds/{kind}`, and how an organisation shapes them.

pub(super) mod parts;
pub(super) mod permissions;
pub(super) mod rollback;
pub(super) mod shape;
pub(super) mod versions;

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

use crate::domain::access::{self, Action, Scope};
use crate::domain::field;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Kind};
use crate::flows::kinds::{Edit, Outcome, Wish};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(super) static LIST: Operation = Operation {
    id: "listKinds",
    group: Group::Kinds,
    summary: "The record kinds",
    text: "Each with its names in English and Chinese and with what your roles allow.",
    answers: &[Answer::json(200, "KindList", "The kinds, by name.")],
    problems: &[400, 401],
    ..Operation::PLAIN
};

pub(super) static READ: Operation = Operation {
    id: "readKind",
    group: Group::Kinds,
    summary: "The definition of a record kind",
    text: "Fields with types, options, limits and labels; states; transitions with roles and required fields; who \
           may create, read and update; which processes decide about its records. `version` counts your \
           organisation's own versions; 0 is the built-in kind. With `Accept: application/toml`, or `format=toml`, \
           the answer is the kind's file, as `PUT` takes it back.",
    parameters: &[Parameter::query("format", Value::OneOf(&["json", "toml"]), "Form of the answer. Default: json.")],
    answers: &[Answer::json(200, "Kind", "The definition.").headers(&["ETag"])],
    problems: &[400, 401, 404, 422],
    ..Operation::PLAIN
};

pub(super) async fn list(State(site): State<Site>, caller: Caller, params: Params) -> Result<Response, Problem> {
    params.done()?;
    let kinds: Vec<Json> = site.desk.kinds(&caller.org).iter().map(|kind| summary(kind, &caller)).collect();
    Ok(reply::ok(&json!({ "kinds": kinds })))
}

pub(super) async fn read(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    mut params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = params.take("format")?;
    params.done()?;
    let kinds = site.desk.kinds(&caller.org);
    let kind = site.kind(&caller, &kind)?;
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let as_file = match format.as_deref() {
        None => accepted.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim() == TOML)),
        Some("toml") => true,
        Some("json") => false,
        Some(other) => {
            let message = format!("format has to be json or toml, not '{other}'");
            return Err(Refusal::invalid(rule::ENUM, "format", message).into());
        }
    };
    let tag = (ETAG, etag::of(kind.version));
    if as_file && let Some(text) = kinds.text(&kind.slug) {
        return Ok(([tag, (CONTENT_TYPE, HeaderValue::from_static(TOML))], text.to_string()).into_response());
    }
    let mut shown = json!(*kind);
    let own = |name: &str| kind.fields.iter().any(|field| field.name == name);
    let common: Vec<_> = field::common().iter().filter(|field| !own(&field.name)).collect();
    shown["common_fields"] = json!(common);
    shown["may"] = may(&kind, &caller);
    Ok(([tag], reply::ok(&shown)).into_response())
}

/// The media type of a kind's file.
const TOML: &str = "application/toml";

/// The parameters of every route that changes a kind.
const SHAPING: [Parameter; 4] = [
    Parameter::query(
        "dry_run",
        Value::Flag,
        "Change nothing and say what would happen: which records the change would break, what would be indexed.",
    ),
    Parameter::query(
        "keep_values",
        Value::Flag,
        "Let a field go although records have values of it. They keep them, readable, as long as nobody overwrites them.",
    ),
    Parameter::query("reason", Value::Text, "Why, for the audit trail."),
    Parameter::header("If-Match", Value::Text, "The ETag of the version that you worked from, for example `\"2\"`."),
];

/// What every route that changes a kind is told beside what to do.
fn wish(slug: String, edit: Edit, mut params: Params, headers: &HeaderMap) -> Result<Wish, Problem> {
    let dry_run = params.take_flag("dry_run")?.unwrap_or_default();
    let keep_values = params.take_flag("keep_values")?.unwrap_or_default();
    let reason = params.take("reason")?.unwrap_or_default();
    params.done()?;
    Ok(Wish { slug, edit, expected: etag::if_match(headers)?, reason, keep_values, dry_run })
}

/// What a change of a kind did, with the version's tag.
fn changed(status: StatusCode, outcome: &Outcome) -> Response {
    ([(ETAG, etag::of(outcome.version))], reply::json(status, outcome)).into_response()
}

fn summary(kind: &Kind, actor: &Actor) -> Json {
    json!({
        "slug": kind.slug,
        "version": kind.version,
        "prefix": kind.prefix,
        "name": kind.name,
        "process": kind.process,
        "clause": kind.clause,
        "may": may(kind, actor),
    })
}

/// What the actor's roles allow with records of the kind.
fn may(kind: &Kind, actor: &Actor) -> Json {
    let scope = access::read_scope(kind, actor);
    let read = match scope {
        Scope::All => "all",
        Scope::Some(_) if scope.is_own() => "own",
        Scope::Some(_) => "some",
        Scope::Nothing => "nothing",
    };
    json!({
        "create": access::may(kind, actor, Action::Create, None),
        "read": read,
        "update": access::may(kind, actor, Action::Update, None),
    })
}
