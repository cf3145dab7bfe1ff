//! `GET /jobs/{id}/items`: what became of each item of a job.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::domain::Outcome;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::jobs;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listJobItems",
    group: Group::Jobs,
    summary: "What became of each item of a job",
    text: "The items that are settled, in the job's order. An item is `ok`, `refused` by a rule, `failed` for a reason \
           of the server's own, or `skipped` because there was nothing to do. Only `ok` changed anything.",
    parameters: &[
        Parameter::query("outcome", Value::OneOf(&["ok", "refused", "failed", "skipped"]), "Only these."),
        Parameter::query("limit", Value::Whole(1, 500), "Items a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "JobItemPage", "A page.")],
    problems: &[400, 401, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(id): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let outcome = params.take("outcome")?.map(|text| outcome(&text)).transpose()?;
    let paging = params.take_paging(50, 500)?;
    params.done()?;
    let job = jobs::read(&site.desk, &caller, &id).await?;
    let list = format!("job {} {}", job.id, outcome.map_or("", Outcome::as_str));
    let after = paging.after_number(&list)?.unwrap_or_default();
    let mut items = site.desk.store.job_items(&job.id, outcome, after, paging.to_read()).await?;
    let next = paging.cut(&list, &mut items, |last| [last.n.to_string()]);
    Ok(reply::ok(&json!({ "items": items, "next": next })))
}

fn outcome(text: &str) -> Result<Outcome, Refusal> {
    let known = Outcome::parse(text);
    known.ok_or_else(|| {
        let words = Outcome::ALL.map(Outcome::as_str).join(", ");
        Refusal::invalid(rule::ENUM, "outcome", format!("outcome must be one of {words}, not '{text}'"))
    })
}
