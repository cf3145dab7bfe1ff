//! `/configuration/{number}/relations`: what an item is related to.

use axum::extract::State;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::Value as Json;

use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::flows::configuration::relations::{self, Relation, Shown};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Members, Params, Place, etag};
use crate::http::problem::Problem;
use crate::http::records::{IF_MATCH, REASON};
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation, Parameter, Value};

const TYPES: [&str; 5] = ["depends-on", "runs-on", "part-of", "backs-up", "connects"];
const MOST: i64 = 1000;

pub(in crate::http) static LIST: Operation = Operation {
    id: "listRelations",
    group: Group::Configuration,
    summary: "The relations of a configuration item",
    text: "From both ends: what the item says itself (`side` is `to`), and what others say of it (`from`): items, \
           services, assets, contracts, tickets and changes.",
    parameters: &[Parameter::query("limit", Value::Whole(1, MOST), "At most so many; 200 unless told otherwise.")],
    answers: &[Answer::json(200, "Relations", "The relations.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) static ADD: Operation = Operation {
    id: "addRelation",
    group: Group::Configuration,
    summary: "Add a relation to a configuration item",
    text: "The same as an update of the item's field `relations` that appends one: the same rights, history and \
           locking. Dependencies lead in no circle, and a live item changes only while an approved change names it.",
    parameters: &[REASON, IF_MATCH],
    body: Body::Json("NewRelation"),
    answers: &[Answer::json(201, "Relations", "The relations as they are now.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 413, 415, 422],
    ..Operation::PLAIN
};

pub(in crate::http) static REMOVE: Operation = Operation {
    id: "removeRelation",
    group: Group::Configuration,
    summary: "Remove a relation of a configuration item",
    text: "The same as an update of the item's field `relations` that leaves one out.",
    parameters: &[
        Parameter { required: true, ..Parameter::query("type", Value::OneOf(&TYPES), "Type of the relation.") },
        Parameter { required: true, ..Parameter::query("ci", Value::Text, "Number of the other item.") },
        REASON,
        IF_MATCH,
    ],
    answers: &[Answer::json(200, "Relations", "The relations as they are now.").headers(&["ETag"])],
    problems: &[400, 401, 403, 404, 409, 412, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn list(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let limit = params.take_whole("limit", 1, MOST)?.unwrap_or(200);
    params.done()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (record, view) = relations::list(&site.desk, &caller, &number, Shown { limit }).await?;
    Ok(shown(StatusCode::OK, &record, &view))
}

pub(in crate::http) async fn add(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
    headers: HeaderMap,
    Fields(fields): Fields,
) -> Result<Response, Problem> {
    let reason = params.take("reason")?.unwrap_or_default();
    params.done()?;
    let expected = etag::if_match(&headers)?;
    let mut members = Members::new(fields);
    let relation =
        Relation { sort: members.required_text("type"), ci: members.required_text("ci"), group: members.text("group") };
    members.done()?;
    relations::add(&site.desk, &caller, &number, &relation, expected, &reason).await?;
    now(&site, &caller, &number, StatusCode::CREATED).await
}

pub(in crate::http) async fn remove(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reason = params.take("reason")?.unwrap_or_default();
    let (sort, ci) = (required(&mut params, "type")?, required(&mut params, "ci")?);
    params.done()?;
    let expected = etag::if_match(&headers)?;
    relations::remove(&site.desk, &caller, &number, (&sort, &ci), expected, &reason).await?;
    now(&site, &caller, &number, StatusCode::OK).await
}

fn required(params: &mut Params, name: &'static str) -> Result<String, Problem> {
    let missing = || Refusal::invalid(rule::REQUIRED, name, format!("{name} is required"));
    Ok(params.take(name)?.ok_or_else(missing)?)
}

/// The relations after a change.
async fn now(site: &Site, caller: &Caller, number: &str, status: StatusCode) -> Result<Response, Problem> {
    let (record, view) = relations::list(&site.desk, caller, number, Shown { limit: 200 }).await?;
    Ok(shown(status, &record, &view))
}

fn shown(status: StatusCode, record: &Record, view: &Json) -> Response {
    let mut response = reply::json(status, view);
    response.headers_mut().insert(ETAG, etag::of(record.revision));
    response
}
