//! `GET /me/notifications`: what happened to the records that the caller watches.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::flows::watchers;
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listNotifications",
    group: Group::Caller,
    summary: "What happened to the records you watch",
    text: "Events about them since you watch them, as far as you may read the records, in the order in which they \
           happened. `last` is the place that was read to: keep it, and ask again with `after` to go on from there.",
    parameters: &[
        Parameter::query("after", Value::Whole(0, i64::MAX), "The `last` of the answer before. Default: 0."),
        Parameter::query("limit", Value::Whole(1, 500), "At most so many. Default: 50."),
    ],
    answers: &[Answer::json(200, "Notifications", "What happened.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let after = params.take_whole("after", 0, i64::MAX)?.unwrap_or_default();
    let limit = params.take_whole("limit", 1, 500)?.unwrap_or(50);
    params.done()?;
    let (events, last) = watchers::notifications(&site.desk, &caller, after, limit).await?;
    let shown = events.into_iter().map(|event| {
        json!({ "seq": event.seq, "at": event.at, "type": event.kind, "record": event.number, "data": event.data })
    });
    Ok(reply::ok(&json!({ "notifications": shown.collect::<Vec<Json>>(), "last": last })))
}
