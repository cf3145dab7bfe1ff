//! `POST /jobs/{id}/cancel`: asking a job to stop.

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
    id: "cancelJob",
    group: Group::Jobs,
    summary: "Ask a job to stop",
    text: "A job that no node has begun with ends at once, another one between two items: `cancelled_by` is set now, \
           the state follows. What it has done until then stays. Whoever started the job may, and ADM \
           (administrator). Asking again changes nothing.",
    answers: &[Answer::json(200, "Job", "The job as it is now.")],
    problems: &[400, 401, 403, 404, 409],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    let job = jobs::cancel(&site.desk, &caller, &id).await?;
    Ok(reply::ok(&job.to_json()))
}
