//! `/trust/allowed/{component}`: one component that is taken unsigned.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;

use super::shown;
use crate::flows::trust;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

const REASON: Parameter = Parameter::query("reason", Value::Text, "Why, for the audit trail.");

pub(in crate::http) static NAME: Operation = Operation {
    id: "allowComponent",
    group: Group::Components,
    summary: "Name a component that is taken unsigned",
    text: "Adds its digest (the safer: a name is what a component says of itself) or its name to those of the trust \
           policy, beside whatever else is changed of it at the same moment. Naming it again changes nothing. Only \
           where `unsigned` is `allow-named`. Needs the role ADM.",
    parameters: &[REASON],
    answers: &[Answer::json(200, "Trust", "Policy and keys.")],
    problems: &[400, 401, 403, 409, 422],
    ..Operation::PLAIN
};

pub(in crate::http) static FORGET: Operation = Operation {
    id: "disallowComponent",
    group: Group::Components,
    summary: "Name a component no more",
    text: "It cannot be uploaded or activated unsigned any more. What of it is live stays live and is listed under \
           `distrusted`. Where it is not named, nothing changes. Only where `unsigned` is `allow-named`. Needs the \
           role ADM.",
    parameters: &[REASON],
    answers: &[Answer::json(200, "Trust", "Policy and keys.")],
    problems: &[400, 401, 403, 409],
    ..Operation::PLAIN
};

pub(in crate::http) async fn name(
    State(site): State<Site>,
    caller: Caller,
    Place(component): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    set(&site, &caller, component, params, true).await
}

pub(in crate::http) async fn forget(
    State(site): State<Site>,
    caller: Caller,
    Place(component): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    set(&site, &caller, component, params, false).await
}

async fn set(
    site: &Site,
    caller: &Caller,
    component: String,
    mut params: Params,
    named: bool,
) -> Result<Response, Problem> {
    let reason = params.take("reason")?.unwrap_or_default();
    params.done()?;
    let (trust, distrusted) = trust::name(&site.desk, caller, &BTreeSet::from([component]), named, &reason).await?;
    Ok(reply::ok(&shown(&trust, &distrusted, site.desk.clock.now())))
}
