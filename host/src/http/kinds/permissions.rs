//! `GET /permissions`: who may do what, as the kinds say (guide, section 2).

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value as Json, json};

use crate::domain::kind::{Extent, Grant, Transition};
use crate::domain::role::Who;
use crate::domain::{Kind, Role};
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readPermissions",
    group: Group::Kinds,
    summary: "The permissions matrix",
    text: "Kinds against roles, from the kinds as they are in force in your organisation: who may create, read and \
           update records (`all`, `own` for those of one's own, or `some`: beside one's own, perhaps, those that meet \
           one of the conditions in `read_where` or `update_where`), and who may take which transition. `anyone` is \
           what every role but CUS may. The matrix is data: `access` and `roles` in a kind's file change it.",
    answers: &[Answer::json(200, "Permissions", "The matrix.")],
    problems: &[400, 401],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    let roles: Vec<Json> = Role::ALL
        .iter()
        .map(|role| {
            let (en, zh) = role.names();
            json!({ "code": role.code(), "name": { "en": en, "zh": zh } })
        })
        .collect();
    let kinds: Vec<Json> = site.desk.kinds(&caller.org).iter().map(|kind| row(kind)).collect();
    Ok(reply::ok(&json!({ "roles": roles, "kinds": kinds })))
}

fn row(kind: &Kind) -> Json {
    let mut cells = Map::new();
    for who in Role::ALL.map(Who::Role).into_iter().chain([Who::Any]) {
        let cell = cell(kind, who);
        if cell.as_object().is_some_and(|cell| !cell.is_empty()) {
            let name = if who == Who::Any { "anyone".to_owned() } else { who.to_string() };
            cells.insert(name, cell);
        }
    }
    json!({
        "slug": kind.slug,
        "prefix": kind.prefix,
        "name": kind.name,
        "version": kind.version,
        "cells": cells,
    })
}

/// The place of grants with a condition among those for one's own records and those for all.
const SOME: usize = 1;

fn breadth(grant: &Grant) -> usize {
    match grant.extent {
        Extent::Own => SOME - 1,
        Extent::Where(_) => SOME,
        Extent::All => SOME + 1,
    }
}

fn cell(kind: &Kind, who: Who) -> Json {
    let mut cell = Map::new();
    let access = [("create", &kind.access.create), ("read", &kind.access.read), ("update", &kind.access.update)];
    for (action, grants) in access {
        let held: Vec<&Grant> = grants.iter().filter(|grant| grant.who == who).collect();
        let Some(widest) = held.iter().map(|grant| breadth(grant)).max() else { continue };
        cell.insert(action.to_owned(), ["own", "some", "all"][widest].into());
        let conditions: Vec<Json> =
            held.iter().filter(|grant| breadth(grant) == SOME).map(|grant| json!(grant)).collect();
        if widest == SOME {
            cell.insert(format!("{action}_where"), conditions.iter().map(|grant| grant["where"].clone()).collect());
        }
    }
    let takes = |step: &&Transition| {
        step.roles.contains(&who)
            || step.all_of.contains(&who)
            || step.only.iter().any(|only| only.roles.contains(&who))
    };
    let steps: Vec<Json> = kind
        .transitions
        .iter()
        .filter(takes)
        .map(|step| json!({ "name": step.name, "from": step.from, "to": step.to }))
        .collect();
    if !steps.is_empty() {
        cell.insert("transitions".to_owned(), steps.into());
    }
    Json::Object(cell)
}
