//! Around every request: a name, a tracing span, a time limit, and an answer even to a panic.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use super::problem::{Problem, rule};
use super::request_id;
use super::site::Site;
use crate::telemetry;

pub(super) async fn run(State(site): State<Site>, request: Request, next: Next) -> Response {
    let id = request_id::of(request.headers());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("-", MatchedPath::as_str);
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request", id = %id, method = %method, path, org = tracing::field::Empty, user = tracing::field::Empty
    );
    let slow = site.is_slow(&method, path);
    let limit = if slow { site.config.compile_timeout } else { site.config.request_timeout };
    let started = Instant::now();
    let (metrics, counted) = (site.desk.catalog.metrics(), method);
    let work = async {
        let response = guarded(limit, next.run(request)).await;
        let (status, took) = (response.status().as_u16(), started.elapsed());
        let latency_us = telemetry::micros(took);
        metrics.request(counted.as_str(), path, status, took);
        // Probes come every few seconds; they are not worth a line each.
        if path == "/healthz" || path == "/readyz" {
            tracing::debug!(status, latency_us, "answered");
        } else {
            tracing::info!(status, latency_us, "answered");
        }
        response
    };
    let mut response = request_id::scope(id.clone(), work).instrument(span).await;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(request_id::HEADER, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The answer of a handler, whatever becomes of the handler.
async fn guarded(limit: Duration, handler: impl Future<Output = Response>) -> Response {
    // What a panicking handler leaves behind is its own request; nothing else sees it.
    match timeout(limit, AssertUnwindSafe(handler).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => panicked(panic.as_ref()),
        Err(_) => timed_out(limit),
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(message, "a handler panicked");
    Problem::internal().into_response()
}

fn timed_out(limit: Duration) -> Response {
    tracing::warn!(limit_ms = telemetry::millis(limit), "a request took too long");
    let detail = format!("the request was given up after {} seconds", limit.as_secs_f32());
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, rule::TIMEOUT, detail);
    problem.with_header(RETRY_AFTER, HeaderValue::from_static("1")).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::to_bytes;
    use serde_json::Value;

    use super::*;

    async fn rule_of(response: Response) -> (u16, String) {
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
        let body: Value = serde_json::from_slice(&body).unwrap();
        (status, body["rule"].as_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_panic_is_answered() {
        let limit = Duration::from_secs(60);
        let response = guarded(limit, async { panic!("secret {}", 1) }).await;
        assert_eq!(rule_of(response).await, (500, "internal".to_owned()));
        let response = guarded(limit, async { panic!("secret") }).await;
        assert_eq!(rule_of(response).await, (500, "internal".to_owned()));
    }

    #[tokio::test]
    async fn waiting_has_an_end() {
        let response = guarded(Duration::from_millis(1), std::future::pending()).await;
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(rule_of(response).await, (503, "timeout".to_owned()));
    }
}
