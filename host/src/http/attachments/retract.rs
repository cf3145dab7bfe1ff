//! `POST /records/{kind}/{number}/attachments/{id}/retract`: taking a file back.

use axum::extract::State;
use axum::response::Response;

use crate::flows::attachments;
use crate::http::caller::Caller;
use crate::http::comments::reason;
use crate::http::input::{Fields, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "retractAttachment",
    group: Group::Work,
    summary: "Take a file back",
    text: "The file is not given out any more; that it was there, and why it is gone, is shown. Whoever attached it \
           may, and ADM (administrator). It takes a reason. The bytes are kept as long as anything refers to them.",
    body: Body::Json("Reason"),
    answers: &[Answer::json(200, "Attachment", "What is left of it.")],
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
    let attachment = attachments::retract(&site.desk, &caller, &kind, &number, &id, &reason).await?;
    Ok(reply::ok(&attachment.to_json()))
}
