//! `GET /metrics`: what this node counts, for Prometheus.

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use crate::domain::Role;
use crate::domain::refusal::Refusal;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation};
use crate::telemetry::metrics::MEDIA_TYPE;

pub(in crate::http) static DOC: Operation = Operation {
    id: "readMetrics",
    group: Group::Server,
    summary: "What this node counts, for Prometheus",
    text: "Decisions by process, component, activation, mode and outcome, with their time in microseconds, fuel and \
           memory; where breakers stand; how many decisions wait for a person; requests by route and status; whether \
           this node follows the database. Counters start with the process. An administrator (ADM) sees the node's \
           figures and those of the own organisation; with `telemetry.open_metrics` in the configuration nobody is \
           asked for a token and all are shown.",
    answers: &[Answer { status: 200, text: "OpenMetrics text.", content: Content::Other(MEDIA_TYPE), headers: &[] }],
    problems: &[401, 403],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let org = if site.config.open_metrics {
        None
    } else {
        let caller = Caller::from_request_parts(&mut request.into_parts().0, &site).await?;
        if !caller.has(Role::Adm) {
            return Err(Refusal::forbidden("role", "the figures of a node need the role ADM (administrator)").into());
        }
        Some(caller.org.clone())
    };
    let metrics = site.desk.catalog.metrics();
    metrics.waiting(site.desk.store.manual_counts().await?);
    let text = metrics.text(org.as_deref());
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))], text).into_response())
}
