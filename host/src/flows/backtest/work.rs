//! The job: batch by batch, each written as a whole.
//!
//! As many batches are replayed at a time as there are cores, and one more so that no core waits for the database; none
//! of them on a thread that serves requests, and all after everything else that a core could do.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::stream::{self, Stream, TryStreamExt as _};
use mortise_types::Process;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::judge::{Judged, judge};
use super::report::summary;
use crate::catalog::Candidate;
use crate::domain::Outcome;
use crate::domain::backtest::{Cost, Sort, Summary};
use crate::domain::lookup::recorded;
use crate::domain::refusal::Refusal;
use crate::engine::{Cause, Lookups};
use crate::flows::aside::Aside;
use crate::flows::jobs::Run;
use crate::flows::{Desk, FlowError};
use crate::store::StoreError;
use crate::store::backtests::{Batch, Block, Compared, Replayed, Selection};
use crate::store::unit::Unit;
use crate::store::work::WorkChange;

/// Decisions of one batch, which is what is lost when a node dies, and how often progress is told: a hundredth of all,
/// within bounds.
pub(super) fn batch(decisions: i64) -> i64 {
    (decisions / 100).clamp(10, 1_000)
}

/// How often somebody who asked the dry run to stop is heard, however long its decisions take.
const HEARD: Duration = Duration::from_millis(500);
/// How long a decision waits when the host has no room for it.
const BUSY: Duration = Duration::from_millis(250);

/// What the job works from; see [`super::start`].
#[derive(serde::Deserialize)]
struct Plan {
    digest: String,
    settings: String,
    selection: Selection,
    batch: i64,
}

pub(in crate::flows) async fn work(run: &mut Run) -> Result<Value, FlowError> {
    let (org, id) = (run.job().org.clone(), run.job().id.clone());
    let unreadable = |error| Refusal::conflict("unknown-job", format!("the dry run's plan cannot be read: {error}"));
    let plan: Plan = serde_json::from_value(run.job().plan.clone()).map_err(unreadable)?;
    let process: Process = plan.selection.process.parse().map_err(|error| Refusal::conflict("unknown-job", error))?;
    let desk = run.plain_desk().clone();
    let candidate = desk.catalog.candidate(&org, &plan.digest, &plan.settings).await?.on_own_thread();
    let done = desk.store.backtest_batches(&org, &id).await?;
    let after = done.last().map(|(last, _)| last.clone()).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let stop = Stop::default();
    let asked = Asked { candidate, process, partly: plan.selection.is_partial(), stop: Arc::clone(&stop.0) };
    let threads = (0..=cores).map(|n| Aside::start(&format!("dry-run-{n}"))).collect::<Result<Vec<_>, _>>()?;
    let mut turns = threads.iter().cycle();
    let looked = batches(desk.clone(), org.clone(), plan.selection, plan.batch, after)
        .map_ok(|batch| replay(turns.next(), asked.clone(), batch))
        .try_buffered(threads.len());
    let (mut looked, mut writing, mut heard) = (pin!(looked), None, tokio::time::interval(HEARD));
    loop {
        let goes_on = tokio::select! {
            looked = looked.try_next() => match looked? {
                Some(looked) => write(run, looked, &mut writing).await?,
                None => break,
            },
            _ = heard.tick() => !run.is_asked_to_stop().await?,
        };
        if !goes_on {
            break;
        }
    }
    settle(&mut writing).await?;
    Ok(summary(&desk, &org, &id).await?.to_json())
}

/// The selection's batches, in order; none of them is empty.
fn batches(
    desk: Desk,
    org: String,
    selection: Selection,
    size: i64,
    after: String,
) -> impl Stream<Item = Result<Vec<Block>, StoreError>> {
    stream::try_unfold((desk.store, org, selection, after), move |(store, org, selection, after)| async move {
        let batch = store.selected(&org, &selection, &after, size).await?;
        let Some(last) = batch.last().and_then(Block::last).map(str::to_owned) else { return Ok(None) };
        Ok(Some((batch, (store, org, selection, last))))
    })
}

/// Of a batch: its last decision, its sums, and what did not come out the same.
struct Looked {
    last: String,
    summary: Summary,
    found: Vec<Compared>,
}

type Writing = Option<JoinHandle<Result<(), StoreError>>>;

/// Whom a dry run asks.
#[derive(Clone)]
struct Asked {
    candidate: Candidate,
    process: Process,
    /// About a part of the organisation: what it leaves out, another component decides.
    partly: bool,
    /// Nobody waits for the answers any more.
    stop: Arc<AtomicBool>,
}

impl Asked {
    async fn judge(&self, decision: &Replayed<'_>) -> Option<Judged> {
        loop {
            // A record that cannot be read answers nothing: the component's lookups then fail by name.
            let recorded = Lookups::Recorded(recorded(decision.lookups).unwrap_or_default());
            let judged = judge(&self.candidate, self.process, decision.input, decision.output, recorded).await;
            // That the host had no room for it says nothing about the candidate.
            let busy = judged.as_ref().is_some_and(|judged| judged.cause == Some(Cause::Unavailable));
            if !busy || self.stop.load(Ordering::Relaxed) {
                return judged;
            }
            tokio::time::sleep(BUSY).await;
        }
    }
}

/// Ends the replays that are under way when the job ends, however it ends.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Puts a batch to the candidate and compares its answers.
async fn replay(thread: Option<&Aside>, asked: Asked, batch: Vec<Block>) -> Result<Looked, StoreError> {
    let looked = thread.ok_or(StoreError::Closed)?.run(async move { look(&asked, batch).await });
    looked.await.ok_or(StoreError::Closed)
}

async fn look(asked: &Asked, batch: Vec<Block>) -> Looked {
    let mut looked = Looked { last: String::new(), summary: Summary::default(), found: Vec::new() };
    for decision in batch.iter().flat_map(Block::decisions) {
        if asked.stop.load(Ordering::Relaxed) {
            break;
        }
        let judged = asked.judge(&decision).await;
        looked.add(&decision, judged.filter(|judged| !(asked.partly && judged.left_out)));
        decision.id.clone_into(&mut looked.last);
    }
    looked
}

/// Begins to write a batch once the one before is durable; false when somebody asked to stop.
async fn write(run: &mut Run, looked: Looked, writing: &mut Writing) -> Result<bool, FlowError> {
    let Looked { last, summary, found: decisions } = looked;
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

impl Looked {
    fn add(&mut self, decision: &Replayed<'_>, judged: Option<Judged>) {
        let Some(Judged { comparison, output, cost, .. }) = judged else {
            self.summary.skipped += 1;
            return;
        };
        let number = |value: i64| u64::try_from(value).unwrap_or(0);
        let old = Cost { fuel: number(decision.fuel), took_us: number(decision.took_us) };
        self.summary.add(&comparison, old, cost);
        if comparison.sort == Sort::Same {
            return;
        }
        let keep = matches!(comparison.sort, Sort::Flips | Sort::Fails);
        self.found.push(Compared {
            decision: decision.id.to_owned(),
            number: decision.number.to_owned(),
            at: decision.at,
            sort: comparison.sort,
            money: comparison.money.map(|by| by.to_string()),
            differences: serde_json::to_string(&comparison.differences).unwrap_or_else(|_| "[]".to_owned()),
            group: comparison.group,
            output: keep.then_some(output),
            decided: String::new(),
        });
    }
}
