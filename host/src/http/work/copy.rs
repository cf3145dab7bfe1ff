//! `POST /records/{kind}/{number}/copy`: making a record like another one.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use crate::flows::copy_record;
use crate::http::caller::Caller;
use crate::http::input::{OptionalFields, Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "copy",
    group: Group::Records,
    summary: "Copy {kind}",
    text: "Makes a new record with the fields that say what this one is about: not what the server computes, not its \
           owner, links or number in a foreign system, not what became of it (a solution, approvals, moments). Fields \
           in the body, if there is one, win; `null` leaves a field out. A link `copy-of` says where it comes from.",
    body: Body::OptionalJson("{Kind}Patch"),
    answers: &[Answer::json(201, "{Kind}Record", "The record that was made.").headers(&["Location", "ETag"])],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    each_kind: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number)): Place<(String, String)>,
    params: Params,
    OptionalFields(changes): OptionalFields,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let created = copy_record::run(&site.desk, &caller, &kind, &number, changes.unwrap_or_default()).await?;
    let mut response = reply::record(StatusCode::CREATED, &created.record);
    let location = format!("/api/v1/records/{}/{}", kind.slug, created.record.number);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
