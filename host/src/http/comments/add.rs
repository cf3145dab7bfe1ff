//! `POST /records/{kind}/{number}/comments`: writing a comment.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::flows::comments;
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "comment",
    group: Group::Work,
    summary: "Comment on a record",
    text: "At most 64 KiB of text. Whoever may read the record may, but for the role AUD (auditor), while it is not \
           closed. Staff writes `internal` comments unless it says `public`; customers write public ones. `@name` \
           lets a user watch the record. A comment is never changed, only retracted. The first public comment by \
           staff on a ticket without `responded_at` is marked as `first_answer`; the clocks go by the field.",
    body: Body::Json("NewComment"),
    answers: &[Answer::json(201, "Comment", "The comment.")],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
    Fields(input): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let mut members = Members::new(input);
    let text = members.required_text("text");
    let visibility = members.text("visibility");
    members.done()?;
    let comment = comments::add(&site.desk, &caller, &kind, &number, &text, visibility.as_deref()).await?;
    Ok(reply::json(StatusCode::CREATED, &comment.to_json()))
}
