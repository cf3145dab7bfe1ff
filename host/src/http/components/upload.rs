//! `POST /components`: verifying a component and keeping it.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::shown;
use crate::domain::lookup::{LookupGrant, MOST_ROWS};
use crate::domain::refusal::Refusal;
use crate::domain::{canonical, trust};
use crate::flows::upload_component;
use crate::http::caller::Caller;
use crate::http::input::{Params, Upload};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation, Parameter, Value};

/// Rows of one lookup where nothing is said.
const DEFAULT_ROWS: i64 = 100;

pub(in crate::http) static DOC: Operation = Operation {
    id: "uploadComponent",
    group: Group::Components,
    summary: "Upload a component",
    text: "The body is the component itself, at most 64 MiB. It is verified before anything of it is kept: it must \
           export exactly one known process, import nothing that it was not granted, compile, say who it is, and \
           accept its own default settings. Nothing is active by being uploaded. The organisation's trust policy \
           (`/trust`) says whether it has to be signed. Needs the role PUB (publisher) or ADM (administrator); only \
           an administrator grants imports.",
    parameters: &[
        Parameter::query(
            "grant",
            Value::Texts,
            "An interface it may import, for example `itsm:log/log`. May be repeated.",
        ),
        Parameter::query(
            "lookup",
            Value::Texts,
            "What it may look up, with the grant of `itsm:records/lookup`: `KIND:FIELD,FIELD`. May be repeated.",
        ),
        Parameter::query("lookup_rows", Value::Whole(1, 500), "Rows of one lookup at the most. Default: 100."),
        Parameter::query(
            "dry_run",
            Value::Flag,
            "Keep nothing and compile nothing: say what the component imports, and so what it would have to be granted, \
             and under `distrusted` why it would not be taken, its process and name aside: they are not known yet.",
        ),
        Parameter::header(
            "Mortise-Signature",
            Value::Text,
            "The signature file over the bytes, its two lines joined by a space: \
             `mortise-signature v1 ALGORITHM KEY-ID BASE64`.",
        ),
    ],
    body: Body::Component,
    answers: &[
        Answer::json(201, "Component", "The component, kept.").headers(&["Location"]),
        Answer::json(200, "Component", "The organisation had these bytes already; only its grants may have changed.")
            .headers(&["Location"]),
    ],
    problems: &[400, 401, 403, 413, 415, 422],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
    headers: HeaderMap,
    Upload(bytes): Upload,
) -> Result<Response, Problem> {
    let granted = params.take_all("grant").into_iter().collect();
    let kinds = params.take_all("lookup");
    let rows = params.take_whole("lookup_rows", 1, i64::from(MOST_ROWS))?.unwrap_or(DEFAULT_ROWS);
    let dry_run = params.take_flag("dry_run")?.unwrap_or(false);
    params.done()?;
    let signature = signature(&headers)?;
    if dry_run {
        return Ok(reply::ok(&upload_component::look(&site.desk, &caller, bytes, signature).await?));
    }
    let lookups = LookupGrant::parse(&kinds, u32::try_from(rows).unwrap_or(MOST_ROWS))?;
    let store = &site.desk.store;
    let known = store.component(&caller.org, &canonical::sha256(&bytes)).await?.is_some();
    let upload = upload_component::Upload { bytes, granted, signature, lookups };
    let row = upload_component::signed(&site.desk, &caller, upload).await?;
    let activations = store.activations(&caller.org, Some(&row.process)).await?;
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = reply::json(status, &shown(&row, &activations, true));
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/components/{}", row.digest)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// The signature file that a header carries: a header has no lines, so they are joined by a space.
fn signature(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("mortise-signature") else { return Ok(None) };
    let lines = value.to_str().ok().and_then(|text| text.trim().rsplit_once(' '));
    let unreadable = || {
        let message = "the header Mortise-Signature has to be `mortise-signature v1 ALGORITHM KEY-ID BASE64`";
        Refusal::invalid(trust::rule::BAD_SIGNATURE, "signature", message)
    };
    lines.map(|(header, raw)| Some(format!("{header}\n{raw}\n"))).ok_or_else(unreadable)
}
