//! `…/reports/{number}/snapshot`: the figures of a service report, fixed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::flows::measures;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::measures::TZ;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(super) static FIX: Operation = Operation {
    id: "fixReport",
    group: Group::Measures,
    summary: "Fix the figures of a service report",
    text: "Computes the figures of the report's period (performance, workload, changes, major incidents, breaches, \
           satisfaction, actions; each with the period before and by service), keeps them, and sets their SHA-256 as \
           the report's `snapshot_hash`. You need to be allowed to change the report, and the period has to be over. \
           It can be done again until the report is issued.",
    parameters: &[TZ],
    answers: &[Answer::json(201, "ReportSnapshot", "The figures and their hash.")],
    problems: &[400, 401, 403, 404, 409, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(super) async fn fix(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let tz = params.take("tz")?;
    params.done()?;
    let fixed = measures::fix_report(&site.desk, &caller, &number, tz.as_deref()).await?;
    Ok(reply::json(StatusCode::CREATED, &fixed))
}

pub(super) static READ: Operation = Operation {
    id: "readReportSnapshot",
    group: Group::Measures,
    summary: "The fixed figures of a service report",
    text: "`hash` is the SHA-256 of the canonical JSON of `figures` (keys in order, no white space); `intact` says \
           that the kept text still has it.",
    parameters: &[Parameter::query(
        "recompute",
        Value::Flag,
        "Also say whether the records still give the same figures, and where they do not.",
    )],
    answers: &[Answer::json(200, "ReportSnapshot", "The figures.")],
    problems: &[400, 401, 403, 404, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(super) async fn read(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let recompute = params.take_flag("recompute")?.unwrap_or(false);
    params.done()?;
    Ok(reply::ok(&measures::fixed_report(&site.desk, &caller, &number, recompute).await?))
}
