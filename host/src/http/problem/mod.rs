//! Problem documents (RFC 9457): the one form of every error.

mod rules;

use std::borrow::Cow;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub(super) use rules::{RULES, Rule, explained, rule, title};

use super::request_id;
use crate::catalog::CatalogError;
use crate::domain::refusal::{Class, FieldProblem, Refusal, rule as rules_of_the_domain};
use crate::flows::FlowError;
use crate::store::StoreError;

/// The media type of a problem document.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Problem(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    rule: Cow<'static, str>,
    detail: String,
    detail_zh: Option<String>,
    field: Option<String>,
    errors: Vec<FieldProblem>,
    headers: HeaderMap,
}

/// The document as it is sent.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: Cow<'static, str>,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail_zh: Option<&'a str>,
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

/// The status of each class of refusal; no endpoint has a mapping of its own.
fn status(class: Class) -> StatusCode {
    match class {
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Stale => StatusCode::PRECONDITION_FAILED,
        Class::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Class::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Problem {
    pub(super) fn new(status: StatusCode, rule: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        let (rule, detail) = (rule.into(), detail.into());
        Self(Box::new(Inner {
            status,
            rule,
            detail,
            detail_zh: None,
            field: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// A request that cannot be read.
    pub(super) fn bad_request(rule: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, rule, detail)
    }

    /// Something that must not happen; the log has the reason, the answer does not.
    pub(super) fn internal() -> Self {
        let detail = "the server failed; its log has the reason under this answer's request_id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, rule::INTERNAL, detail)
    }

    /// The same problem, said of a field, parameter or header.
    pub(super) fn about(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// The same problem with a header more.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// A file that is not the one that was attached.
    pub(super) fn corrupt_attachment(what: &str) -> Self {
        let detail = format!("{what} is not as it was attached; the log has the reason under this answer's request_id");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, rule::ATTACHMENT_CORRUPT, detail)
    }

    fn unavailable(rule: &'static str, detail: &str) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, rule, detail);
        problem.with_header(RETRY_AFTER, HeaderValue::from_static("1"))
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Refusal { class, rule, field, message, message_zh, details } = refusal;
        let mut problem = Self::new(status(class), rule, message);
        problem.0.detail_zh = message_zh.map(String::from);
        problem.0.field = field;
        problem.0.errors = details;
        match class {
            Class::Unauthenticated => {
                let challenge = HeaderValue::from_static(r#"Bearer realm="mortise", error="invalid_token""#);
                problem.with_header(WWW_AUTHENTICATE, challenge)
            }
            Class::Unavailable => problem.with_header(RETRY_AFTER, HeaderValue::from_static("1")),
            _ => problem,
        }
    }
}

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Refused(refusal) => refusal.into(),
            FlowError::Store(error) => error.into(),
            FlowError::Catalog(error) => error.into(),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_lost_race() || matches!(error, StoreError::Exists(_)) {
            let message = "somebody else wrote the same at the same time; try again";
            return Refusal::conflict(rule::CONTENDED, message).into();
        }
        tracing::error!(%error, "the database failed");
        match error {
            StoreError::Corrupt { .. } => Self::internal(),
            StoreError::File { .. } => Self::unavailable(
                rule::STORAGE,
                "the folder of attachments cannot be used at present; the log has the reason under this answer's request_id",
            ),
            StoreError::CorruptFile { .. } => Self::corrupt_attachment("a file of an attachment"),
            _ => Self::unavailable(
                rule::DATABASE,
                "the database cannot be used at present; the log has the reason under this answer's request_id",
            ),
        }
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Store(error) => error.into(),
            CatalogError::Kind { .. } => {
                tracing::error!(%error, "kinds of an organisation cannot be used");
                Self::internal()
            }
            CatalogError::Load { .. } => {
                tracing::error!(%error, "a component does not load");
                Self::unavailable(
                    rule::COMPONENT_UNAVAILABLE,
                    "the component does not load on this node; the log has the reason under this answer's request_id",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Inner { status, rule, detail, detail_zh, mut field, mut errors, headers } = *self.0;
        // A reader of `errors` alone misses nothing, and neither does one of `field` alone.
        match (&field, errors.as_slice()) {
            (Some(field), []) => errors.push(FieldProblem::new(field.as_str(), rule.clone(), detail.as_str())),
            (None, [first, ..]) if !first.field.is_empty() => field = Some(first.field.clone()),
            _ => {}
        }
        let request_id = request_id::current();
        let document = Document {
            r#type: format!("/problems/{}", explained(&rule)),
            title: title(&rule),
            status: status.as_u16(),
            detail: &detail,
            detail_zh: detail_zh.as_deref(),
            rule: &rule,
            field: field.as_deref(),
            errors: &errors,
            request_id: request_id.as_deref(),
        };
        // Texts and a number always have a JSON form.
        let body = serde_json::to_vec(&document).unwrap_or_default();
        (status, headers, [(CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
    }
}

/// A refusal for what is not there, whatever the class its rule usually has.
pub(super) fn not_found(message: impl Into<String>) -> Problem {
    Refusal::new(Class::NotFound, rules_of_the_domain::NOT_FOUND, message).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::to_bytes;
    use serde_json::{Value, json};

    use super::*;

    async fn sent(problem: impl Into<Problem>) -> (u16, HeaderMap, Value) {
        let response = problem.into().into_response();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 16).await.unwrap();
        (parts.status.as_u16(), parts.headers, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_refused_field_is_named() {
        let refusal = Refusal::invalid("enum", "impact", "impact must be one of 1, 2, 3");
        let (status, headers, body) = sent(refusal).await;
        assert_eq!(status, 422);
        assert_eq!(headers[CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(
            body,
            json!({
                "type": "/problems/enum",
                "title": title("enum"),
                "status": 422,
                "detail": "impact must be one of 1, 2, 3",
                "rule": "enum",
                "field": "impact",
                "errors": [{"field": "impact", "rule": "enum", "message": "impact must be one of 1, 2, 3"}],
            })
        );
    }

    #[tokio::test]
    async fn every_class_has_a_status() {
        for (class, expected) in [
            (Class::Invalid, 422),
            (Class::Unauthenticated, 401),
            (Class::Forbidden, 403),
            (Class::NotFound, 404),
            (Class::Conflict, 409),
            (Class::Stale, 412),
            (Class::TooLarge, 413),
            (Class::Unavailable, 503),
        ] {
            let (status, headers, body) = sent(Refusal::new(class, "x", "y")).await;
            assert_eq!((status, body["status"].as_u64()), (expected, Some(u64::from(expected))));
            assert_eq!(headers.contains_key(WWW_AUTHENTICATE), expected == 401);
            assert_eq!(headers.contains_key(RETRY_AFTER), expected == 503);
            assert!(body.get("field").is_none() && body.get("errors").is_none());
        }
    }

    #[tokio::test]
    async fn what_happened_inside_stays_inside() {
        let error = StoreError::Commit("disk full on /var/lib/secret".to_owned());
        let (status, _, body) = sent(FlowError::from(error)).await;
        assert_eq!((status, body["rule"].as_str()), (503, Some("database")));
        assert!(!body.to_string().contains("secret"));
        let error = StoreError::Corrupt { what: "record".to_owned(), why: "secret".to_owned() };
        let (status, _, body) = sent(error).await;
        assert_eq!((status, body["rule"].as_str()), (500, Some("internal")));
        assert!(!body.to_string().contains("secret"));
        let error = CatalogError::Load {
            digest: "secret".to_owned(),
            activation: "secret".to_owned(),
            why: "secret".to_owned(),
        };
        let (status, _, body) = sent(FlowError::from(error)).await;
        assert_eq!((status, body["rule"].as_str()), (503, Some("component-unavailable")));
        assert!(!body.to_string().contains("secret"));
    }

    #[tokio::test]
    async fn a_lost_race_is_a_conflict() {
        let (status, _, body) = sent(FlowError::from(StoreError::Stale("INC-2026-000001".to_owned()))).await;
        assert_eq!((status, body["rule"].as_str()), (409, Some("contended")));
    }

    #[tokio::test]
    async fn the_request_is_named() {
        let (_, _, body) = request_id::scope("req-1".into(), sent(Problem::internal())).await;
        assert_eq!(body["request_id"], "req-1");
    }
}
