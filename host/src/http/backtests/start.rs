//! `POST /backtests`: trying a candidate on what was decided.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;

use crate::domain::refusal::rule;
use crate::flows::backtest::{self, Wish};
use crate::http::activations::target;
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "startBacktest",
    group: Group::Backtests,
    summary: "Try a candidate on stored decisions",
    text: "Replays stored requests through the candidate: another component, other settings, or both; what is left \
           out is as it is live now for the scope, or else for the organisation. Nothing on any record changes. \
           `scope` narrows it to decisions about a kind, service, contract or customer, `from` and `to` to a period, \
           `latest` to the newest decision of each record. Of a kind, `filter` takes those of records that meet its \
           conditions now, each as a parameter of the kind's list (`priority` P3, `assigned_group` mail,network). The work goes on as a job (`GET /jobs/{id}`, `POST /jobs/{id}/cancel`).",
    body: Body::Json("BacktestRequest"),
    answers: &[Answer::json(202, "Backtest", "The dry run, under way.").headers(&["Location"])],
    problems: &[400, 401, 403, 409, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let target = target(&mut members);
    let component = members.text("component");
    let settings = members.object("settings").map(Json::Object);
    let (from, to) = (moment(&mut members, "from"), moment(&mut members, "to"));
    let latest = members.flag("latest").unwrap_or(false);
    let filter = members.object("filter").unwrap_or_default();
    let filter = filter.into_iter().filter_map(|(name, value)| condition(&mut members, name, &value)).collect();
    members.done()?;
    // `members` has refused a body without them.
    let Some((process, scope)) = target else { return Err(Problem::internal()) };
    let wish = Wish { process, component, settings, scope, from, to, latest, filter };
    let job = backtest::start(&site.desk, &caller, wish).await?;
    let report = backtest::read(&site.desk, &caller, backtest::WHAT, &job.id).await?;
    let location = format!("/api/v1/backtests/{}", job.id);
    let answer = reply::json(StatusCode::ACCEPTED, &report.to_json());
    Ok(([(LOCATION, location)], answer).into_response())
}

/// A condition as a list's parameter says it, or a value or several that may be there.
fn condition(members: &mut Members, name: String, value: &Json) -> Option<(String, String)> {
    let one = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let text = match value {
        Json::Array(values) => {
            let texts: Option<Vec<String>> = values.iter().map(one).collect();
            texts.filter(|texts| !texts.is_empty()).map(|texts| texts.join(","))
        }
        value => one(value),
    };
    if text.is_none() {
        members.refuse(
            &format!("filter.{name}"),
            rule::TYPE,
            "must be a text as a list's parameter has it, or a list of values",
        );
    }
    Some((name, text?))
}

/// A moment, or a day for its start in UTC, in milliseconds.
fn moment(members: &mut Members, name: &str) -> Option<i64> {
    let text = members.text(name)?;
    match crate::domain::automatic::instant(&text) {
        Some(at) => Some(at.0),
        None => {
            members.refuse(name, rule::TYPE, "must be a moment (2026-03-31T09:30:00Z) or a day (2026-03-31)");
            None
        }
    }
}
