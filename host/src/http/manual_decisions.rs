//! `GET /manual-decisions`: what a person must decide because a component could not.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::http::caller::Caller;
use crate::http::decisions::sight::Sight;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(super) static DOC: Operation = Operation {
    id: "listManualDecisions",
    group: Group::Decisions,
    summary: "What waits for a person",
    text: "Records about which a component failed to decide, oldest first: the last valid value stays until a \
           person, or a later decision, replaces it. You see the records that you may read decisions about.",
    parameters: &[Parameter::query("limit", Value::Whole(1, 500), "At most so many. Default: 100.")],
    answers: &[Answer::json(200, "ManualDecisions", "The queue.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(super) async fn run(State(site): State<Site>, caller: Caller, mut params: Params) -> Result<Response, Problem> {
    let limit = params.take_whole("limit", 1, 500)?.unwrap_or(100);
    params.done()?;
    let mut queue = site.desk.store.manual_queue(&caller.org, limit).await?;
    let sight = Sight::new(&site, &caller);
    if !sight.is_whole() {
        let readable = sight.readable(queue.iter().map(|entry| entry.number.clone()).collect()).await?;
        queue.retain(|entry| readable.contains(&entry.number));
    }
    let shown = queue.into_iter().map(|entry| {
        json!({
            "id": entry.id,
            "record": entry.number,
            "process": entry.process,
            "reason": entry.reason,
            "decision": entry.decision,
            "at": entry.at,
        })
    });
    Ok(reply::ok(&json!({ "waiting": shown.collect::<Vec<Json>>() })))
}
