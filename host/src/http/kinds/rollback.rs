//! `POST /kinds/{kind}/rollback`: going back in one step.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::{SHAPING, changed, wish};
use crate::domain::refusal::{Refusal, rule};
use crate::flows::kinds::{self, Edit};
use crate::http::caller::Caller;
use crate::http::input::{Members, OptionalFields, Params, Place};
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "rollbackKind",
    group: Group::Kinds,
    summary: "Take a change of a kind back",
    text: "Without `to`, back to the version that the present one is a change of; with `to`, to that version; 0 is the \
           built-in kind, and for a kind of your own its end, as long as it has no records. Going back makes a new \
           version with the text of the old one. Values of fields that go with it stay in the records that have them. \
           Needs the role ADM.",
    parameters: &SHAPING,
    body: Body::OptionalJson("KindRollback"),
    answers: &[Answer::json(200, "KindChange", "What was done, or would be.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    params: Params,
    headers: HeaderMap,
    OptionalFields(body): OptionalFields,
) -> Result<Response, Problem> {
    let mut members = Members::new(body.unwrap_or_default());
    let to = members.whole("to");
    if to.is_some_and(|to| to < 0) {
        members.refuse("to", rule::RANGE, "is the number of a version: 0 or more");
    }
    let reason = members.text("reason");
    members.done()?;
    let kind = site.kind(&caller, &kind)?;
    let mut wish = wish(kind.slug.clone(), Edit::Back(to), params, &headers)?;
    match reason {
        Some(_) if !wish.reason.is_empty() => {
            let message = "reason is given twice, as a parameter and in the body";
            return Err(Refusal::invalid(rule::FORMAT, "reason", message).into());
        }
        Some(reason) => wish.reason = reason,
        None => {}
    }
    Ok(changed(StatusCode::OK, &kinds::run(&site.desk, &caller, &wish).await?))
}
