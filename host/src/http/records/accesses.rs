//! `GET /records/{kind}/{number}/accesses`: who has read a record.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::flows::accesses;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "listAccesses",
    group: Group::Records,
    summary: "Who has read a record",
    text: "Readings of a record while it is marked `confidential` or `secret`, the newest first: who, in which role, \
           when, and what of it (`record`, `history`, `timeline`, `comments`, `attachments`, `attachment`, `list`, \
           `export`, `search`). The information security officer, auditors and the management representative see \
           it. An entry is written before the answer is given: what could not be noted was not read.",
    parameters: &[
        Parameter::query("limit", Value::Whole(1, 500), "Entries a page. Default: 50."),
        Parameter::query("cursor", Value::Text, "The `next` of the page before."),
    ],
    answers: &[Answer::json(200, "AccessPage", "A page.")],
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
    let list = format!("accesses {number}");
    let before = paging.after(&list)?.map(|[id]| id);
    let mut found = accesses::list(&site.desk, &caller, &kind, &number, before.as_deref(), paging.to_read()).await?;
    let next = paging.cut(&list, &mut found, |last| [last.id.clone()]);
    Ok(reply::ok(&json!({ "accesses": found, "next": next })))
}
