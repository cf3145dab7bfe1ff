//! `POST /records/{kind}`: making a record.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use crate::flows::create_record::{self, Key};
use crate::http::caller::Caller;
use crate::http::input::{Fields, Params, Place, key};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "create",
    group: Group::Records,
    summary: "Create {kind}",
    text: "The record gets its number, its first state and the defaults of its kind; a component decides what it has \
           to decide; record, audit entry, event, timers and decision are stored together before the answer is sent.",
    parameters: &[Parameter::header(
        "Idempotency-Key",
        Value::Text,
        "1 to 255 visible ASCII characters of your choice. The same request with the same key makes one record, \
         however often it is sent: 201 the first time, then 200 with `Idempotent-Replay: true`.",
    )],
    body: Body::Json("{Kind}Create"),
    answers: &[
        Answer::json(201, "{Kind}Record", "The record that was made.").headers(&["Location", "ETag"]),
        Answer::json(200, "{Kind}Record", "The record that an earlier request with this key made.").headers(&[
            "Location",
            "ETag",
            "Idempotent-Replay",
        ]),
    ],
    problems: &[400, 401, 403, 404, 409, 413, 415, 422],
    each_kind: true,
    ..Operation::PLAIN
};

const REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(kind): Place<String>,
    params: Params,
    headers: HeaderMap,
    Fields(input): Fields,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let key = key::of(&headers)?.map(|text| Key { of: &caller.user, text });
    let created = create_record::run(&site.desk, &caller, &kind, input, key).await?;
    let status = if created.new { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = reply::record(status, &created.record);
    let location = format!("/api/v1/records/{}/{}", kind.slug, created.record.number);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    if !created.new {
        response.headers_mut().insert(REPLAY, HeaderValue::from_static("true"));
    }
    Ok(response)
}
