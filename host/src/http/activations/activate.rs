//! `POST /activations`: making a component live.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value as Json;

use super::target;
use crate::flows::activate::{self, Wish};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "activate",
    group: Group::Activations,
    summary: "Make a component decide for a scope",
    text: "From the answer on, every new decision in the scope is taken by this component with these settings; the \
           most specific scope wins (contract, customer, service, kind, organisation). Decisions taken before stay \
           as they are. Settings are checked now; leave them out for the component's defaults. Needs the role ADM.",
    body: Body::Json("ActivationRequest"),
    answers: &[Answer::json(201, "Activation", "The activation, with the generation it made.")],
    problems: &[400, 401, 403, 409, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let target = target(&mut members);
    let digest = members.required_text("component");
    let settings = members.object("settings").map_or(Json::Null, Json::Object);
    let expected_generation = members.whole("expected_generation");
    let reason = members.text("reason").unwrap_or_default();
    members.done()?;
    // `members` has refused a body without them.
    let Some((process, scope)) = target else { return Err(Problem::internal()) };
    let wish = Wish { process, scope, digest, settings, expected_generation, reason };
    let activation = activate::run(&site.desk, &caller, wish).await?;
    Ok(reply::json(StatusCode::CREATED, &activation.to_json()))
}
