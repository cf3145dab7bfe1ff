//! `GET /records/{kind}/{number}/attachments`: the files of a record.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json, json};

use crate::domain::reading::Way;
use crate::domain::work;
use crate::flows::{accesses, duplicates, read_record};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listAttachments",
    group: Group::Work,
    summary: "The files of a record",
    text: "The oldest first, also those of records that were merged into it; `record` says of which. Customers see \
           public ones only. Retracted ones are listed with who retracted them, when and why.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 500), "Files a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "AttachmentPage", "A page.")],
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
    let record = read_record::run(&site.desk, &caller, &kind, &number).await?;
    accesses::note(&site.desk, &caller, [&record], Way::Attachments).await?;
    let list = format!("attachments {}", record.number);
    let after = paging.after(&list)?.map_or_else(String::new, |[id]| id);
    let numbers = duplicates::with_duplicates(&site.desk, &caller, &record).await?;
    let public_only = !work::sees_internal(&caller);
    let mut found = site.desk.store.attachments(&caller.org, &numbers, public_only, &after, paging.to_read()).await?;
    let next = paging.cut(&list, &mut found, |last| [last.id.clone()]);
    let shown: Vec<Json> = found.iter().map(|attachment| attachment.to_json()).collect();
    Ok(reply::ok(&json!({ "attachments": shown, "next": next })))
}
