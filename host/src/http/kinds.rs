//! `GET /kinds`, `GET /kinds/{kind}`: the record kinds as data.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::access::{self, Action, Scope};
use crate::domain::field;
use crate::domain::{Actor, Kind};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

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
           may create, read and update; which processes decide about its records.",
    answers: &[Answer::json(200, "Kind", "The definition.")],
    problems: &[400, 401, 404],
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
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let mut shown = json!(*kind);
    let own = |name: &str| kind.fields.iter().any(|field| field.name == name);
    let common: Vec<_> = field::common().iter().filter(|field| !own(&field.name)).collect();
    shown["common_fields"] = json!(common);
    shown["may"] = may(&kind, &caller);
    Ok(reply::ok(&shown))
}

fn summary(kind: &Kind, actor: &Actor) -> Json {
    json!({
        "slug": kind.slug,
        "prefix": kind.prefix,
        "name": kind.name,
        "process": kind.process,
        "clause": kind.clause,
        "may": may(kind, actor),
    })
}

/// What the actor's roles allow with records of the kind.
fn may(kind: &Kind, actor: &Actor) -> Json {
    let read = match access::read_scope(kind, actor) {
        Scope::All => "all",
        Scope::Own => "own",
        Scope::Nothing => "nothing",
    };
    json!({
        "create": access::may(kind, actor, Action::Create, None),
        "read": read,
        "update": access::may(kind, actor, Action::Update, None),
    })
}
