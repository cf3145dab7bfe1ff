//! The job: batch by batch, each written as a whole.
//!
//! Three batches are under way at a time: one is read and its requests are understood, one is with the candidate, and of
//! one the answers are compared and written. A call of a component changes the protection of its memory, for which all
//! threads of a process wait, so that half of the cores do nothing but call it.

use mortise_types::{Process, Request};
use serde_json::Value;
use tokio::task::{JoinHandle, JoinSet};

use super::judge::{Judged, judged, question};
use super::report::summary;
use crate::catalog::Candidate;
use crate::domain::Outcome;
use crate::domain::backtest::{Cost, Sort, Summary};
use crate::domain::lookup::recorded;
use crate::domain::refusal::Refusal;
use crate::engine::{Evaluation, Lookups};
use crate::flows::jobs::Run;
use crate::flows::{Desk, FlowError};
use crate::store::StoreError;
use crate::store::backtests::{Batch, Compared, Replayed, Selection};
use crate::store::unit::Unit;
use crate::store::work::WorkChange;

/// Decisions of one batch: what is lost when a node dies, and how often progress is told.
pub(super) const BATCH: i64 = 1_000;

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
    let mut reading = read(&desk, &org, process, &plan.selection, after);
    let (mut compared, mut writing) = (None, None);
    loop {
        let asked = reading.await.map_err(|_| StoreError::Closed)??;
        let Some((last, _)) = asked.last() else { break };
        reading = read(&desk, &org, process, &plan.selection, last.id.clone());
        let answered = ask(&candidate, asked).await;
        if let Some(batch) = compared.take()
            && !write(run, batch, &mut writing).await?
        {
            break;
        }
        compared = Some(tokio::task::spawn_blocking(move || compare(process, &answered)));
    }
    if let Some(batch) = compared {
        write(run, batch, &mut writing).await?;
    }
    settle(&mut writing).await?;
    Ok(summary(&desk, &org, &id).await?.to_json())
}

/// A decision with its request; none where that cannot be read.
type Asked = (Replayed, Option<Request>);
/// A decision with what the candidate said.
type Answered = (Replayed, Option<Evaluation>);
/// Of a batch: its sums, what did not come out the same, and its last decision.
type Looked = (Summary, Vec<Compared>, String);
type Writing = Option<JoinHandle<Result<(), StoreError>>>;

/// The next batch, on its way from the database.
fn read(
    desk: &Desk,
    org: &str,
    process: Process,
    selection: &Selection,
    after: String,
) -> JoinHandle<Result<Vec<Asked>, StoreError>> {
    let (store, org, selection) = (desk.store.clone(), org.to_owned(), selection.clone());
    tokio::spawn(async move {
        let decisions = store.selected(&org, &selection, &after, BATCH).await?;
        let understand = move || {
            let understood = decisions.into_iter().map(|decision| {
                let request = question(process, &decision.input);
                (decision, request)
            });
            understood.collect()
        };
        tokio::task::spawn_blocking(understand).await.map_err(|_| StoreError::Closed)
    })
}

/// Puts a batch to the candidate. Guests yield to each other and to requests.
async fn ask(candidate: &Candidate, asked: Vec<Asked>) -> Vec<Answered> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = asked.len().div_ceil(cores.div_ceil(2)).max(1);
    let mut asked = asked.into_iter();
    let mut tasks = JoinSet::new();
    for place in 0.. {
        let part: Vec<Asked> = asked.by_ref().take(share).collect();
        if part.is_empty() {
            break;
        }
        let candidate = candidate.clone();
        tasks.spawn(async move {
            let mut answered = Vec::with_capacity(part.len());
            for (decision, request) in part {
                let evaluation = match &request {
                    // A record that cannot be read answers nothing: the component's lookups then fail by name.
                    Some(request) => {
                        let recorded = Lookups::Recorded(recorded(&decision.lookups).unwrap_or_default());
                        Some(candidate.evaluate(request, recorded).await)
                    }
                    None => None,
                };
                answered.push((decision, evaluation));
            }
            (place, answered)
        });
    }
    let mut parts = tasks.join_all().await;
    parts.sort_by_key(|(place, _)| *place);
    parts.into_iter().flat_map(|(_, part)| part).collect()
}

/// Compares the answers of a batch with what was decided.
fn compare(process: Process, answered: &[Answered]) -> Looked {
    let (mut summary, mut found) = (Summary::default(), Vec::new());
    for (decision, evaluation) in answered {
        let judged = evaluation.as_ref().and_then(|evaluation| judged(process, &decision.output, evaluation));
        add(&mut summary, &mut found, decision, judged);
    }
    (summary, found, answered.last().map(|(decision, _)| decision.id.clone()).unwrap_or_default())
}

/// Begins to write a batch once it is compared, and the one before is durable; false when somebody asked to stop.
async fn write(run: &mut Run, batch: JoinHandle<Looked>, writing: &mut Writing) -> Result<bool, FlowError> {
    let (summary, decisions, last) = batch.await.map_err(|_| StoreError::Closed)?;
    settle(writing).await?;
    if !run.goes_on().await? {
        return Ok(false);
    }
    let (org, id) = (run.job().org.clone(), run.job().id.clone());
    let about = format!("{} decisions up to {last}", summary.decisions + summary.skipped);
    let mark = run.mark(vec![run.item(&about, Outcome::Ok, "", "")]);
    let summary = serde_json::to_string(&summary).unwrap_or_default();
    let batch = Batch { org: org.clone(), job: id, n: run.place() + 1, last, summary, decisions };
    let work = vec![WorkChange::Backtest(batch), WorkChange::Items(mark)];
    let store = run.plain_desk().store.clone();
    *writing = Some(tokio::spawn(async move { store.commit(Unit { org, work, ..Unit::default() }).await }));
    Ok(true)
}

/// Waits until the batch that is being written is durable.
async fn settle(writing: &mut Writing) -> Result<(), StoreError> {
    match writing.take() {
        Some(writing) => writing.await.map_err(|_| StoreError::Closed)?,
        None => Ok(()),
    }
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
