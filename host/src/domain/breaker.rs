//! Breakers: when a component that decides has failed so often that another one decides in its place.
//!
//! Failures are counted per activation over a sliding window. A breaker that has tripped stays open until somebody says
//! otherwise: it is probed, closed or opened by an administrator's word. While it is probed a share of the decisions
//! goes to the component again; enough good ones in a row close it, one failure opens it.

mod row;
mod window;

pub use row::{Breaker, Step, last_good};
pub use window::{Tally, Window};

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The component decides.
    Closed,
    /// It does not.
    Open,
    /// It decides a share, to see whether it can.
    Probing,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::Probing];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Probing => "probing",
        }
    }

    /// The state of this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// When breakers trip, and how they are probed (`[policy.component.breaker]`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerPolicy {
    /// Whether failures trip breakers at all; by hand they are opened in any case.
    pub enabled: bool,
    /// Seconds over which failures are counted.
    pub window_s: NonZeroU32,
    /// Failures within the window from which a breaker trips …
    pub failures: NonZeroU32,
    /// … if at least so many decisions were asked for in it …
    pub least_calls: u32,
    /// … and at least this percentage of them failed.
    pub share_percent: u32,
    /// Percentage of decisions that a component under probe is asked for.
    pub probe_percent: NonZeroU32,
    /// Good probes in a row, on one node, that close the breaker.
    pub probes: NonZeroU32,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        let some = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            enabled: true,
            window_s: some(60),
            failures: some(5),
            least_calls: 5,
            share_percent: 5,
            probe_percent: some(10),
            probes: some(10),
        }
    }
}

impl BreakerPolicy {
    /// Whether a breaker trips on these counts.
    pub fn trips(&self, tally: Tally) -> bool {
        self.enabled
            && tally.failures >= u64::from(self.failures.get())
            && tally.calls >= u64::from(self.least_calls)
            && tally.failures.saturating_mul(100) >= tally.calls.saturating_mul(u64::from(self.share_percent))
    }

    /// Whether the n-th decision since probing began, counted from 0, is a probe: evenly spread, the first one is.
    pub fn is_probe(&self, n: u64) -> bool {
        let share = u64::from(self.probe_percent.get().min(100));
        n == 0 || n.saturating_mul(share) / 100 != (n - 1).saturating_mul(share) / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("ajar"), None);
    }

    #[test]
    fn all_three_thresholds_have_to_be_met() {
        let policy = BreakerPolicy { least_calls: 10, share_percent: 20, ..BreakerPolicy::default() };
        let trips = |calls, failures| policy.trips(Tally { calls, failures });
        assert!(!trips(9, 9), "too few calls");
        assert!(!trips(10, 4), "too few failures");
        assert!(!trips(26, 5), "too small a share");
        assert!(trips(25, 5) && trips(10, 10));
        let off = BreakerPolicy { enabled: false, ..policy };
        assert!(!off.trips(Tally { calls: 100, failures: 100 }));
    }

    #[test]
    fn probes_are_the_share_that_was_asked_for() {
        for percent in [1, 7, 10, 33, 50, 99, 100, 250] {
            let probe_percent = NonZeroU32::new(percent).unwrap_or(NonZeroU32::MIN);
            let policy = BreakerPolicy { probe_percent, ..BreakerPolicy::default() };
            let probes = (0..10_000).filter(|n| policy.is_probe(*n)).count();
            let expected = 100 * usize::try_from(percent.min(100)).unwrap_or(0);
            assert!(probes.abs_diff(expected) <= 1, "{percent} %: {probes}");
        }
    }
}
