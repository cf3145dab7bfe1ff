//! `GET /records/{kind}/{number}/history`: the audit trail of a record.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::domain::kind::View;
use crate::domain::reading::Way;
use crate::domain::{access, work};
use crate::flows::{accesses, view_records};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readHistory",
    group: Group::Records,
    summary: "The history of a record",
    text: "Every change, oldest first: who, when, in which role, what was before and after, and why. Entries are \
           chained by hash over the whole organisation, so that a later change of the history shows.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 500), "Entries a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "History", "A page.")],
    problems: &[400, 401, 403, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    mut params: Params,
) -> Result<Response, Problem> {
    let paging = params.take_paging(50, 500)?;
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let record = view_records::record(&site.desk, &caller, &kind, &number).await?;
    if kind.view.is_none() {
        access::involved(&kind, &caller, &record)?;
    }
    accesses::note(&site.desk, &caller, [&record], Way::History).await?;
    let list = format!("history {}", record.number);
    let after = paging.after_number(&list)?.unwrap_or_default();
    // What happened to a component is told of its bytes.
    let told_of = if kind.view == Some(View::Components) { &record.id } else { &record.number };
    let mut entries = site.desk.store.audit_of(&caller.org, told_of, after, paging.to_read()).await?;
    let next = paging.cut(&list, &mut entries, |last| [last.seq.to_string()]);
    entries.retain(|entry| work::sees_entry(&caller, entry));
    Ok(reply::ok(&json!({ "entries": entries, "next": next })))
}
