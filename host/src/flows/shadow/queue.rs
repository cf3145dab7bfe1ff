//! What waits to be asked of candidates, on this node. Bounded: what finds no room is dropped and counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mortise_types::Process;
use tokio::sync::Notify;

use crate::domain::Instant;
use crate::domain::decision::Status;
use crate::store::unit::Unit;

/// How much a node does for shadows.
#[derive(Clone, Copy, Debug)]
pub struct ShadowsConfig {
    /// Decisions that may wait; more are dropped and counted.
    pub queue: usize,
    /// Differing decisions that are kept for a candidate, the newest.
    pub keep: u32,
    /// Percentage of one processor that slow candidates may take.
    pub share_pct: u32,
}

/// What waits to be asked; cheap to clone.
#[derive(Clone)]
pub struct Shadows(Arc<Inner>);

struct Inner {
    waiting: Mutex<Waiting>,
    bell: Notify,
    config: ShadowsConfig,
}

#[derive(Default)]
struct Waiting {
    asked: VecDeque<Asked>,
    dropped: BTreeMap<Pair, i64>,
}

/// A candidate beside an activation that decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    /// Organisation.
    pub(super) org: String,
    /// Activation of the candidate.
    pub(super) candidate: String,
    /// Activation that decided.
    pub(super) against: String,
}

/// A decision that a candidate is to be asked for.
#[derive(Clone, Debug)]
pub(in crate::flows) struct Asked {
    pub(super) pair: Pair,
    pub(super) process: Process,
    pub(super) decision: String,
    pub(super) number: String,
    pub(super) at: Instant,
    pub(super) status: Status,
    pub(super) input: String,
    pub(super) output: String,
    pub(super) fuel: i64,
    pub(super) took_us: i64,
}

/// What a unit that is about to be written asks of candidates.
pub(in crate::flows) fn asked(unit: &Unit) -> Vec<Asked> {
    let pick = |(decision, candidate): &(String, String)| {
        let made = unit.decisions.iter().find(|made| made.id == *decision)?;
        let pair = Pair { org: made.org.clone(), candidate: candidate.clone(), against: made.activation.clone() };
        Some(Asked {
            pair,
            process: made.process,
            decision: made.id.clone(),
            number: made.number.clone(),
            at: made.at,
            status: made.status,
            input: made.input.clone(),
            output: made.output.clone(),
            fuel: made.fuel,
            took_us: made.took_us,
        })
    };
    unit.shadows.iter().filter_map(pick).collect()
}

impl Shadows {
    /// An empty queue.
    pub fn new(config: ShadowsConfig) -> Self {
        Self(Arc::new(Inner { waiting: Mutex::default(), bell: Notify::new(), config }))
    }

    pub(super) fn config(&self) -> &ShadowsConfig {
        &self.0.config
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts what was decided behind what waits, as far as there is room. Never waits.
    pub(in crate::flows) fn offer(&self, asked: Vec<Asked>) {
        if asked.is_empty() {
            return;
        }
        let mut waiting = self.waiting();
        for one in asked {
            if waiting.asked.len() < self.0.config.queue {
                waiting.asked.push_back(one);
            } else {
                *waiting.dropped.entry(one.pair).or_default() += 1;
            }
        }
        drop(waiting);
        self.0.bell.notify_one();
    }

    /// The next ones, at most `most`.
    pub(super) fn take(&self, most: usize) -> Vec<Asked> {
        let mut waiting = self.waiting();
        let count = waiting.asked.len().min(most);
        waiting.asked.drain(..count).collect()
    }

    /// What was dropped since the last time.
    pub(super) fn dropped(&self) -> BTreeMap<Pair, i64> {
        std::mem::take(&mut self.waiting().dropped)
    }

    /// Returns when something waits.
    pub(super) async fn called(&self) {
        self.0.bell.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(n: usize) -> Asked {
        let text = String::new;
        Asked {
            pair: Pair { org: text(), candidate: "c".to_owned(), against: text() },
            process: Process::Sla,
            decision: n.to_string(),
            number: text(),
            at: Instant(0),
            status: Status::Ok,
            input: text(),
            output: text(),
            fuel: 0,
            took_us: 0,
        }
    }

    #[test]
    fn what_finds_no_room_is_dropped_and_counted_once() {
        let shadows = Shadows::new(ShadowsConfig { queue: 3, keep: 1, share_pct: 25 });
        shadows.offer((0..5).map(asked).collect());
        assert_eq!(shadows.dropped().into_values().collect::<Vec<_>>(), [2]);
        assert!(shadows.dropped().is_empty());
        let taken: Vec<String> = shadows.take(2).into_iter().map(|one| one.decision).collect();
        assert_eq!(taken, ["0", "1"]);
        shadows.offer(vec![asked(7)]);
        assert_eq!(shadows.take(9).len(), 2);
    }
}
