//! What this node has seen of the components that decide: calls and failures of late, and probes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::breaker::{BreakerPolicy, Tally, Window};
use crate::domain::time::Instant;

/// Windows of the activations that were called on this node.
#[derive(Default)]
pub struct Watch(Mutex<HashMap<String, Seen>>);

struct Seen {
    window: Window,
    /// Decisions since probing began, and good probes in a row.
    asked: u64,
    good: u32,
}

impl Watch {
    /// Counts a call; gives the counts where they make the breaker trip.
    pub fn note(&self, activation: &str, at: Instant, failed: bool, policy: &BreakerPolicy) -> Option<Tally> {
        self.with(activation, policy, |seen| {
            seen.window.add(at, failed);
            let tally = seen.window.tally(at);
            (failed && policy.trips(tally)).then_some(tally)
        })
    }

    /// Whether the next decision is a probe.
    pub fn is_probe(&self, activation: &str, policy: &BreakerPolicy) -> bool {
        self.with(activation, policy, |seen| {
            let probe = policy.is_probe(seen.asked);
            seen.asked += 1;
            probe
        })
    }

    /// Counts a good probe; true when there were enough of them.
    pub fn good_probe(&self, activation: &str, policy: &BreakerPolicy) -> bool {
        self.with(activation, policy, |seen| {
            seen.good += 1;
            seen.good >= policy.probes.get()
        })
    }

    /// Begins anew: what was seen before the breaker came to stand where it stands says nothing any more.
    pub fn forget(&self, activation: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(activation);
    }

    /// Calls and failures of late.
    pub fn tally(&self, activation: &str, now: Instant) -> Tally {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(activation).map(|seen| seen.window.tally(now)).unwrap_or_default()
    }

    fn with<T>(&self, activation: &str, policy: &BreakerPolicy, work: impl FnOnce(&mut Seen) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = all.get_mut(activation) {
            return work(seen);
        }
        let seen = Seen { window: Window::new(policy.window_s), asked: 0, good: 0 };
        work(all.entry(activation.to_owned()).or_insert(seen))
    }
}
