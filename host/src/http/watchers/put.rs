//! `PUT /records/{kind}/{number}/watchers/{user}`: letting somebody watch a record.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::flows::watchers;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "watch",
    group: Group::Work,
    summary: "Let a user watch a record",
    text: "He finds what happens to it under `/api/v1/me/notifications`, as far as he may read it. Staff adds anybody, \
           customers themselves. Asking again changes nothing.",
    answers: &[
        Answer::json(201, "Watcher", "He watches it from now on."),
        Answer::json(200, "Watcher", "He watched it before."),
    ],
    problems: &[400, 401, 403, 404, 422],
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
    let (watcher, new) = watchers::add(&site.desk, &caller, &kind, &number, &user).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(reply::json(status, &watcher.to_json()))
}
