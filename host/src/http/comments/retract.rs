//! `POST /records/{kind}/{number}/comments/{id}/retract`: taking a comment back.

use axum::extract::State;
use axum::response::Response;

use super::reason;
use crate::flows::comments;
use crate::http::caller::Caller;
use crate::http::input::{Fields, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "retractComment",
    group: Group::Work,
    summary: "Take a comment back",
    text: "Its text is not shown any more; that it was there, and why it is gone, is. Whoever wrote it may, and ADM \
           (administrator). It takes a reason.",
    body: Body::Json("Reason"),
    answers: &[Answer::json(200, "Comment", "What is left of it.")],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number, id)): Place<(String, String, String)>,
    params: Params,
    Fields(input): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let reason = reason(input)?;
    let comment = comments::retract(&site.desk, &caller, &kind, &number, &id, &reason).await?;
    Ok(reply::ok(&comment.to_json()))
}
