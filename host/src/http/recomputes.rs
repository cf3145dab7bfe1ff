//! `/recomputes`: open records decided again by what has become responsible for them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};

use super::backtests;
use super::caller::Caller;
use super::input::{Members, OptionalFields, Params, Place};
use super::problem::Problem;
use super::reply;
use super::site::Site;
use super::table::{Answer, Body, Content, Group, Operation, Parameter, Value};
use crate::domain::refusal::rule;
use crate::flows::backtest;
use crate::flows::recompute::{self, WHAT};

const FORMATS: &[&str] = &["csv", "jsonl"];

pub(super) static START: Operation = Operation {
    id: "recompute",
    group: Group::Activations,
    summary: "Decide open records again",
    text: "Has every open record that this activation decides about decided again, as a job. Without `apply` nothing is \
           written: the report puts what was decided beside what would be. With it each record goes through its \
           process as at any change, in a step of its own, with a new decision (its `event` is `recompute`); a record \
           about which the component fails keeps its last valid decision. Closed records are not touched: their \
           decisions stay with the version that judged them. Bookings of budgets are not decided again.",
    body: Body::OptionalJson("RecomputeRequest"),
    answers: &[Answer::json(202, "Backtest", "The job, under way.").headers(&["Location"])],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(super) async fn start(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
    OptionalFields(body): OptionalFields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body.unwrap_or_default());
    let apply = members.flag("apply").unwrap_or(false);
    let reason = members.text("reason").unwrap_or_default();
    if apply && reason.trim().is_empty() {
        members.refuse("reason", rule::REQUIRED, "is required where records are decided again");
    }
    members.done()?;
    let job = recompute::start(&site.desk, &caller, &id, apply, &reason).await?;
    let report = backtest::read(&site.desk, &caller, WHAT, &job.id).await?;
    let location = format!("/api/v1/recomputes/{}", job.id);
    let answer = reply::json(StatusCode::ACCEPTED, &report.to_json());
    Ok(([(LOCATION, location)], answer).into_response())
}

pub(super) static LIST: Operation = Operation {
    id: "listRecomputes",
    group: Group::Activations,
    summary: "Jobs that decided records again",
    text: "The newest first, each with its sums so far. You see your own; process owners, administrators and auditors \
           see all.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 100), "Jobs a page. Default: 20."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "RecomputePage", "A page.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(super) async fn list(State(site): State<Site>, caller: Caller, params: Params) -> Result<Response, Problem> {
    backtests::list::page(&site, &caller, WHAT, "recomputes", params).await
}

pub(super) static READ: Operation = Operation {
    id: "readRecompute",
    group: Group::Activations,
    summary: "What came of deciding records again",
    text: "`flips` are records with another verdict, `differs` those with the same verdict and other figures, `fails` \
           those about which the component failed. `skipped` were closed meanwhile, fall under another activation, \
           have no decision to compare with, or are not decided again. What became of each record is in \
           `GET /jobs/{id}/items`.",
    answers: &[Answer::json(200, "Backtest", "The job and its sums.")],
    problems: &[400, 401, 404],
    ..Operation::PLAIN
};

pub(super) async fn read(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    backtests::read::report(&site, &caller, WHAT, &id, params).await
}

pub(super) static DECISIONS: Operation = Operation {
    id: "listRecomputedDecisions",
    group: Group::Activations,
    summary: "Records that come out otherwise",
    text: "By their last decision, the oldest first: what changed in words (`group`), every value that differs, both \
           answers, and the decision that was stored (`decided`), where it was applied.",
    parameters: &[
        Parameter::query("sort", Value::OneOf(backtests::SORTS), "Only these."),
        Parameter::query("group", Value::Text, "Only this group, for example `resolution: met → breached`."),
        Parameter::query("limit", Value::Whole(1, 500), "Decisions a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "BacktestDecisionPage", "A page.")],
    problems: &[400, 401, 404, 422],
    ..Operation::PLAIN
};

pub(super) async fn decisions(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    backtests::decisions::page(&site, &caller, WHAT, &id, params).await
}

pub(super) static EXPORT: Operation = Operation {
    id: "exportRecompute",
    group: Group::Activations,
    summary: "Records that come out otherwise, as a file",
    text: "CSV has one line for each record with what differs in one column; JSON Lines has everything that \
           `GET /recomputes/{id}/decisions` shows.",
    parameters: &[
        Parameter::query("format", Value::OneOf(FORMATS), "Default: csv."),
        Parameter::query("sort", Value::OneOf(backtests::SORTS), "Only these."),
    ],
    answers: &[Answer { status: 200, text: "The file.", content: Content::Other("text/csv"), headers: &[] }],
    problems: &[400, 401, 404, 422],
    ..Operation::PLAIN
};

pub(super) async fn export(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    params: Params,
) -> Result<Response, Problem> {
    backtests::export::file(&site, &caller, WHAT, id, params).await
}
