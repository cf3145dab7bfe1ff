//! `POST /components`: verifying a component and keeping it.

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::shown;
use crate::domain::canonical;
use crate::flows::upload_component;
use crate::http::caller::Caller;
use crate::http::input::{Params, Upload};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Body, Group, Operation, Parameter, Value};

pub(in crate::http) static DOC: Operation = Operation {
    id: "uploadComponent",
    group: Group::Components,
    summary: "Upload a component",
    text: "The body is the component itself, at most 64 MiB. It is verified before anything of it is kept: it must \
           export exactly one known process, import nothing that it was not granted, compile, say who it is, and \
           accept its own default settings. Nothing is active by being uploaded. Needs the role PUB (publisher) or \
           ADM (administrator); only an administrator grants imports.",
    parameters: &[Parameter::query(
        "grant",
        Value::Texts,
        "An interface it may import, for example `itsm:log/log`. May be repeated.",
    )],
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
    Upload(bytes): Upload,
) -> Result<Response, Problem> {
    let grants = params.take_all("grant").into_iter().collect();
    params.done()?;
    let store = &site.desk.store;
    let known = store.component(&caller.org, &canonical::sha256(&bytes)).await?.is_some();
    let row = upload_component::run(&site.desk, &caller, bytes, grants).await?;
    let activations = store.activations(&caller.org, Some(&row.process)).await?;
    let status = if known { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = reply::json(status, &shown(&row, &activations, true));
    if let Ok(location) = HeaderValue::try_from(format!("/api/v1/components/{}", row.digest)) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
