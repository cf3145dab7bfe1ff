//! A sliding window over calls, in slices.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use crate::domain::time::Instant;

/// Slices of a window: what is counted reaches back over the whole window, less one slice at the most.
const SLICES: i64 = 60;

/// Calls and failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls, failed ones among them.
    pub calls: u64,
    /// Failed ones.
    pub failures: u64,
}

/// Calls and failures of the last so many seconds. It holds a few numbers, however many calls there are.
#[derive(Clone, Debug)]
pub struct Window {
    length_ms: i64,
    /// The slices that had calls, by their number since 1970, oldest first.
    slices: VecDeque<(i64, Tally)>,
}

impl Window {
    /// A window of so many seconds, without calls.
    pub fn new(seconds: NonZeroU32) -> Self {
        Self { length_ms: i64::from(seconds.get()) * 1000, slices: VecDeque::new() }
    }

    /// The slice of an instant. Slices of a window whose length is no multiple of them differ by a
    /// millisecond, so that all of them together are never shorter or longer than the window.
    fn slice(&self, at: Instant) -> i64 {
        at.0.saturating_mul(SLICES).div_euclid(self.length_ms)
    }

    /// Counts a call. A clock that was set back makes no call younger than the newest one.
    pub fn add(&mut self, at: Instant, failed: bool) {
        let newest = self.slices.back().map_or(i64::MIN, |(slice, _)| *slice);
        let slice = self.slice(at).max(newest);
        self.slices.retain(|(old, _)| *old > slice - SLICES);
        if newest != slice || self.slices.is_empty() {
            self.slices.push_back((slice, Tally::default()));
        }
        if let Some((_, tally)) = self.slices.back_mut() {
            tally.calls += 1;
            tally.failures += u64::from(failed);
        }
    }

    /// What was counted within the window that ends now.
    pub fn tally(&self, now: Instant) -> Tally {
        let slice = self.slice(now);
        let within = self.slices.iter().filter(|(old, _)| *old > slice - SLICES);
        within.fold(Tally::default(), |sum, (_, tally)| Tally {
            calls: sum.calls + tally.calls,
            failures: sum.failures + tally.failures,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn window(seconds: u32) -> Window {
        Window::new(NonZeroU32::new(seconds).unwrap())
    }

    /// What a list of all calls says: those after `since`, up to `now`.
    fn counted(calls: &[(i64, bool)], since: i64, now: i64) -> Tally {
        let within = calls.iter().filter(|(at, _)| *at > since && *at <= now);
        within.fold(Tally::default(), |sum, (_, failed)| Tally {
            calls: sum.calls + 1,
            failures: sum.failures + u64::from(*failed),
        })
    }

    proptest! {
        /// It counts no call that is older than the window, and every one that is younger than it less a slice.
        #[test]
        fn it_agrees_with_a_list_of_all_calls(
            seconds in 1_u32..600,
            steps in prop::collection::vec((prop_oneof![0_i64..50, 0_i64..20_000], any::<bool>()), 0..200),
            later in prop_oneof![0_i64..2_000, 0_i64..100_000],
        ) {
            let mut window = window(seconds);
            let mut now = 1_700_000_000_000;
            let mut calls = Vec::new();
            for (step, failed) in steps {
                now += step;
                window.add(Instant(now), failed);
                calls.push((now, failed));
                let length = i64::from(seconds) * 1000;
                let slice = length / SLICES;
                for now in [now, now + later] {
                    let (is, most) = (window.tally(Instant(now)), counted(&calls, now - length, now));
                    let least = counted(&calls, now - length + slice, now);
                    prop_assert!(is.calls <= most.calls && is.calls >= least.calls, "{least:?} {is:?} {most:?}");
                    prop_assert!(is.failures <= most.failures && is.failures >= least.failures);
                    prop_assert!(is.failures <= is.calls);
                }
            }
        }

        /// However many calls there are, it stays small, and forgets all of them in time.
        #[test]
        fn it_stays_small_and_forgets(
            seconds in 1_u32..60,
            steps in prop::collection::vec(-5_000_i64..5_000, 1..300),
        ) {
            let mut window = window(seconds);
            let mut now = 1_700_000_000_000;
            let mut newest = now;
            for step in steps {
                now += step;
                newest = newest.max(now);
                window.add(Instant(now), true);
                prop_assert!(window.slices.len() <= usize::try_from(SLICES).unwrap());
                prop_assert!(window.tally(Instant(now)).calls > 0, "the call that was just counted is there");
            }
            prop_assert_eq!(window.tally(Instant(newest + i64::from(seconds) * 1000)), Tally::default());
        }
    }
}
