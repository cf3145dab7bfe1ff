//! `POST /samples`: what monitoring measured.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::domain::Instant;
use crate::domain::refusal::rule;
use crate::flows::samples::{self, Sample};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(super) static DOC: Operation = Operation {
    id: "takeSample",
    group: Group::Events,
    summary: "Report a sample of monitoring",
    text: "Enough samples in a row at the threshold or above it raise an event record of the source and metric; every \
           further one adds to its `count`; enough in a row below the threshold less a margin clear it. Samples in \
           between do neither. Threshold, margin and numbers are constants of the organisation (`event_threshold`, \
           `event_clear_margin`, `event_raise_samples`, `event_clear_samples`); a sample may bring a threshold of its \
           own. Send the samples of a source and metric in the order of their time. Needs a role that may change \
           events.",
    body: Body::Json("Sample"),
    answers: &[Answer::json(200, "SampleAnswer", "What the sample led to.")],
    problems: &[400, 401, 403, 409, 413, 415, 422],
    ..Operation::PLAIN
};

pub(super) async fn run(
    State(site): State<Site>,
    caller: Caller,
    params: Params,
    Fields(body): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let mut members = Members::new(body);
    let (source, metric) = (members.required_text("source"), members.required_text("metric"));
    let (value, threshold) = (members.required_text("value"), members.text("threshold"));
    let at = members.text("at").and_then(|text| {
        let at = text.parse::<Instant>().ok();
        if at.is_none() {
            members.refuse("at", rule::TYPE, "must be a moment like \"2026-03-31T09:30:00Z\"");
        }
        at
    });
    members.done()?;
    let taken = samples::run(&site.desk, &caller, Sample { source, metric, value, threshold, at }).await?;
    Ok(reply::ok(&json!({
        "outcome": taken.outcome.as_str(),
        "high": taken.high,
        "low": taken.low,
        "event": taken.event,
    })))
}
