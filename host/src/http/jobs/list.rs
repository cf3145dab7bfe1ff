//! `GET /jobs`: jobs, newest first.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::JobState;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::jobs;
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};
use crate::store::jobs::JobFilter;

const STATES: &[&str] = &["queued", "running", "done", "failed", "cancelled"];

pub(in crate::http) static DOC: Operation = Operation {
    id: "listJobs",
    group: Group::Jobs,
    summary: "Jobs",
    text: "The newest first. You see your own; ADM (administrator), AUD (auditor) and MR (management representative) \
           see all.",
    parameters: &[
        Parameter::query("state", Value::OneOf(STATES), "Only jobs in this state."),
        Parameter::query("what", Value::Text, "Only jobs of this sort, for example `bulk`."),
        Parameter::query("limit", Value::Whole(1, 500), "Jobs a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "JobPage", "A page.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let state = params.take("state")?.map(|text| state(&text)).transpose()?;
    let what = params.take("what")?;
    let paging = params.take_paging(50, 500)?;
    params.done()?;
    let list = format!("jobs {} {}", state.map_or("", JobState::as_str), what.as_deref().unwrap_or_default());
    let before = paging.after(&list)?.map(|[id]| id);
    let actor = Some(caller.user.clone()).filter(|_| !jobs::sees_all(&caller));
    let filter = JobFilter { actor, state, what, before, limit: paging.to_read() };
    let mut found = site.desk.store.jobs(&caller.org, &filter).await?;
    let next = paging.cut(&list, &mut found, |last| [last.id.clone()]);
    let shown: Vec<Json> = found.iter().map(|job| job.to_json()).collect();
    Ok(reply::ok(&json!({ "jobs": shown, "next": next })))
}

fn state(text: &str) -> Result<JobState, Refusal> {
    JobState::parse(text).ok_or_else(|| {
        let message = format!("state must be one of {}, not '{text}'", STATES.join(", "));
        Refusal::invalid(rule::ENUM, "state", message)
    })
}
