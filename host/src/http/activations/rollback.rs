//! `POST /activations/rollback`: going back in one step.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::target;
use crate::domain::component::Activation;
use crate::flows::activate;
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "rollback",
    group: Group::Activations,
    summary: "Go back to what was active before",
    text: "Makes active again, for exactly this scope, the component and settings that were active before the \
           present ones. A scope that had none before is given up, and the next less specific one decides again. \
           Needs the role ADM.",
    body: Body::Json("RollbackRequest"),
    answers: &[Answer::json(200, "Rollback", "What is active now for the scope, and the generation.")],
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
    let expected = members.whole("expected_generation");
    let reason = members.text("reason").unwrap_or_default();
    members.done()?;
    // `members` has refused a body without them.
    let Some((process, scope)) = target else { return Err(Problem::internal()) };
    let activation = activate::rollback(&site.desk, &caller, process, scope, expected, &reason).await?;
    let generation = match &activation {
        Some(activation) => activation.generation,
        None => site.desk.store.generation(&caller.org, process.slug()).await?,
    };
    Ok(reply::ok(&json!({
        "process": process.slug(),
        "generation": generation,
        "activation": activation.as_ref().map(Activation::to_json),
    })))
}
