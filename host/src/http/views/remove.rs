//! `DELETE /views/{id}`: removing a view.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::flows::views;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "deleteView",
    group: Group::Views,
    summary: "Remove a view",
    text: "Its owner may, and ADM (administrator). The records are not touched.",
    answers: &[Answer::empty(204, "It is gone.")],
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
    views::remove(&site.desk, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
