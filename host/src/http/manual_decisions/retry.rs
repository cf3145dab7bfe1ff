//! `POST /manual-decisions/{id}/retry`: asking the component once more.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::IF_MATCH;
use crate::flows::manual;
use crate::http::caller::Caller;
use crate::http::input::{Members, OptionalFields, Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "retryManualDecision",
    group: Group::Decisions,
    summary: "Ask the component once more",
    text: "Asks whichever component is responsible now, with what the record says now. If it decides, the record waits \
           no longer; if it fails again, the record waits on under a new entry. Whoever may decide may do this, and an \
           administrator.",
    parameters: &[IF_MATCH],
    body: Body::OptionalJson("ManualDecisionRetry"),
    answers: &[Answer::json(200, "DecidedRecord", "The record as it is now.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    headers: HeaderMap,
    OptionalFields(body): OptionalFields,
) -> Result<Response, Problem> {
    params.done()?;
    let expected = etag::if_match(&headers)?;
    let mut members = Members::new(body.unwrap_or_default());
    let reason = members.text("reason").unwrap_or_default();
    members.done()?;
    let record = manual::ask_again(&site.desk, &caller, &id, expected, &reason).await?;
    Ok(reply::record(StatusCode::OK, &record))
}
