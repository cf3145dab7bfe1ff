//! `GET /docs`: this interface, for people. One page without anything from elsewhere.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Redirect, Response};

use crate::http::input::Place;
use crate::http::problem::{Problem, not_found};
use crate::http::table::{Answer, Content, Group, Operation};

pub(in crate::http) static ROOT: Operation = Operation {
    id: "readRoot",
    group: Group::Server,
    summary: "Leads to the documentation",
    text: "",
    answers: &[Answer::empty(307, "The documentation is under /docs.").headers(&["Location"])],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) static PAGE: Operation = Operation {
    id: "readDocs",
    group: Group::Server,
    summary: "This documentation",
    text: "",
    answers: &[Answer { status: 200, text: "The page.", content: Content::Other("text/html"), headers: &[] }],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) static FILE: Operation = Operation {
    id: "readDocsFile",
    group: Group::Server,
    summary: "A part of the documentation's page",
    text: "",
    answers: &[Answer { status: 200, text: "Its style or script.", content: Content::Other("*/*"), headers: &[] }],
    problems: &[404],
    open: true,
    ..Operation::PLAIN
};

/// Name, media type and text of every file of the page.
#[rustfmt::skip]
static FILES: &[(&str, &str, &str)] = &[
    ("index.html", "text/html; charset=utf-8", include_str!("../../../ui/docs/index.html")),
    ("docs.css", "text/css; charset=utf-8", include_str!("../../../ui/docs/docs.css")),
    ("docs.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/docs.js")),
    ("dom.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/dom.js")),
    ("kind.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/kind.js")),
    ("operation.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/operation.js")),
    ("schema.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/schema.js")),
    ("start.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/start.js")),
    ("state.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/state.js")),
    ("try.js", "text/javascript; charset=utf-8", include_str!("../../../ui/docs/try.js")),
    ("wit.css", "text/css; charset=utf-8", include_str!("../../../ui/docs/wit.css")),
    ("icon.svg", "image/svg+xml", include_str!("../../../ui/docs/icon.svg")),
];

/// Nothing may come from, or go, anywhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(in crate::http) async fn root() -> Redirect {
    Redirect::temporary("/docs")
}

pub(in crate::http) async fn page() -> Result<Response, Problem> {
    serve("index.html")
}

pub(in crate::http) async fn file(Place(name): Place<String>) -> Result<Response, Problem> {
    serve(&name)
}

fn serve(name: &str) -> Result<Response, Problem> {
    let Some((_, media_type, text)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return Err(not_found(format!("the documentation has no file '{name}'")));
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, *text).into_response())
}
