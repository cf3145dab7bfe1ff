//! `GET /jobs/{id}/items`: what became of each item of a job.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::domain::Outcome;
use crate::domain::refusal::{Refusal, rule as domain_rule};
use crate::flows::jobs;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, cursor};
use crate::http::problem::{Problem, rule};
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
    let limit = params.take_whole("limit", 1, 500)?.unwrap_or(50);
    let after = params.take("cursor")?;
    params.done()?;
    let job = jobs::read(&site.desk, &caller, &id).await?;
    let list = format!("job {} {}", job.id, outcome.map_or("", Outcome::as_str));
    let after = after.map(|text| place(&list, &text)).transpose()?.unwrap_or_default();
    let mut items = site.desk.store.job_items(&job.id, outcome, after, limit + 1).await?;
    let more = i64::try_from(items.len()).is_ok_and(|count| count > limit);
    if more {
        items.pop();
    }
    let next = items.last().filter(|_| more).map(|last| cursor::encode(&list, &[&last.n.to_string()]));
    Ok(reply::ok(&json!({ "items": items, "next": next })))
}

fn outcome(text: &str) -> Result<Outcome, Refusal> {
    let known = Outcome::parse(text);
    known.ok_or_else(|| {
        let words = Outcome::ALL.map(Outcome::as_str).join(", ");
        Refusal::invalid(domain_rule::ENUM, "outcome", format!("outcome must be one of {words}, not '{text}'"))
    })
}

fn place(list: &str, text: &str) -> Result<i64, Problem> {
    let [n] = cursor::decode::<1>(list, text)?;
    n.parse().map_err(|_| Problem::bad_request(rule::CURSOR, "the cursor is not one of this list"))
}
