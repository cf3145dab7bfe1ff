//! The worker: one decision after another, beside everything else a node does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::queue::{Asked, Pair};
use crate::catalog::live_lookups;
use crate::domain::backtest::{Comparison, Sort};
use crate::domain::component::Scope;
use crate::domain::decision::Status;
use crate::engine::Cause;
use crate::flows::aside::Aside;
use crate::flows::backtest::{Judged, judge};
use crate::flows::{Desk, FlowError};
use crate::store::backtests::Compared;
use crate::store::shadow::Part;

/// How long decisions gather before they are looked at together: results are written once for all of them.
const GATHER: Duration = Duration::from_millis(100);
/// Decisions whose results are written at once.
const BATCH: usize = 256;
/// After so long, results are written although the batch is not full.
const WRITE_AFTER: Duration = Duration::from_secs(1);
/// From this time on a candidate is slow, and takes no more than its share of a processor.
const SLOW: Duration = Duration::from_millis(5);
/// Bytes that are kept of an answer, and of what differs in it.
const MOST_KEPT: usize = 64 << 10;

/// Asks the candidates everything that waits, and writes what came of it; gives how many decisions were looked at.
///
/// # Errors
/// When the database fails; what was in the batch is lost, and nothing else depends on it.
pub async fn run(desk: &Desk) -> Result<usize, FlowError> {
    let (aside, mut looked_at) = (Aside::start(THREAD)?, 0);
    loop {
        let count = batch(desk, &aside, false).await?;
        if count == 0 {
            return Ok(looked_at);
        }
        looked_at += count;
    }
}

/// Asks candidates as decisions come, until the task is dropped.
pub async fn forever(desk: Desk) {
    let aside = match Aside::start(THREAD) {
        Ok(aside) => aside,
        Err(error) => {
            tracing::error!(%error, "candidates in shadow are not asked on this node until it is started again");
            return;
        }
    };
    loop {
        desk.shadows.called().await;
        tokio::time::sleep(GATHER).await;
        loop {
            match batch(&desk, &aside, true).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "what candidates in shadow said could not be written");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// Name of the thread on which candidates are asked.
const THREAD: &str = "shadow";

async fn batch(desk: &Desk, aside: &Aside, paced: bool) -> Result<usize, FlowError> {
    let mut parts: BTreeMap<Pair, Part> = BTreeMap::new();
    let begun = Instant::now();
    let mut count = 0;
    while count < BATCH && begun.elapsed() < WRITE_AFTER {
        let Some(asked) = desk.shadows.take(1).pop() else { break };
        count += 1;
        let started = Instant::now();
        ask(desk, aside, asked, &mut parts).await;
        let took = started.elapsed();
        if paced && took > SLOW {
            // A candidate that loops or hogs is asked less often; what finds no room meanwhile is dropped.
            let share = desk.shadows.config().share_pct.clamp(1, 100);
            tokio::time::sleep(took * (100 - share) / share).await;
        }
    }
    for (pair, dropped) in desk.shadows.dropped() {
        part(&mut parts, &pair).dropped += dropped;
    }
    if !parts.is_empty() {
        let keep = i64::from(desk.shadows.config().keep);
        desk.store.add_shadow(parts.into_values().collect(), keep).await?;
    }
    Ok(count)
}

fn part<'a>(parts: &'a mut BTreeMap<Pair, Part>, pair: &Pair) -> &'a mut Part {
    parts.entry(pair.clone()).or_insert_with(|| Part {
        org: pair.org.clone(),
        activation: pair.candidate.clone(),
        against: pair.against.clone(),
        ..Part::default()
    })
}

/// Asks one candidate about one decision. What is no candidate any more is not asked.
async fn ask(desk: &Desk, aside: &Aside, asked: Asked, parts: &mut BTreeMap<Pair, Part>) {
    let snapshot = desk.catalog.snapshot();
    let Some(live) = snapshot.candidate(&asked.pair.org, asked.process, &asked.pair.candidate) else { return };
    let (candidate, lookups) = (desk.catalog.beside(&live).on_own_thread(), live_lookups(&live, desk));
    let work = async move {
        let judged = judge(&candidate, asked.process, &asked.input, &asked.output, lookups).await;
        (asked, judged)
    };
    let Some((asked, judged)) = aside.run(work).await else {
        tracing::error!("a candidate in shadow could not be asked: its thread is gone");
        return;
    };
    let asked = &asked;
    let part = part(parts, &asked.pair);
    match judged {
        // The host had no room for it: that says nothing about the candidate.
        Some(judged) if judged.cause == Some(Cause::Unavailable) => {
            part.dropped += 1;
            live.meter.compare("dropped", 1);
        }
        // Whoever decides in the wider scope would be asked.
        Some(judged) if judged.left_out && live.activation.scope != Scope::Organisation => {}
        Some(judged) => {
            let sort = add(part, asked, judged);
            live.meter.compare(sort.as_str(), 1);
        }
        None => tracing::warn!(decision = %asked.decision, "a stored decision cannot be read for a shadow"),
    }
}

/// Adds a comparison to the figures; gives what came of it.
fn add(part: &mut Part, asked: &Asked, judged: Judged) -> Sort {
    let Judged { mut comparison, output, cost, .. } = judged;
    if asked.status == Status::Failed && comparison.sort == Sort::Flips {
        // Nothing was decided that could flip.
        let group = "answers where the other failed".to_owned();
        comparison = Comparison { sort: Sort::Differs, group, ..comparison };
    }
    let sort = comparison.sort;
    match sort {
        Sort::Same => part.same += 1,
        Sort::Differs => part.differs += 1,
        Sort::Flips => part.flips += 1,
        Sort::Fails => part.fails += 1,
    }
    let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    part.fuel.0 = part.fuel.0.saturating_add(asked.fuel);
    part.fuel.1 = part.fuel.1.saturating_add(whole(cost.fuel));
    part.took_us.0 = part.took_us.0.saturating_add(asked.took_us);
    part.took_us.1 = part.took_us.1.saturating_add(whole(cost.took_us));
    part.first_at = part.first_at.map_or(Some(asked.at), |at| Some(at.min(asked.at)));
    part.last_at = part.last_at.max(Some(asked.at));
    if sort == Sort::Same {
        return sort;
    }
    *part.groups.entry(comparison.group.clone()).or_default() += 1;
    let mut kept = 0;
    let small = comparison.differences.iter().take_while(|difference| {
        kept += difference.old.to_string().len() + difference.new.to_string().len();
        kept <= MOST_KEPT
    });
    let differences = serde_json::to_string(&small.collect::<Vec<_>>()).unwrap_or_else(|_| "[]".to_owned());
    part.decisions.push(Compared {
        decision: asked.decision.clone(),
        number: asked.number.clone(),
        at: asked.at,
        sort,
        group: comparison.group,
        money: comparison.money.map(|by| by.to_string()),
        differences,
        output: Some(output).filter(|text| text.len() <= MOST_KEPT),
        decided: String::new(),
    });
    sort
}
