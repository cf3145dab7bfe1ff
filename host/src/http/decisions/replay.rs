//! `POST /decisions/{id}/replay`: running a decision again.

use axum::extract::State;
use axum::response::Response;

use super::read::find;
use crate::flows::replay_decision;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "replayDecision",
    group: Group::Decisions,
    summary: "Run a decision again",
    text: "Runs the stored input on the component and the settings that decided it, and says whether the output is \
           the same, byte for byte. Nothing is changed.",
    answers: &[Answer::json(200, "Replay", "Both outputs, and whether they are equal.")],
    problems: &[400, 401, 404, 409],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    find(&site, &caller, &id).await?;
    let replay = replay_decision::run(&site.desk, &caller, &id).await?;
    Ok(reply::ok(&replay.to_json()))
}
