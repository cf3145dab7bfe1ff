//! `GET /records/{kind}/{number}/comments`: what was written about a record.

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
    id: "listComments",
    group: Group::Work,
    summary: "The comments on a record",
    text: "The oldest first, also those on records that were merged into it; `record` says on which. Customers see \
           public ones only. Of a retracted comment the text is gone; who retracted it, when and why is there.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 500), "Comments a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "CommentPage", "A page.")],
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
    accesses::note(&site.desk, &caller, [&record], Way::Comments).await?;
    let list = format!("comments {}", record.number);
    let after = paging.after(&list)?.map_or_else(String::new, |[id]| id);
    let numbers = duplicates::with_duplicates(&site.desk, &caller, &record).await?;
    let public_only = !work::sees_internal(&caller);
    let mut found = site.desk.store.comments(&caller.org, &numbers, public_only, &after, paging.to_read()).await?;
    let next = paging.cut(&list, &mut found, |last| [last.id.clone()]);
    let shown: Vec<Json> = found.iter().map(|comment| comment.to_json()).collect();
    Ok(reply::ok(&json!({ "comments": shown, "next": next })))
}
