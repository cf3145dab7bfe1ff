//! `GET /views/{id}`: a view.

use axum::extract::State;
use axum::response::Response;

use crate::flows::views;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readView",
    group: Group::Views,
    summary: "A view",
    text: "Yours, or one that is shared with one of your roles. ADM (administrator) reads every view.",
    answers: &[Answer::json(200, "View", "The view.")],
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
    let view = views::read(&site.desk, &caller, &id).await?;
    Ok(reply::ok(&view.to_json()))
}
