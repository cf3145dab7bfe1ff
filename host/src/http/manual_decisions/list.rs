//! `GET /manual-decisions`: what a person must decide because a component could not.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use super::shown;
use crate::flows::sight::Sight;
use crate::http::activations::{PROCESSES, process};
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};
use crate::store::manual::ManualFilter;

pub(in crate::http) static DOC: Operation = Operation {
    id: "listManualDecisions",
    group: Group::Decisions,
    summary: "What waits for a person",
    text: "Records about which a component failed to decide, oldest first, each with the request and what came of it: \
           the last valid value stays until a person, or a later decision, replaces it. You see the records that you \
           may read decisions about; what you may not see is left out, so a page can be shorter than its limit and \
           still have a `next`.",
    parameters: &[
        Parameter::query("process", Value::OneOf(PROCESSES), "Only of this process."),
        Parameter::query("record", Value::Text, "Only about the record of this number."),
        Parameter::query("limit", Value::Whole(1, 500), "Entries a page. Default: 100."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "ManualDecisions", "A page of the queue.")],
    problems: &[400, 401, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let of = params.take("process")?.map(|text| process("process", &text)).transpose()?;
    let number = params.take("record")?;
    let paging = params.take_paging(100, 500)?;
    params.done()?;
    let of = of.map(|process| process.slug().to_owned());
    let list = format!("manual {} {}", of.as_deref().unwrap_or_default(), number.as_deref().unwrap_or_default());
    let after = paging.after(&list)?.map(|[id]| id);
    let filter = ManualFilter { process: of, number, after, limit: paging.to_read() };
    let mut queue = site.desk.store.manual_queue(&caller.org, &filter).await?;
    let next = paging.cut(&list, &mut queue, |last| [last.entry.id.clone()]);
    let sight = Sight::new(&site.desk, &caller);
    if !sight.is_whole() {
        let readable = sight.readable(queue.iter().map(|waiting| waiting.entry.number.clone()).collect()).await?;
        queue.retain(|waiting| readable.contains(&waiting.entry.number));
    }
    let waiting: Vec<Json> = queue.iter().map(shown).collect();
    Ok(reply::ok(&json!({ "waiting": waiting, "next": next })))
}
