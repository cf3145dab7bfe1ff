//! `PATCH /records/{kind}/{number}`: changing fields.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{IF_MATCH, REASON};
use crate::flows::{create_record, update_record};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "update",
    group: Group::Records,
    summary: "Update {kind}",
    text: "A field named in the body is replaced as a whole, `null` removes its value, the others stay. The state \
           is changed by transitions only.",
    parameters: &[REASON, IF_MATCH],
    body: Body::Patch("{Kind}Patch"),
    answers: &[Answer::json(200, "{Kind}Record", "The record as it is now.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    each_kind: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    mut params: Params,
    headers: HeaderMap,
    Fields(patch): Fields,
) -> Result<Response, Problem> {
    let reason = params.take("reason")?.unwrap_or_default();
    params.done()?;
    let expected = etag::if_match(&headers)?;
    let kind = site.kind(&caller, &kind)?;
    if kind.view.is_some() {
        return Err(create_record::refuse_view(&kind).into());
    }
    let record = update_record::run(&site.desk, &caller, &kind, &number, patch, expected, &reason).await?;
    Ok(reply::record(StatusCode::OK, &record))
}
