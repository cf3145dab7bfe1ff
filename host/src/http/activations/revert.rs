//! `POST /activations/{id}/revert`: taking an activation back.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::domain::component::Activation;
use crate::flows::activate::revert;
use crate::http::caller::Caller;
use crate::http::input::{Members, OptionalFields, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "revertActivation",
    group: Group::Activations,
    summary: "Take an activation back",
    text: "A candidate or a plan ends. What is active gives way to what its scope had before; where it had nothing, the \
           next less specific scope decides again. Needs the role ADM, and never an explanation.",
    body: Body::OptionalJson("RevertRequest"),
    answers: &[Answer::json(200, "Rollback", "What is active now for the scope, and the generation.")],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    OptionalFields(body): OptionalFields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body.unwrap_or_default());
    let expected = members.whole("expected_generation");
    let reason = members.text("reason").unwrap_or_default();
    members.done()?;
    let (reverted, active) = revert::run(&site.desk, &caller, &id, expected, &reason).await?;
    let generation = site.desk.store.generation(&caller.org, reverted.process.slug()).await?;
    Ok(reply::ok(&json!({
        "process": reverted.process.slug(),
        "generation": generation,
        "activation": active.as_ref().map(Activation::to_json),
    })))
}
