//! `GET /decisions`: what was decided.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::Role;
use crate::domain::access;
use crate::domain::decision::DecisionRecord;
use crate::flows::sight::Sight;
use crate::http::activations::{PROCESSES, process};
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::{Problem, not_found};
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};
use crate::store::decisions::DecisionFilter;

pub(in crate::http) static DOC: Operation = Operation {
    id: "listDecisions",
    group: Group::Decisions,
    summary: "What was decided, and why",
    text: "The newest first, each with its input, output, reasons, component, settings and cost. You see the \
           decisions that your roles allow; service desk, technicians and customers see those about records that \
           they may read, publishers those of their own components. What you may not see is left out, so a page can \
           be shorter than its limit and still have a `next`.",
    parameters: &[
        Parameter::query("record", Value::Text, "Number of the record, for example `INC-2026-000123`."),
        Parameter::query("process", Value::OneOf(PROCESSES), "Only of this process."),
        Parameter::query("limit", Value::Whole(1, 500), "Decisions a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "DecisionPage", "A page.")],
    problems: &[400, 401, 403, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let number = params.take("record")?;
    let of = params.take("process")?.map(|text| process("process", &text)).transpose()?;
    let paging = params.take_paging(50, 500)?;
    params.done()?;
    let sight = Sight::new(&site.desk, &caller);
    if let Some(number) = &number {
        check_record(&site, &caller, &sight, number).await?;
    }
    let list = format!("decisions {} {}", number.as_deref().unwrap_or_default(), of.map_or("", |p| p.slug()));
    let before = paging.after(&list)?.map(|[id]| id);
    let filter = DecisionFilter {
        number,
        process: of.map(|process| process.slug().to_owned()),
        before,
        limit: paging.to_read(),
    };
    let mut decisions = site.desk.store.decisions(&caller.org, &filter).await?;
    let next = paging.cut(&list, &mut decisions, |last| [last.id.clone()]);
    let seen = sight.of(decisions).await?;
    let decisions: Vec<Json> = seen.iter().map(DecisionRecord::to_json).collect();
    Ok(reply::ok(&json!({ "decisions": decisions, "next": next })))
}

/// Says plainly that a record is not there, or not for this caller.
async fn check_record(site: &Site, caller: &Caller, sight: &Sight<'_>, number: &str) -> Result<(), Problem> {
    let Some(record) = site.desk.store.record(&caller.org, number).await? else {
        return Err(not_found(format!("there is no record {number}")).about("record"));
    };
    // A publisher may be shown some of its decisions whether or not the record is for them.
    if sight.is_whole() || caller.has(Role::Pub) {
        return Ok(());
    }
    let kind = site.kind(caller, &record.kind)?;
    access::involved(&kind, caller, &record)?;
    Ok(())
}
