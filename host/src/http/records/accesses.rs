//! `GET /records/{kind}/{number}/accesses`: who has read a record.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use crate::flows::accesses;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place, cursor};
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
    let limit = params.take_whole("limit", 1, 500)?.unwrap_or(50);
    let before = params.take("cursor")?;
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let list = format!("accesses {number}");
    let before = before.map(|text| cursor::decode::<1>(&list, &text)).transpose()?.map(|[id]| id);
    let mut found = accesses::list(&site.desk, &caller, &kind, &number, before.as_deref(), limit + 1).await?;
    let more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
    if more {
        found.pop();
    }
    let next = found.last().filter(|_| more).map(|last| cursor::encode(&list, &[&last.id]));
    Ok(reply::ok(&json!({ "accesses": found, "next": next })))
}
