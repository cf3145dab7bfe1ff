//! `GET /records/{kind}/{number}/triage`: what the triage rule proposes for an incident.

use axum::extract::State;
use axum::response::Response;

use crate::flows::triage;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "triageIncident",
    group: Group::Records,
    summary: "What the triage rule proposes for an incident",
    text: "Priority, the criteria of a major incident that it meets, group, and who takes it: of those whose skill \
           entry says that they have the skill (`skill`, else the category), the one with the least load, each open \
           incident counting 6 less its priority. Nobody is assigned by it; a person does that.",
    answers: &[Answer::json(200, "TriageProposal", "The proposal.")],
    problems: &[400, 401, 403, 404, 409],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    Ok(reply::ok(&triage::run(&site.desk, &caller, &kind, &number).await?))
}
