//! `GET /baselines/{number}/compare`: what has changed since.

use axum::extract::State;
use axum::response::Response;

use crate::flows::configuration::baseline;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "compareBaseline",
    group: Group::Configuration,
    summary: "Compare a baseline",
    text: "With another baseline, or with what its items are now. `added` are items that only the other baseline has, \
           `removed` those that it lacks or that are retired now, and `changed` those whose fields differ, each with \
           the value it had in this baseline (`was`) and in the other or now (`is`).",
    parameters: &[Parameter::query("with", Value::Text, "Number of another baseline; without it, now.")],
    answers: &[Answer::json(200, "BaselineComparison", "What differs.")],
    problems: &[400, 401, 403, 404],
    ..Operation::PLAIN
};

pub(in crate::http) async fn compare(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let with = params.take("with")?;
    params.done()?;
    Ok(reply::ok(&baseline::against(&site.desk, &caller, &number, with.as_deref()).await?))
}
