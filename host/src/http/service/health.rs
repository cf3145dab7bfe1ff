//! `GET /healthz`, `GET /readyz`: is it running, and can it work?

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use mortise_types::Process;
use serde_json::{Map, Value as Json, json};

use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation};

pub(in crate::http) static LIVE: Operation = Operation {
    id: "isAlive",
    group: Group::Server,
    summary: "Is the server running?",
    text: "Answers as long as the process does. Restart it when this fails.",
    answers: &[Answer::json(200, "Alive", "It runs.")],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) static READY: Operation = Operation {
    id: "isReady",
    group: Group::Server,
    summary: "Can the server work?",
    text: "Ready means that the database answers and that this node follows its activations. For each process, the \
           sum of the organisations' generations is shown as the database has it and as this node runs it: a node \
           that has seen every activation shows two equal numbers. Send no requests to a node that is not ready.",
    answers: &[
        Answer::json(200, "Ready", "It can."),
        Answer::json(503, "Ready", "It cannot; `database` and `catalog` say which part is missing."),
    ],
    open: true,
    ..Operation::PLAIN
};

pub(in crate::http) async fn live() -> Response {
    reply::ok(&json!({ "status": "alive" }))
}

pub(in crate::http) async fn ready(State(site): State<Site>) -> Response {
    let behind = site.desk.catalog.is_behind() || site.desk.kinds.is_behind();
    let stored = match site.desk.store.generations().await {
        Ok(generations) => Some(generations),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            None
        }
    };
    let ready = stored.is_some() && !behind;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let generations = stored.as_deref().map(|stored| generations(&site, stored));
    reply::json(
        status,
        &json!({
            "ready": ready,
            "node": &*site.desk.node,
            "database": if stored.is_some() { "answers" } else { "does not answer" },
            "catalog": if behind { "behind" } else { "follows" },
            "generations": generations,
        }),
    )
}

/// Sums, so that nobody without a token learns which organisations there are.
fn generations(site: &Site, stored: &[(String, String, i64)]) -> Json {
    let snapshot = site.desk.catalog.snapshot();
    let mut shown = Map::new();
    for process in Process::ALL {
        let of_process = || stored.iter().filter(|(_, slug, _)| slug == process.slug());
        let database: i64 = of_process().map(|(_, _, generation)| generation).sum();
        let node: i64 = of_process().map(|(org, _, _)| snapshot.generation(org, process)).sum();
        shown.insert(process.slug().to_owned(), json!({ "database": database, "node": node }));
    }
    Json::Object(shown)
}
