//! `GET /records/{kind}/{number}/timers`: what will happen to a record by itself.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::flows::view_records;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readTimers",
    group: Group::Records,
    summary: "The timers of a record",
    text: "What waits for its time: warnings and due times of a service level agreement, the next review of a \
           supplier. The first to come is first.",
    answers: &[Answer::json(200, "Timers", "The timers.")],
    problems: &[400, 401, 403, 404],
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
    let record = view_records::record(&site.desk, &caller, &kind, &number).await?;
    let timers = site.desk.store.timers_of(&caller.org, &record.number).await?;
    let timers: Vec<Json> =
        timers.into_iter().map(|timer| json!({ "name": timer.name, "due_at": timer.due_at })).collect();
    Ok(reply::ok(&json!({ "timers": timers })))
}
