//! `GET /backtests`: dry runs, newest first.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::flows::backtest;
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listBacktests",
    group: Group::Backtests,
    summary: "Dry runs",
    text: "The newest first, each with its sums so far. You see your own; process owners, administrators and auditors \
           see all.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 100), "Dry runs a page. Default: 20."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "BacktestPage", "A page.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
) -> Result<Response, Problem> {
    page(&site, &caller, backtest::WHAT, "backtests", params).await
}

/// A page of reports of jobs of this sort, as the member `name`.
pub(in crate::http) async fn page(
    site: &Site,
    caller: &Caller,
    what: &str,
    name: &str,
    mut params: Params,
) -> Result<Response, Problem> {
    let paging = params.take_paging(20, 100)?;
    params.done()?;
    let before = paging.after(name)?.map(|[id]| id);
    let mut found = backtest::reports(&site.desk, caller, what, before, paging.to_read()).await?;
    let next = paging.cut(name, &mut found, |last| [last.job.id.clone()]);
    let shown: Vec<Json> = found.iter().map(backtest::Report::to_json).collect();
    Ok(reply::ok(&json!({ (name): shown, "next": next })))
}
