//! Clocks without calendars: for a policy whose service is given around the clock.

use mortise_types::sla::{Clock, ClockRequest, ClockState, Level, Target, Thresholds, Ticket};
use mortise_types::{Instant, Milestone};

/// The warning levels of a request that has none.
const WARNING: Thresholds = Thresholds { warning: 75, critical: 90 };

/// Where the clocks of a ticket stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clocks {
    /// Until the first human answer.
    pub response: Clock,
    /// Until the service is restored; waiting for the customer does not count.
    pub resolution: Clock,
    /// The marks that they have still to reach.
    pub milestones: Vec<Milestone>,
}

/// Measures both clocks of a ticket around the clock. The target's calendar is not looked at, nor are priorities that
/// held before; pauses are in order and do not overlap, as the host sends them.
#[must_use]
pub fn around_the_clock(request: &ClockRequest, target: &Target) -> Clocks {
    let ClockRequest { ticket, now, .. } = request;
    let mut milestones = Vec::new();
    let mut measure = |name: &str, target_s: u64, stop: Option<Instant>, waits: bool| {
        let run = Run::new(ticket, *now, stop, waits);
        let warn_pct = request.warn_pct.unwrap_or(WARNING);
        run.clock(name, target_s.min(i64::MAX.unsigned_abs() / 200), warn_pct, &mut milestones)
    };
    let response = measure("response", target.response_s, ticket.responded_at, false);
    let resolution = measure("resolution", target.resolution_s, ticket.restored_at, true);
    Clocks { response, resolution, milestones }
}

/// A clock's run from when the ticket was opened.
struct Run {
    opened: i64,
    end: i64,
    state: ClockState,
    /// When it waited, within the run.
    waits: Vec<(i64, i64)>,
}

impl Run {
    fn new(ticket: &Ticket, now: Instant, stop: Option<Instant>, waits: bool) -> Self {
        let stop = stop.filter(|stop| *stop <= now);
        let (opened, end) = (ticket.opened_at.0, stop.unwrap_or(now).max(ticket.opened_at).0);
        let pauses = ticket.pauses.iter().filter(|_| waits);
        let waiting = pauses.clone().any(|pause| pause.from <= now && pause.to.is_none_or(|to| now < to));
        let within = pauses.map(|pause| (pause.from.0.max(opened), pause.to.map_or(end, |to| to.0.min(end))));
        let state = match stop {
            Some(_) => ClockState::Stopped,
            None if waiting => ClockState::Paused,
            None => ClockState::Running,
        };
        Self { opened, end, state, waits: within.filter(|(from, to)| from < to).collect() }
    }

    /// The instant at which so many seconds are used.
    fn at(&self, seconds: i64) -> Instant {
        let begun = |at: i64, (from, to): &(i64, i64)| if *from < at { at.saturating_add(to - from) } else { at };
        Instant(self.waits.iter().fold(self.opened.saturating_add(seconds), begun))
    }

    fn clock(&self, name: &str, target_s: u64, warn_pct: Thresholds, milestones: &mut Vec<Milestone>) -> Clock {
        // It was bounded, so that a percentage of it fits.
        let target = target_s as i64;
        let elapsed = self.end - self.opened - self.waits.iter().map(|(from, to)| to - from).sum::<i64>();
        let mark = |pct: u32| (target * i64::from(pct.min(100)) + 99) / 100;
        let marks = [("warning", warn_pct.warning), ("critical", warn_pct.critical), ("due", 100)];
        if self.state == ClockState::Running {
            let ahead = marks.into_iter().filter(|(_, pct)| mark(*pct) > elapsed);
            milestones
                .extend(ahead.map(|(word, pct)| Milestone { name: format!("{name}.{word}"), at: self.at(mark(pct)) }));
        }
        let over = elapsed > target;
        let level = match () {
            () if over => Level::Breached,
            () if elapsed >= mark(warn_pct.critical) => Level::Critical,
            () if elapsed >= mark(warn_pct.warning) => Level::Warning,
            () => Level::Ok,
        };
        let due_at = Some(self.at(target)).filter(|_| self.state != ClockState::Paused || elapsed >= target);
        Clock {
            target_s,
            elapsed_s: elapsed.unsigned_abs(),
            remaining_s: target - elapsed,
            percent: elapsed.unsigned_abs().saturating_mul(100).checked_div(target_s).unwrap_or(100),
            state: self.state,
            level,
            met: (self.state == ClockState::Stopped).then_some(!over),
            due_at,
            breached_at: due_at.filter(|_| over),
            ever_breached: over,
        }
    }
}
