//! `GET /records/{kind}/{number}`: one record.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::domain::reading::Way;
use crate::flows::{accesses, view_records};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "read",
    group: Group::Records,
    summary: "Read {kind}",
    text: "The `ETag` of the answer is the record's revision; send it back in `If-Match` with a change.",
    parameters: &[Parameter::header(
        "If-None-Match",
        Value::Text,
        "Entity tags that you have already. If the record's is among them, the answer is 304 without a body.",
    )],
    answers: &[
        Answer::json(200, "{Kind}Record", "The record.").headers(&["ETag"]),
        Answer::empty(304, "You have this revision already.").headers(&["ETag"]),
    ],
    problems: &[400, 401, 403, 404],
    each_kind: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let record = view_records::record(&site.desk, &caller, &kind, &number).await?;
    accesses::note(&site.desk, &caller, [&record], Way::Record).await?;
    if etag::is_known(&headers, record.revision) {
        return Ok(reply::not_modified(&record));
    }
    Ok(reply::record(StatusCode::OK, &record))
}
