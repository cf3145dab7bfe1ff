//! `GET /openapi.json`: this interface, for machines.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::caller::bearer;
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readOpenApi",
    group: Group::Server,
    summary: "This interface as OpenAPI 3.1",
    text: "Written from the routes of this server and the record kinds: with a token those of its organisation, without \
           one those that every organisation starts with.",
    answers: &[Answer {
        status: 200,
        text: "The document.",
        content: Content::Other("application/json"),
        headers: &[],
    }],
    problems: &[401],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    let desk = &site.desk;
    let kinds = if headers.contains_key(AUTHORIZATION) {
        desk.kinds(&site.sessions.actor(desk, bearer(&headers)?).await?.org)
    } else {
        Arc::clone(desk.kinds.builtin())
    };
    let document = site.documents.of(&site.routes, &kinds);
    let fixed = [
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (VARY, HeaderValue::from_static("authorization")),
        (ETAG, document.etag.clone()),
    ];
    if headers.get(IF_NONE_MATCH) == Some(&document.etag) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    let content = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((fixed, content, document.text).into_response())
}
