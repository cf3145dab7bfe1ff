//! Bodies of requests: read up to a limit, and only in a media type that the route reads.

use std::io::SeekFrom;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::json;
use crate::domain::refusal::Refusal;
use crate::http::problem::{Problem, rule};
use crate::http::site::Site;

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";
const TOML: &str = "application/toml";
const WASM: &str = "application/wasm";
const BYTES: &str = "application/octet-stream";

/// A JSON object that has to be there. A PATCH may call it a merge patch.
pub(in crate::http) struct Fields(pub(in crate::http) Map<String, Value>);

impl FromRequest<Site> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        let OptionalFields(fields) = OptionalFields::from_request(request, site).await?;
        let missing = || Problem::bad_request(rule::BODY_REQUIRED, "the request needs a JSON object as its body");
        fields.map(Self).ok_or_else(missing)
    }
}

/// A JSON object that may be left out.
pub(in crate::http) struct OptionalFields(pub(in crate::http) Option<Map<String, Value>>);

impl FromRequest<Site> for OptionalFields {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, site.config.body_limit).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if parts.method == Method::PATCH {
            check_type(&parts.headers, &[MERGE_PATCH, JSON], HeaderName::from_static("accept-patch"))?;
        } else {
            check_type(&parts.headers, &[JSON], HeaderName::from_static("accept-post"))?;
        }
        json::object(&bytes).map(|object| Self(Some(object)))
    }
}

/// The file of a kind: its text, or the same structure in JSON.
pub(in crate::http) enum KindFile {
    Toml(String),
    Json(Map<String, Value>),
}

impl FromRequest<Site> for KindFile {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, site.config.body_limit).await?;
        let accept = HeaderName::from_static("accept-post");
        check_type(&parts.headers, &[TOML, JSON], accept.clone())?;
        if bytes.is_empty() {
            let message = "the request needs the file of a kind as its body";
            return Err(Problem::bad_request(rule::BODY_REQUIRED, message));
        }
        if check_type(&parts.headers, &[JSON], accept).is_ok() {
            return json::object(&bytes).map(Self::Json);
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let detail = format!("the body is not UTF-8: byte {} cannot be read", error.valid_up_to());
            Problem::bad_request(rule::NOT_UTF_8, detail)
        })?;
        Ok(Self::Toml(text.to_owned()))
    }
}

/// The bytes of a component.
pub(in crate::http) struct Upload(pub(in crate::http) Vec<u8>);

impl FromRequest<Site> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let limit = site.config.upload_limit;
        let accept = HeaderName::from_static("accept-post");
        if let Err(problem) = check_type(&parts.headers, &[WASM, BYTES], accept) {
            refuse_unread(&parts.headers, body, limit).await;
            return Err(problem);
        }
        let bytes = read(&parts.headers, body, limit).await?;
        if bytes.is_empty() {
            let message = "the request needs the bytes of a component as its body";
            return Err(Problem::bad_request(rule::BODY_REQUIRED, message));
        }
        Ok(Self(bytes.into()))
    }
}

/// A file that was sent, kept in a temporary file that vanishes when it is closed; it stands at its beginning.
pub(in crate::http) struct Sent(pub(in crate::http) std::fs::File);

impl Sent {
    /// Keeps the body of a request of one of these media types, at most `limit` bytes.
    pub(in crate::http) async fn receive(request: Request, types: &[&str], limit: u64) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        if let Err(problem) = check_type(&parts.headers, types, HeaderName::from_static("accept-post")) {
            refuse_unread(&parts.headers, body, most).await;
            return Err(problem);
        }
        let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > limit) {
            refuse_unread(&parts.headers, body, most).await;
            return Err(too_large(most));
        }
        let no_room = |error: std::io::Error| {
            tracing::error!(%error, "a body cannot be kept in a temporary file");
            Problem::from(Refusal::unavailable("temporary-file", "the server cannot keep the file at present"))
        };
        let mut file = tokio::fs::File::from_std(tempfile::tempfile().map_err(no_room)?);
        let mut chunks = body.into_data_stream();
        let mut length = 0;
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| {
                Problem::bad_request(rule::BODY_INCOMPLETE, format!("the body did not arrive as a whole: {error}"))
            })?;
            length += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            if length > limit {
                drain(&mut chunks, most).await;
                return Err(too_large(most));
            }
            file.write_all(&chunk).await.map_err(no_room)?;
        }
        // Lines may be none: that is what an export without records looks like.
        let sort = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if length == 0 && !sort.contains("jsonl") && !sort.contains("ndjson") {
            return Err(Problem::bad_request(rule::BODY_REQUIRED, "the request needs a file as its body"));
        }
        file.flush().await.map_err(no_room)?;
        file.seek(SeekFrom::Start(0)).await.map_err(no_room)?;
        Ok(Self(file.into_std().await))
    }
}

/// Refuses a body of a media type that is none of these; `name` is the header that says which are.
pub(super) fn check_type(headers: &HeaderMap, read: &[&str], name: HeaderName) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    // The only parameter with a meaning here is the one that could contradict: JSON is UTF-8.
    let charset = parts.filter_map(|p| p.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    let utf_8 = charset.is_none_or(|(_, value)| value.trim_matches('"').eq_ignore_ascii_case("utf-8"));
    if utf_8 && read.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return Ok(());
    }
    let known = read.join(" or ");
    let detail = match given {
        "" => format!("the request has a body but no Content-Type; it has to be {known}"),
        given => format!("this route does not read '{given}'; Content-Type has to be {known}"),
    };
    let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, rule::ACCEPTABLE_BODY, detail).about("Content-Type");
    Err(match HeaderValue::from_str(&read.join(", ")) {
        Ok(value) => problem.with_header(name, value.clone()).with_header(ACCEPT, value),
        Err(_) => problem,
    })
}

/// Reads a body of at most `limit` bytes.
async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        refuse_unread(headers, body, limit).await;
        return Err(too_large(limit));
    }
    let mut chunks = body.into_data_stream();
    let mut first: Option<Bytes> = None;
    let mut all = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(incomplete)?;
        if first.as_ref().map_or(0, Bytes::len) + all.len() + chunk.len() > limit {
            drain(&mut chunks, limit).await;
            return Err(too_large(limit));
        }
        // Most bodies come as one chunk, which needs no copy.
        match first.take() {
            None if all.is_empty() => first = Some(chunk),
            None => all.extend_from_slice(&chunk),
            Some(before) => {
                all.reserve(announced.unwrap_or_default().max(before.len() + chunk.len()));
                all.extend_from_slice(&before);
                all.extend_from_slice(&chunk);
            }
        }
    }
    Ok(first.unwrap_or_else(|| all.into()))
}

/// The problem of a body that breaks off.
pub(super) fn incomplete(error: axum::Error) -> Problem {
    Problem::bad_request(rule::BODY_INCOMPLETE, format!("the body did not arrive as a whole: {error}"))
}

pub(super) fn too_large(limit: usize) -> Problem {
    Refusal::too_large(format!("the body has more than {limit} bytes, the most this route accepts")).into()
}

/// Gets a body that will not be looked at out of the way of the answer.
pub(super) async fn refuse_unread(headers: &HeaderMap, body: Body, limit: usize) {
    // A client that asks first has not sent anything yet.
    if !headers.contains_key(EXPECT) {
        drain(&mut body.into_data_stream(), limit).await;
    }
}

/// Reads on for a while and forgets it: a client that is still sending does not read the answer, and sees a broken
/// connection instead of it.
pub(super) async fn drain<E>(chunks: &mut (impl futures_util::Stream<Item = Result<Bytes, E>> + Unpin), limit: usize) {
    const PATIENCE: Duration = Duration::from_secs(5);
    let most = limit.saturating_mul(2).max(32 << 20);
    let mut seen = 0;
    let reading = async {
        while let Some(Ok(chunk)) = chunks.next().await {
            seen += chunk.len();
            if seen > most {
                break;
            }
        }
    };
    // Whether it came to an end or not, the answer is the same.
    let _ = tokio::time::timeout(PATIENCE, reading).await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::response::IntoResponse;

    use super::*;

    fn of_type(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !text.is_empty() {
            headers.insert(CONTENT_TYPE, text.parse().unwrap());
        }
        headers
    }

    #[test]
    fn media_types_are_compared_as_they_should_be() {
        let accept = HeaderName::from_static("accept-post");
        for text in [
            "application/json",
            "Application/JSON",
            "application/json; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            check_type(&of_type(text), &[JSON], accept.clone()).unwrap();
        }
        for text in [
            "",
            "text/json",
            "application/jsonp",
            "application/json; charset=latin1",
            "application/x-www-form-urlencoded",
        ] {
            let response = check_type(&of_type(text), &[JSON], accept.clone()).unwrap_err().into_response();
            assert_eq!(response.status(), 415, "{text}");
            assert_eq!(response.headers()["accept-post"], JSON);
        }
    }

    #[tokio::test]
    async fn bodies_are_read_up_to_the_limit() {
        let read = async |chunks: &[&'static str], limit| {
            let chunks: Vec<Result<_, std::io::Error>> = chunks.iter().map(|c| Ok(Bytes::from(*c))).collect();
            let body = Body::from_stream(futures_util::stream::iter(chunks));
            read(&HeaderMap::new(), body, limit).await.map_err(|p| p.into_response().status().as_u16())
        };
        assert_eq!(read(&[], 4).await, Ok(Bytes::new()));
        assert_eq!(read(&["abcd"], 4).await, Ok("abcd".into()));
        assert_eq!(read(&["a", "", "bc", "d"], 4).await, Ok("abcd".into()));
        assert_eq!(read(&["abcde"], 4).await, Err(413));
        assert_eq!(read(&["ab", "cd", "e"], 4).await, Err(413));
    }

    #[tokio::test]
    async fn an_announced_body_is_refused_at_once() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, 5.into());
        headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
        let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        let problem = read(&headers, never, 4).await.unwrap_err();
        assert_eq!(problem.into_response().status(), 413);
    }

    #[tokio::test]
    async fn a_broken_body_is_named() {
        let broken = futures_util::stream::iter([Ok(Bytes::from("a")), Err(std::io::Error::other("reset"))]);
        let problem = read(&HeaderMap::new(), Body::from_stream(broken), 4).await.unwrap_err();
        assert_eq!(problem.into_response().status(), 400);
    }
}
