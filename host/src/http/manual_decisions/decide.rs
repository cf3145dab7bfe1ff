//! `POST /manual-decisions/{id}/decide`: a person decides.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use mortise_types::{Milestone, Reason};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::IF_MATCH;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::manual::{self, Said};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "decideManually",
    group: Group::Decisions,
    summary: "Decide what a component could not",
    text: "The outcome is in the shape of the process's contract, for example the `output.outcome` of an earlier \
           decision with what differs changed. It is checked as a component's is, applied to the record by the same \
           code, and stored as a decision of yours. Where the record was held up on its way to another state (`step`), \
           that step is taken. Needs a role that decides for the process (`deciders` of the entry); for changes and \
           budgets, another person than the one who asks.",
    parameters: &[IF_MATCH],
    body: Body::Json("ManualDecisionAnswer"),
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
    Fields(mut body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let expected = etag::if_match(&headers)?;
    let reasons: Vec<Reason> = list(&mut body, "reasons")?;
    let milestones: Vec<Milestone> = list(&mut body, "milestones")?;
    let mut members = Members::new(body);
    let outcome = members.object("outcome");
    let reason = members.required_text("reason");
    if outcome.is_none() {
        members.refuse("outcome", rule::REQUIRED, "is required: what was decided, as an object");
    }
    members.done()?;
    let outcome = Json::Object(outcome.unwrap_or_default());
    let reasons = if reasons.is_empty() { vec![Reason::new("decided-by-person", &reason)] } else { reasons };
    let said = Said { outcome, milestones, reasons };
    let record = manual::decide(&site.desk, &caller, &id, said, expected, &reason).await?;
    Ok(reply::record(StatusCode::OK, &record))
}

/// A list of the contract's own form; empty where it is left out.
fn list<T: DeserializeOwned>(body: &mut Map<String, Json>, name: &str) -> Result<Vec<T>, Refusal> {
    match body.remove(name) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(list) => {
            serde_json::from_value(list).map_err(|error| Refusal::invalid(rule::TYPE, name, format!("{name}: {error}")))
        }
    }
}
