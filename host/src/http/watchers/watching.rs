//! `GET /me/watching`: what the caller watches.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::flows::watchers;
use crate::http::caller::Caller;
use crate::http::input::{Params, cursor};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

const LIST: &str = "watching";

pub(in crate::http) static DOC: Operation = Operation {
    id: "listWatching",
    group: Group::Caller,
    summary: "What you watch",
    text: "By number. Records that you may not read any more are left out, so a page may have fewer than its limit.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 500), "Records a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "WatchingPage", "A page.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let limit = params.take_whole("limit", 1, 500)?.unwrap_or(50);
    let after = params.take("cursor")?;
    params.done()?;
    let after = after.map(|text| cursor::decode::<1>(LIST, &text)).transpose()?.map_or_else(String::new, |[n]| n);
    let (found, next) = watchers::watching(&site.desk, &caller, &after, limit).await?;
    let shown = found.into_iter().map(|(watcher, record)| {
        json!({
            "record": record.number,
            "kind": record.kind,
            "title": record.title,
            "state": record.state,
            "updated_at": record.updated_at,
            "since": watcher.since,
            "added_by": watcher.added_by,
        })
    });
    let next = next.map(|number| cursor::encode(LIST, &[&number]));
    Ok(reply::ok(&json!({ "watching": shown.collect::<Vec<Json>>(), "next": next })))
}
