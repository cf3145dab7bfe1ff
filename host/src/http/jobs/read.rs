//! `GET /jobs/{id}`: how far a job is.

use axum::extract::State;
use axum::response::Response;

use crate::flows::jobs;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readJob",
    group: Group::Jobs,
    summary: "How far a job is",
    text: "You see your own jobs; ADM (administrator), AUD (auditor) and MR (management representative) see all.",
    answers: &[Answer::json(200, "Job", "The job.")],
    problems: &[400, 401, 404],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    let job = jobs::read(&site.desk, &caller, &id).await?;
    Ok(reply::ok(&job.to_json()))
}
