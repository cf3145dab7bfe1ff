//! `GET /backtests/{id}`: a dry run and its sums.

use axum::extract::State;
use axum::response::Response;

use crate::flows::backtest;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readBacktest",
    group: Group::Backtests,
    summary: "A dry run and its sums",
    text: "`flips` are decisions with another verdict, `differs` those with the same verdict and other figures, \
           `fails` those on which the candidate failed; `agreement_bp` is the share of equal outcomes in hundredths of \
           a percent. While the dry run goes on, the sums are those of what was looked at so far.",
    answers: &[Answer::json(200, "Backtest", "The dry run.")],
    problems: &[400, 401, 404],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    report(&site, &caller, backtest::WHAT, &id, params).await
}

/// A report of a job of this sort.
pub(in crate::http) async fn report(
    site: &Site,
    caller: &Caller,
    what: &str,
    id: &str,
    params: Params,
) -> Result<Response, Problem> {
    params.done()?;
    Ok(reply::ok(&backtest::read(&site.desk, caller, what, id).await?.to_json()))
}
