//! `POST /records/{kind}/{number}/transitions/{name}`: moving a record through its lifecycle.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value as Json};

use super::{IF_MATCH, REASON};
use crate::domain::Kind;
use crate::domain::kind::View;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::transition_record::{self, Step};
use crate::flows::view_records;
use crate::flows::{create_record, move_component};
use crate::http::caller::Caller;
use crate::http::input::{OptionalFields, Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "transition",
    group: Group::Records,
    summary: "Move {kind} to another state",
    text: "The body, if there is one, holds fields to set on the way. A reason goes into the parameter `reason`, or \
           into a member `reason` of the body where the kind has no field of that name. A transition that several \
           roles must sign collects one signature with each call; the state moves with the last one.",
    parameters: &[REASON, IF_MATCH],
    body: Body::OptionalJson("{Kind}Patch"),
    answers: &[Answer::json(200, "{Kind}Record", "The record as it is now.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    each_kind: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number, name)): Place<(String, String, String)>,
    mut params: Params,
    headers: HeaderMap,
    OptionalFields(input): OptionalFields,
) -> Result<Response, Problem> {
    let given = params.take("reason")?;
    params.done()?;
    let expected = etag::if_match(&headers)?;
    let kind = site.kind(&caller, &kind)?;
    let mut input = input.unwrap_or_default();
    let reason = reason(&kind, given, &mut input)?;
    match kind.view {
        Some(View::Components) => {
            let step = move_component::Step { name: &name, expected, reason: &reason };
            move_component::run(&site.desk, &caller, &kind, &number, step).await?;
            return Ok(reply::record(
                StatusCode::OK,
                &view_records::record(&site.desk, &caller, &kind, &number).await?,
            ));
        }
        Some(View::Decisions) => return Err(create_record::refuse_view(&kind).into()),
        None => {}
    }
    let step = Step { name: &name, input, expected, reason: &reason };
    let record = transition_record::run(&site.desk, &caller, &kind, &number, step).await?;
    Ok(reply::record(StatusCode::OK, &record))
}

/// The reason from the query, or from the body where it cannot be a field.
fn reason(kind: &Kind, given: Option<String>, input: &mut Map<String, Json>) -> Result<String, Refusal> {
    if kind.field("reason").is_some() {
        return Ok(given.unwrap_or_default());
    }
    match (given, input.remove("reason")) {
        (given, None | Some(Json::Null)) => Ok(given.unwrap_or_default()),
        (None, Some(Json::String(reason))) => Ok(reason),
        (None, Some(_)) => Err(Refusal::invalid(rule::TYPE, "reason", "reason must be a text")),
        (Some(_), Some(_)) => {
            let message = "reason is given twice, as a parameter and in the body";
            Err(Refusal::invalid(rule::FORMAT, "reason", message))
        }
    }
}
