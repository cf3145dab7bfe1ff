//! `GET /manual-decisions/{id}`: one entry of the queue, and where its record stands.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::header::ETAG;
use axum::response::Response;
use serde_json::json;

use super::shown;
use crate::domain::decision::DecisionRecord;
use crate::domain::manual;
use crate::flows::sight::Sight;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, etag};
use crate::http::problem::{Problem, not_found};
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readManualDecision",
    group: Group::Decisions,
    summary: "What waits, and what it was asked",
    text: "With the request and what came of it, the record's revision, the roles that may decide, and the last valid \
           decision of the same process about the record (`last`): its `output.outcome` is in the shape that \
           `POST /manual-decisions/{id}/decide` takes. An entry that was decided stays readable, with the decision \
           that took it out of the queue.",
    answers: &[Answer::json(200, "ManualDecision", "The entry.").headers(&["ETag"])],
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
    let missing = || not_found(format!("nothing waits for a person as {id}"));
    let store = &site.desk.store;
    let waiting = store.manual_entry(&caller.org, &id).await?.ok_or_else(missing)?;
    let (number, slug) = (&waiting.entry.number, &waiting.entry.process);
    let sight = Sight::new(&site.desk, &caller);
    if !sight.is_whole() && !sight.readable(BTreeSet::from([number.clone()])).await?.contains(number) {
        return Err(missing());
    }
    let record = store.record(&caller.org, number).await?.ok_or_else(missing)?;
    let last = store.last_valid_decision(&caller.org, number, slug).await?;
    let mut body = shown(&waiting);
    body["kind"] = json!(record.kind);
    body["state"] = json!(record.state);
    body["revision"] = json!(record.revision);
    body["deciders"] = json!(slug.parse().map(manual::deciders).unwrap_or_default());
    body["last"] = json!(last.as_ref().map(DecisionRecord::to_json));
    let mut response = reply::ok(&body);
    response.headers_mut().insert(ETAG, etag::of(record.revision));
    Ok(response)
}
