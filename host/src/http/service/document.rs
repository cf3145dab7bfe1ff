//! `GET /openapi.json`: this interface, for machines.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation};

pub(in crate::http) static DOC: Operation = Operation {
    id: "readOpenApi",
    group: Group::Server,
    summary: "This interface as OpenAPI 3.1",
    text: "Written from the routes and the record kinds of this server.",
    answers: &[Answer {
        status: 200,
        text: "The document.",
        content: Content::Other("application/json"),
        headers: &[],
    }],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(State(site): State<Site>, headers: HeaderMap) -> Response {
    let document = site.document();
    let fixed = [(CACHE_CONTROL, HeaderValue::from_static("no-cache")), (ETAG, document.etag.clone())];
    if headers.get(IF_NONE_MATCH) == Some(&document.etag) {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    let content = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (fixed, content, document.text.clone()).into_response()
}
