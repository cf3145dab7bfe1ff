//! `GET /backtests/{id}/decisions`: what did not come out the same.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::{SORTS, sort};
use crate::flows::backtest;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listBacktestDecisions",
    group: Group::Backtests,
    summary: "Decisions that would come out otherwise",
    text: "The oldest first: what changed in words (`group`), every value that differs, and for flips the stored \
           answer and the candidate's with their reasons.",
    parameters: &[
        Parameter::query("sort", Value::OneOf(SORTS), "Only these."),
        Parameter::query("group", Value::Text, "Only this group, for example `resolution: met → breached`."),
        Parameter::query("limit", Value::Whole(1, 500), "Decisions a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "BacktestDecisionPage", "A page.")],
    problems: &[400, 401, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    page(&site, &caller, backtest::WHAT, &id, params).await
}

/// A page of what did not come out the same in a job of this sort.
pub(in crate::http) async fn page(
    site: &Site,
    caller: &Caller,
    what: &str,
    id: &str,
    mut params: Params,
) -> Result<Response, Problem> {
    let sort = sort(&mut params)?;
    let group = params.take("group")?;
    let paging = params.take_paging(50, 500)?;
    params.done()?;
    let list = format!("{what} {id} {} {}", sort.map_or("", |s| s.as_str()), group.as_deref().unwrap_or_default());
    let after = paging.after(&list)?.map_or_else(String::new, |[id]| id);
    let group = group.as_deref();
    let mut found = backtest::decisions(&site.desk, caller, what, id, sort, group, &after, paging.to_read()).await?;
    let next = paging.cut(&list, &mut found, |last| [last["decision"].as_str().unwrap_or_default().to_owned()]);
    Ok(reply::ok(&json!({ "decisions": found, "next": next })))
}
