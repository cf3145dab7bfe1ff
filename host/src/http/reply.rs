//! Good answers.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::io::AsyncReadExt as _;

use super::input::etag;
use super::problem::Problem;
use crate::domain::record::Record;

/// A JSON answer.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer has no JSON form");
            Problem::internal().into_response()
        }
    }
}

/// The usual JSON answer.
pub(super) fn ok(value: &impl Serialize) -> Response {
    json(StatusCode::OK, value)
}

/// The content of a file, from where it stands, as a body that is read as it is sent.
pub(super) fn file(file: std::fs::File) -> Body {
    const CHUNK: usize = 64 << 10;
    let file = tokio::fs::File::from_std(file);
    Body::from_stream(stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), file)))
    }))
}

/// A record with its entity tag.
pub(super) fn record(status: StatusCode, record: &Record) -> Response {
    let mut response = json(status, record);
    tag(response.headers_mut(), record);
    response
}

/// The record as the client has it already.
pub(super) fn not_modified(record: &Record) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    tag(response.headers_mut(), record);
    response
}

fn tag(headers: &mut HeaderMap, record: &Record) {
    headers.insert(ETAG, etag::of(record.revision));
    // It may be kept, but only for this user and only if it is checked each time.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}
