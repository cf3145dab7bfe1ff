//! `GET /decisions/{id}`: one decision.

use axum::extract::State;
use axum::response::Response;

use crate::domain::decision::DecisionRecord;
use crate::flows::sight::Sight;
use crate::http::activations::read::settings_value;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::{Problem, not_found};
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readDecision",
    group: Group::Decisions,
    summary: "One decision",
    text: "Input and output are in the shape of the process's contract; `settings_value` is what the component decided with.",
    answers: &[Answer::json(200, "Decision", "The decision.")],
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
    let decision = find(&site, &caller, &id).await?;
    let mut shown = decision.to_json();
    shown["settings_value"] = settings_value(&site.desk.store, &caller.org, &decision.settings_hash).await?;
    Ok(reply::ok(&shown))
}

/// The decision, if the caller sees it. One that he does not see is not there.
pub(super) async fn find(site: &Site, caller: &Caller, id: &str) -> Result<DecisionRecord, Problem> {
    let found = site.desk.store.decision(&caller.org, id).await?;
    let seen = Sight::new(&site.desk, caller).of(found.into_iter().collect()).await?;
    seen.into_iter().next().ok_or_else(|| not_found(format!("there is no decision {id}")))
}
