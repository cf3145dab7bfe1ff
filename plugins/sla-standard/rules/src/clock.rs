//! Where do the clocks of a ticket stand?

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{Clock, ClockOutcome, ClockRequest, ClockState, Level, Thresholds};
use mortise_sdk::types::{Instant, Milestone};

use crate::explain::explain;
use crate::priority;
use crate::promise::{Promise, Promises};
use crate::service::{LAST, Service, Services};
use crate::settings::Settings;
use crate::span::{Cut, Span};
use crate::ticket::{Segment, no_history, pauses, segments};

/// Measures the response clock and the resolution clock of a ticket.
///
/// # Errors
/// `no-history`, `unknown-priority`, `no-target`, `invalid-target`,
/// `invalid-interval` for a pause that ends before it starts, and those of calendars.
pub(crate) fn clock(request: &ClockRequest, settings: &Settings) -> Answer<ClockOutcome> {
    let ticket = &request.ticket;
    let (now, opened) = (request.now.0, ticket.opened_at.0);
    let matrix = request.matrix.as_ref().unwrap_or(&settings.matrix);
    let segments = segments(ticket, matrix, now.max(opened))?;
    let current = *segments.last().ok_or_else(no_history)?;

    let past = |stop: Option<Instant>| stop.map(|stop| stop.0).filter(|stop| *stop <= now);
    let (responded, restored) = (past(ticket.responded_at), past(ticket.restored_at));
    let pauses = pauses(&ticket.pauses, opened, restored.unwrap_or(now))?;
    let waiting = ticket.pauses.iter();
    let waiting = waiting.filter(|pause| pause.from.0 <= now).any(|pause| pause.to.is_none_or(|to| now < to.0));

    let mut judge = Judge {
        now,
        opened,
        segments: &segments,
        promises: Promises { targets: request.targets.as_ref(), settings },
        services: Services::new(&request.calendars),
        thresholds: request.warn_pct.unwrap_or_else(|| settings.thresholds()),
        horizon_s: i64::from(settings.horizon_days) * mortise_sdk::types::time::DAY_S,
        milestones: Vec::new(),
    };
    let response = judge.measure(Goal::Response, responded, &[], false)?;
    let resolution = judge.measure(Goal::Resolution, restored, &pauses, waiting)?;

    let mut reasons = Vec::with_capacity(8);
    reasons.push(priority::reason(current.priority, current.impact, current.urgency));
    if segments.len() > 1 {
        let changed = "Time used before a change of priority is kept.";
        reasons.push(
            Reason::new("priority-changed", changed)
                .with("changes", segments.len() - 1)
                .with("last_at", Instant(current.from)),
        );
    }
    explain(&mut reasons, "response", &response, &segments);
    if !pauses.is_empty() {
        let paused_s: i64 = pauses.iter().map(|pause| pause.seconds()).sum();
        let paused = "Waiting for the customer does not count for resolution.";
        reasons.push(Reason::new("paused", paused).with("paused_s", paused_s));
    }
    explain(&mut reasons, "resolution", &resolution, &segments);
    Ok(Decided {
        milestones: judge.milestones,
        outcome: ClockOutcome {
            priority: current.priority.to_owned(),
            response: response.clock,
            resolution: resolution.clock,
        },
        reasons,
    })
}

/// A clock and by what it was measured.
pub(crate) struct Measured<'a> {
    pub(crate) clock: Clock,
    pub(crate) promise: Promise<'a>,
}

/// Which of the two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    Response,
    Resolution,
}

/// What both clocks of a ticket are judged by.
struct Judge<'a> {
    now: i64,
    opened: i64,
    segments: &'a [Segment<'a>],
    promises: Promises<'a>,
    services: Services<'a>,
    thresholds: Thresholds,
    horizon_s: i64,
    /// The marks that running clocks have still to reach.
    milestones: Vec<Milestone>,
}

impl<'a> Judge<'a> {
    /// Measures one clock. `pauses` end no later than the clock is judged;
    /// `waiting` says whether the ticket is paused now.
    fn measure(
        &mut self,
        goal: Goal,
        stop: Option<i64>,
        pauses: &[Span],
        waiting: bool,
    ) -> Result<Measured<'a>, Refusal> {
        let end = stop.unwrap_or(self.now).max(self.opened);
        let count = self.segments.partition_point(|segment| segment.from <= end);
        let state = match stop {
            Some(_) => ClockState::Stopped,
            None if waiting => ClockState::Paused,
            None => ClockState::Running,
        };
        let mut run = Run { elapsed: 0, breached_at: None, pauses: Cut::new(pauses) };
        let Some((last, earlier)) = self.segments[..count].split_last() else {
            return Err(no_history());
        };
        for (segment, next) in earlier.iter().zip(&self.segments[1..]) {
            self.step(&mut run, goal, segment, next.from)?;
        }
        let Step { promise, target, reached } = self.step(&mut run, goal, last, end)?;
        let due_at = match reached {
            Some(reached) => Some(reached),
            None if state == ClockState::Paused => None,
            None => self.look_ahead(goal, state, promise, target, run.elapsed, end)?,
        };
        let clock = Clock {
            target_s: target.unsigned_abs(),
            elapsed_s: run.elapsed.unsigned_abs(),
            remaining_s: target - run.elapsed,
            percent: percent(run.elapsed, target),
            state,
            level: level(run.elapsed, target, self.thresholds),
            met: stop.map(|_| run.elapsed <= target),
            due_at: due_at.map(Instant),
            breached_at: run.breached_at.map(Instant),
            ever_breached: run.breached_at.is_some(),
        };
        Ok(Measured { clock, promise })
    }

    /// Takes a run through one segment.
    fn step(&mut self, run: &mut Run<'_>, goal: Goal, segment: &Segment<'a>, to: i64) -> Result<Step<'a>, Refusal> {
        let promise = self.promises.get(segment.priority)?;
        let target_s = match goal {
            Goal::Response => promise.response_s,
            Goal::Resolution => promise.resolution_s,
        };
        // At most 2^53, checked where it was looked up.
        let target = target_s as i64;
        let need = target - run.elapsed;
        let mut reached = (need <= 0).then_some(segment.from);
        let mut used = 0;
        let service = self.services.get(promise.calendar)?;
        for span in service.within(segment.from, to)? {
            run.pauses.each(span, |piece| {
                if reached.is_none() && used + piece.seconds() >= need {
                    reached = Some(piece.from + need - used);
                }
                used += piece.seconds();
            });
        }
        run.elapsed += used;
        if run.elapsed > target && run.breached_at.is_none() {
            run.breached_at = reached;
        }
        Ok(Step { promise, target, reached })
    }

    /// When will a clock that is not at its target reach it? Notes what a
    /// running clock has still to reach on the way.
    fn look_ahead(
        &mut self,
        goal: Goal,
        state: ClockState,
        promise: Promise<'a>,
        target: i64,
        elapsed: i64,
        from: i64,
    ) -> Result<Option<i64>, Refusal> {
        let to = from.saturating_add(self.horizon_s).min(LAST + 1);
        let stretch = Span { from, to };
        let service = self.services.get(promise.calendar)?;
        if state != ClockState::Running {
            let [due] = reach(service, stretch, [target - elapsed])?;
            return Ok(due);
        }
        let Thresholds { warning, critical } = self.thresholds;
        let needs = [warning, critical, 100].map(|pct| mark(target, pct) - elapsed);
        let found = reach(service, stretch, needs)?;
        let names = match goal {
            Goal::Response => ["response.warning", "response.critical", "response.due"],
            Goal::Resolution => ["resolution.warning", "resolution.critical", "resolution.due"],
        };
        for ((name, at), need) in names.into_iter().zip(found).zip(needs) {
            // What lies behind is no milestone, nor is what lies beyond the target.
            if let Some(at) = at.filter(|_| (1..=target - elapsed).contains(&need)) {
                self.milestones.push(Milestone { name: name.to_owned(), at: Instant(at) });
            }
        }
        let [.., due] = found;
        Ok(due)
    }
}

/// A clock on its way through the segments.
struct Run<'a> {
    elapsed: i64,
    breached_at: Option<i64>,
    /// The pauses that are still to come.
    pauses: Cut<'a>,
}

/// What a run met in one segment.
struct Step<'a> {
    promise: Promise<'a>,
    target: i64,
    /// Earliest instant of the segment at which elapsed was at the target.
    reached: Option<i64>,
}

/// The earliest instants of a stretch at which its service time reaches each
/// of the needs; its start for a need that is not positive.
fn reach<const N: usize>(service: &Service<'_>, stretch: Span, needs: [i64; N]) -> Result<[Option<i64>; N], Refusal> {
    let mut found = needs.map(|need| (need <= 0).then_some(stretch.from));
    let mut used = 0;
    for span in service.within(stretch.from, stretch.to)? {
        for (at, need) in found.iter_mut().zip(needs) {
            if at.is_none() && used + span.seconds() >= need {
                *at = Some(span.from + need - used);
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
        used += span.seconds();
    }
    Ok(found)
}

/// The seconds from which a percentage of the target is used.
fn mark(target: i64, pct: u32) -> i64 {
    let hundredths = i128::from(target) * i128::from(pct);
    i64::try_from((hundredths + 99) / 100).unwrap_or(i64::MAX)
}

/// Rounded down. A target of nothing is used up from the start.
fn percent(elapsed: i64, target: i64) -> u64 {
    if target == 0 {
        return 100;
    }
    (i128::from(elapsed) * 100 / i128::from(target)) as u64
}

fn level(elapsed: i64, target: i64, thresholds: Thresholds) -> Level {
    if elapsed > target {
        Level::Breached
    } else if elapsed >= mark(target, thresholds.critical) {
        Level::Critical
    } else if elapsed >= mark(target, thresholds.warning) {
        Level::Warning
    } else {
        Level::Ok
    }
}
