//! `GET /records/{kind}/{number}/watchers`: who watches a record.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::flows::{read_record, watchers};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listWatchers",
    group: Group::Work,
    summary: "Who watches a record",
    text: "By name. Customers see themselves only.",
    answers: &[Answer::json(200, "WatcherList", "The watchers.")],
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
    let record = read_record::run(&site.desk, &caller, &kind, &number).await?;
    let found = watchers::of(&site.desk, &caller, &record).await?;
    let shown: Vec<Json> = found.iter().map(|watcher| watcher.to_json()).collect();
    Ok(reply::ok(&json!({ "watchers": shown })))
}
