//! `GET /decisions/export`: decisions as a file, for a dry run on a desk.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value as Json;

use crate::domain::refusal::{Refusal, rule};
use crate::flows::sight::Sight;
use crate::http::activations::read::settings_value;
use crate::http::activations::{PROCESSES, process};
use crate::http::caller::Caller;
use crate::http::input::Params;
use crate::http::problem::Problem;
use crate::http::site::Site;
use crate::http::table::{Answer, Content, Group, Operation, Parameter, Value};
use crate::store::Store;
use crate::store::StoreError;
use crate::store::decisions::DecisionFilter;

/// Decisions that are read at once.
const PAGE: i64 = 500;

pub(in crate::http) static DOC: Operation = Operation {
    id: "exportDecisions",
    group: Group::Decisions,
    summary: "Decisions of a process, as a file",
    text: "JSON Lines, the newest first, each line as `GET /decisions/{id}` shows it. A partner tries a component on it \
           with `mortise plugin backtest`, without a server. Only for roles that read every decision.",
    parameters: &[Parameter::query("process", Value::OneOf(PROCESSES), "The process. Required.")],
    answers: &[Answer { status: 200, text: "The file.", content: Content::Other("application/jsonl"), headers: &[] }],
    problems: &[400, 401, 403, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let of = params.take("process")?;
    params.done()?;
    let of = of.ok_or_else(|| Refusal::invalid(rule::REQUIRED, "process", "process is required"))?;
    let of = process("process", &of)?;
    if !Sight::new(&site.desk, &caller).is_whole() {
        let message = "decisions are exported by roles that read all of them";
        return Err(Refusal::forbidden(rule::ROLE, message).into());
    }
    let filter = DecisionFilter { process: Some(of.slug().to_owned()), limit: PAGE, ..DecisionFilter::default() };
    let pages = Pages { store: site.desk.store.clone(), org: caller.org.clone(), settings: HashMap::new() };
    let body = Body::from_stream(stream::try_unfold((pages, Some(filter)), |(mut pages, filter)| async move {
        let Some(filter) = filter else { return Ok(None) };
        let (lines, next) = pages.page(filter).await?;
        Ok::<_, StoreError>(Some((lines, (pages, next))))
    }));
    let file = format!("attachment; filename=\"decisions-{}.jsonl\"", of.slug());
    Ok(([(CONTENT_TYPE, "application/jsonl".to_owned()), (CONTENT_DISPOSITION, file)], body).into_response())
}

struct Pages {
    store: Store,
    org: String,
    /// Settings by their digest: most decisions share a few.
    settings: HashMap<String, Json>,
}

impl Pages {
    async fn page(&mut self, filter: DecisionFilter) -> Result<(Vec<u8>, Option<DecisionFilter>), StoreError> {
        let found = self.store.decisions(&self.org, &filter).await?;
        let mut lines = Vec::new();
        for decision in &found {
            let mut shown = decision.to_json();
            shown["settings_value"] = self.settings(&decision.settings_hash).await?;
            lines.extend(shown.to_string().bytes());
            lines.push(b'\n');
        }
        let full = i64::try_from(found.len()).is_ok_and(|count| count == PAGE);
        let last = found.last().filter(|_| full);
        Ok((lines, last.map(|last| DecisionFilter { before: Some(last.id.clone()), ..filter })))
    }

    async fn settings(&mut self, digest: &str) -> Result<Json, StoreError> {
        if let Some(known) = self.settings.get(digest) {
            return Ok(known.clone());
        }
        let value = settings_value(&self.store, &self.org, digest).await?;
        self.settings.insert(digest.to_owned(), value.clone());
        Ok(value)
    }
}
