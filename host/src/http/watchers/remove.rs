//! `DELETE /records/{kind}/{number}/watchers/{user}`: watching a record no more.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::flows::watchers;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "unwatch",
    group: Group::Work,
    summary: "End that a user watches a record",
    text: "Staff does it for anybody, customers for themselves.",
    answers: &[Answer::empty(204, "He watches it no more.")],
    problems: &[400, 401, 403, 404, 409],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number, user)): Place<(String, String, String)>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    watchers::remove(&site.desk, &caller, &kind, &number, &user).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
