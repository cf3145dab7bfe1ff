//! `POST /activations/{id}/breaker`: an administrator's word about a breaker.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::domain::breaker::Step;
use crate::domain::refusal::rule;
use crate::flows::breaker;
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "setBreaker",
    group: Group::Activations,
    summary: "Probe, close or open a breaker",
    text: "A breaker trips when its component fails too often; from then on the activation's `on_failure` says what \
           happens. `probe` lets a share of the decisions through again: enough good ones in a row close the breaker, \
           one failure opens it, and what a probe could not decide is decided as before. `close` lets the component \
           decide at once, `open` takes it out. Each is a step of the process's generation. Needs the role ADM.",
    body: Body::Json("BreakerStep"),
    answers: &[Answer::json(200, "BreakerAnswer", "Where the breaker stands now.")],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let word = members.required_text("action");
    let reason = members.required_text("reason");
    let step = Step::parse(&word);
    if step.is_none() && !word.is_empty() {
        members.refuse("action", rule::ENUM, &format!("must be one of {}", Step::WORDS.join(", ")));
    }
    members.done()?;
    // `members` has refused a body without it.
    let Some(step) = step else { return Err(Problem::internal()) };
    let breaker = breaker::set(&site.desk, &caller, &id, step, &reason).await?;
    Ok(reply::ok(&json!({ "activation": id, "breaker": breaker.to_json() })))
}
