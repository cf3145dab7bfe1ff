//! `GET /records/{kind}/{number}/attachments/{id}`: a file.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::disposition;
use crate::domain::attachment::Attachment;
use crate::flows::attachments;
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::{Problem, not_found};
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation, Parameter, Value};
use crate::store::StoreError;
use crate::store::blobs::Reading;

pub(in crate::http) static DOC: Operation = Operation {
    id: "readAttachment",
    group: Group::Work,
    summary: "A file of a record",
    text: "The bytes as they were attached: they are checked against their SHA-256 before the first is sent. `ETag` is \
           that SHA-256. The file is meant to be saved, never to be shown in the page: it comes as an attachment.",
    parameters: &[Parameter::header(
        "If-None-Match",
        Value::Text,
        "Entity tags of files that you have already. If it is among them, the answer is 304 without a body.",
    )],
    answers: &[
        Answer {
            status: 200,
            text: "The file.",
            content: Content::Other("application/octet-stream"),
            headers: &["ETag"],
        },
        Answer::empty(304, "You have this file already.").headers(&["ETag"]),
    ],
    problems: &[400, 401, 403, 404],
    slow: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place((kind, number, id)): Place<(String, String, String)>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    params.done()?;
    let kind = site.kind(&caller, &kind)?;
    let attachment = attachments::read(&site.desk, &caller, &kind, &number, &id).await?;
    if let Some(retracted) = &attachment.retracted {
        let message = format!("attachment {id} was retracted by {} at {}", retracted.by, retracted.at);
        return Err(not_found(message));
    }
    if is_known(&headers, &attachment.sha256) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        tag(response.headers_mut(), &attachment);
        return Ok(response);
    }
    let size = u64::try_from(attachment.size).unwrap_or_default();
    match site.desk.blobs.read(&attachment.sha256, size).await {
        Ok(reading) => Ok(sent(&attachment, reading)),
        Err(StoreError::CorruptFile { path, why }) => {
            tracing::error!(record = %attachment.number, attachment = %id, %path, %why, "an attachment is corrupt");
            let what = format!("attachment {id} '{}' of {}", attachment.name, attachment.number);
            Err(Problem::corrupt_attachment(&what))
        }
        Err(error) => Err(error.into()),
    }
}

fn sent(attachment: &Attachment, reading: Reading) -> Response {
    let chunks = stream::unfold(reading, |mut reading| async {
        let chunk = reading.next().await.transpose()?;
        if let Err(error) = &chunk {
            tracing::error!(%error, "an attachment could not be read to its end");
        }
        Some((chunk, reading))
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    let media_type = HeaderValue::try_from(&attachment.media_type);
    headers.insert(CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    headers.insert(CONTENT_LENGTH, attachment.size.into());
    headers.insert(CONTENT_DISPOSITION, disposition::attachment(&attachment.name));
    // Should a browser show it all the same, it may do nothing.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    tag(headers, attachment);
    response
}

fn tag(headers: &mut HeaderMap, attachment: &Attachment) {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", attachment.sha256)) {
        headers.insert(ETAG, tag);
    }
    // It may be kept, but only for this user and only if it is checked each time.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}

fn is_known(headers: &HeaderMap, sha256: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|tag| tag == "*" || tag.trim_matches('"') == sha256)
}
