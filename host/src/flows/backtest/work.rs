//! The job: batch by batch, each batch in parallel, each written as a whole.

use std::sync::Arc;

use mortise_types::Process;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::judge::{Judged, judge};
use super::report::summary;
use crate::catalog::Candidate;
use crate::domain::Outcome;
use crate::domain::backtest::{Cost, Sort, Summary};
use crate::domain::lookup::recorded;
use crate::domain::refusal::Refusal;
use crate::engine::Lookups;
use crate::flows::jobs::Run;
use crate::flows::{Desk, FlowError};
use crate::store::StoreError;
use crate::store::backtests::{Batch, Compared, Replayed, Selection};
use crate::store::unit::Unit;
use crate::store::work::WorkChange;

/// Decisions of one batch: what is lost when a node dies, and how often progress is told.
pub(super) const BATCH: i64 = 1_000;
/// Decisions that one task goes through before others have their turn at the batch.
const CHUNK: usize = 50;

/// What the job works from; see [`super::start`].
#[derive(serde::Deserialize)]
struct Plan {
    digest: String,
    settings: String,
    selection: Selection,
}

pub(in crate::flows) async fn work(run: &mut Run) -> Result<Value, FlowError> {
    let (org, id) = (run.job().org.clone(), run.job().id.clone());
    let unreadable = |error| Refusal::conflict("unknown-job", format!("the dry run's plan cannot be read: {error}"));
    let plan: Plan = serde_json::from_value(run.job().plan.clone()).map_err(unreadable)?;
    let process: Process = plan.selection.process.parse().map_err(|error| Refusal::conflict("unknown-job", error))?;
    let desk = run.plain_desk().clone();
    let candidate = desk.catalog.candidate(&org, &plan.digest, &plan.settings).await?;
    let done = desk.store.backtest_batches(&org, &id).await?;
    let after = done.last().map(|(last, _)| last.clone()).unwrap_or_default();
    let mut reading = read(&desk, &org, &plan.selection, after);
    let mut writing: Option<JoinHandle<Result<(), StoreError>>> = None;
    // While a batch is with the candidate, the next one is read and the one before is written.
    loop {
        let decisions = reading.await.map_err(|_| StoreError::Closed)??;
        let Some(last) = decisions.last().map(|decision| decision.id.clone()) else { break };
        reading = read(&desk, &org, &plan.selection, last.clone());
        let (summary, decisions) = batch(&candidate, process, decisions).await;
        settle(&mut writing).await?;
        if !run.goes_on().await? {
            break;
        }
        let n = run.place() + 1;
        let about = format!("{} decisions up to {last}", summary.decisions + summary.skipped);
        let mark = run.mark(vec![run.item(&about, Outcome::Ok, "", "")]);
        let summary = serde_json::to_string(&summary).unwrap_or_default();
        let batch = Batch { org: org.clone(), job: id.clone(), n, last, summary, decisions };
        let work = vec![WorkChange::Backtest(batch), WorkChange::Items(mark)];
        let (store, unit) = (desk.store.clone(), Unit { org: org.clone(), work, ..Unit::default() });
        writing = Some(tokio::spawn(async move { store.commit(unit).await }));
    }
    settle(&mut writing).await?;
    Ok(summary(&desk, &org, &id).await?.to_json())
}

/// The next batch, on its way from the database.
fn read(desk: &Desk, org: &str, selection: &Selection, after: String) -> JoinHandle<Result<Vec<Replayed>, StoreError>> {
    let (store, org, selection) = (desk.store.clone(), org.to_owned(), selection.clone());
    tokio::spawn(async move { store.selected(&org, &selection, &after, BATCH).await })
}

/// Waits until the batch before is durable.
async fn settle(writing: &mut Option<JoinHandle<Result<(), StoreError>>>) -> Result<(), StoreError> {
    match writing.take() {
        Some(writing) => writing.await.map_err(|_| StoreError::Closed)?,
        None => Ok(()),
    }
}

/// How many candidates run at a time. Each call gives memory back and takes it again, for which all threads of the
/// process wait; more of them than this give fewer decisions, and the other cores read and compare meanwhile.
fn turns() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).div_ceil(2)
}

/// Puts a batch through the candidate, on as many cores as there are. Guests yield to each other and to requests.
async fn batch(candidate: &Candidate, process: Process, decisions: Vec<Replayed>) -> (Summary, Vec<Compared>) {
    let (decisions, turns) = (Arc::new(decisions), Arc::new(Semaphore::new(turns())));
    let mut tasks = JoinSet::new();
    for start in (0..decisions.len()).step_by(CHUNK) {
        let (candidate, decisions, turns) = (candidate.clone(), Arc::clone(&decisions), Arc::clone(&turns));
        tasks.spawn(async move {
            let end = (start + CHUNK).min(decisions.len());
            let mut summary = Summary::default();
            let mut found = Vec::new();
            for decision in &decisions[start..end] {
                // A record that cannot be read answers nothing: the component's lookups then fail by name.
                let recorded = Lookups::Recorded(recorded(&decision.lookups).unwrap_or_default());
                let judged = judge(&candidate, process, &decision.input, &decision.output, recorded, &turns).await;
                add(&mut summary, &mut found, decision, judged);
            }
            (summary, found)
        });
    }
    let (mut summary, mut found) = (Summary::default(), Vec::new());
    while let Some(part) = tasks.join_next().await {
        match part {
            Ok((part, compared)) => {
                summary.join(&part);
                found.extend(compared);
            }
            Err(error) => tracing::error!(%error, "a part of a dry run was lost"),
        }
    }
    found.sort_by(|a, b| a.decision.cmp(&b.decision));
    (summary, found)
}

fn add(summary: &mut Summary, found: &mut Vec<Compared>, decision: &Replayed, judged: Option<Judged>) {
    let Some(Judged { comparison, output, cost, .. }) = judged else {
        summary.skipped += 1;
        return;
    };
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    let old = Cost { fuel: number(decision.fuel), took_us: number(decision.took_us) };
    summary.add(&comparison, old, cost);
    if comparison.sort == Sort::Same {
        return;
    }
    let keep = matches!(comparison.sort, Sort::Flips | Sort::Fails);
    found.push(Compared {
        decision: decision.id.clone(),
        number: decision.number.clone(),
        at: decision.at,
        sort: comparison.sort,
        money: comparison.money.map(|by| by.to_string()),
        differences: serde_json::to_string(&comparison.differences).unwrap_or_else(|_| "[]".to_owned()),
        group: comparison.group,
        output: keep.then_some(output),
        decided: String::new(),
    });
}
