//! Where do the clocks of a ticket stand?

use mortise_sdk::prelude::*;
use mortise_sdk::types::{Instant, Milestone};
use mortise_sdk::types::sla::{
    Clock, ClockOutcome, ClockRequest, ClockState, Level, Matrix, Pause, Targets, Thresholds,
    Ticket,
};

use super::priority::{lookup, reason};
use super::service::{LAST, Service, Services};
use super::span::{Cut, Span, merge};
use crate::settings::{Profile, Settings};

/// The calendar and targets of the baseline profile (guide, section 3.1).
const BASELINE: Promise<'static> = Promise {
    response_s: 1800,
    resolution_s: 14_400,
    calendar: "24x7",
};

/// The largest target, that of the contract's integers.
const LARGEST_S: u64 = 1 << 53;

/// Measures the response clock and the resolution clock of a ticket.
///
/// # Errors
/// `no-history`, `unknown-priority`, `no-target`, `invalid-target`,
/// `invalid-interval` for a pause that ends before it starts, and those of calendars.
pub fn clock(
    request: &ClockRequest,
    settings: &Settings,
) -> Result<Decided<ClockOutcome>, Refusal> {
    let ticket = &request.ticket;
    let now = request.now.0;
    let opened = ticket.opened_at.0;
    let matrix = request.matrix.as_ref().unwrap_or(&settings.matrix);
    let segments = segments(ticket, matrix, now.max(opened))?;
    let current = *segments.last().ok_or_else(no_history)?;

    let past = |stop: Option<Instant>| stop.map(|stop| stop.0).filter(|stop| *stop <= now);
    let (responded, restored) = (past(ticket.responded_at), past(ticket.restored_at));
    let pauses = pauses(&ticket.pauses, opened, restored.unwrap_or(now))?;
    let waiting = ticket
        .pauses
        .iter()
        .any(|pause| pause.from.0 <= now && pause.to.is_none_or(|to| now < to.0));

    let mut judge = Judge {
        now,
        opened,
        segments: &segments,
        promises: Promises {
            targets: request.targets.as_ref(),
            settings,
        },
        services: Services::new(&request.calendars),
        thresholds: request.warn_pct.unwrap_or_else(|| settings.thresholds()),
        horizon_s: i64::from(settings.horizon_days) * mortise_sdk::types::time::DAY_S,
    };
    let (response, response_promise) = judge.measure(Goal::Response, responded, &[], false)?;
    let (resolution, resolution_promise) =
        judge.measure(Goal::Resolution, restored, &pauses, waiting)?;
    let mut milestones = Vec::with_capacity(6);
    judge.milestones("response", &response, response_promise, &mut milestones)?;
    judge.milestones("resolution", &resolution, resolution_promise, &mut milestones)?;

    let mut reasons = vec![reason(current.priority, current.impact, current.urgency)];
    if segments.len() > 1 {
        reasons.push(
            Reason::new(
                "priority-changed",
                "Time used before a change of priority is kept.",
            )
            .with("changes", segments.len() - 1)
            .with("last_at", Instant(current.from)),
        );
    }
    explain(
        &mut reasons,
        "response",
        &response,
        response_promise,
        judge.opened,
        &segments,
    );
    if !pauses.is_empty() {
        let paused_s: i64 = pauses.iter().map(|pause| pause.seconds()).sum();
        reasons.push(
            Reason::new(
                "paused",
                "Waiting for the customer does not count for resolution.",
            )
            .with("paused_s", paused_s),
        );
    }
    explain(
        &mut reasons,
        "resolution",
        &resolution,
        resolution_promise,
        judge.opened,
        &segments,
    );
    let priority = current.priority.to_owned();
    let outcome = ClockOutcome {
        priority,
        response,
        resolution,
    };
    Ok(Decided {
        outcome,
        milestones,
        reasons,
    })
}

/// A stretch of a ticket's life with one priority. It ends where the next begins.
#[derive(Debug, Clone, Copy)]
struct Segment<'a> {
    from: i64,
    priority: &'a str,
    impact: u32,
    urgency: u32,
}

/// The segments up to an instant; the first begins when the ticket was opened.
///
/// A new assessment that gives the same priority is no change.
fn segments<'a>(
    ticket: &Ticket,
    matrix: &'a Matrix,
    until: i64,
) -> Result<Vec<Segment<'a>>, Refusal> {
    let mut history = ticket.history.clone();
    history.sort_by_key(|entry| entry.at);
    let mut segments = Vec::<Segment<'a>>::with_capacity(history.len());
    for entry in history {
        let from = if segments.is_empty() {
            ticket.opened_at.0
        } else {
            entry.at.0
        };
        if from > until {
            break;
        }
        let from = from.max(ticket.opened_at.0);
        let (impact, urgency) = (entry.impact, entry.urgency);
        let priority = lookup(matrix, impact, urgency)?;
        // What was replaced in the instant it began was never valid.
        segments.pop_if(|last| last.from == from);
        if segments.last().is_none_or(|last| last.priority != priority) {
            segments.push(Segment {
                from,
                priority,
                impact,
                urgency,
            });
        }
    }
    Ok(segments)
}

fn no_history() -> Refusal {
    Refusal::invalid_request(
        "no-history",
        "the ticket's history has no impact and urgency",
    )
}

/// The pauses within a stretch of time, merged.
fn pauses(pauses: &[Pause], from: i64, to: i64) -> Result<Vec<Span>, Refusal> {
    let mut spans = Vec::with_capacity(pauses.len());
    for pause in pauses {
        if pause.to.is_some_and(|end| end < pause.from) {
            return Err(Refusal::invalid_request(
                "invalid-interval",
                format!("the pause from {} ends before it starts", pause.from),
            ));
        }
        let end = pause.to.map_or(to, |end| end.0.min(to));
        spans.push(Span {
            from: pause.from.0.max(from),
            to: end,
        });
    }
    Ok(merge(spans))
}

/// What was promised for a priority.
#[derive(Debug, Clone, Copy)]
struct Promise<'a> {
    response_s: u64,
    resolution_s: u64,
    calendar: &'a str,
}

/// Finds the promise for a priority: in the request, else in the settings.
struct Promises<'a> {
    targets: Option<&'a Targets>,
    settings: &'a Settings,
}

impl<'a> Promises<'a> {
    fn get(&self, priority: &str) -> Result<Promise<'a>, Refusal> {
        let promise = match self.targets {
            Some(targets) => targets.get(priority).map(|target| Promise {
                response_s: target.response_s,
                resolution_s: target.resolution_s,
                calendar: &target.calendar,
            }),
            None if self.settings.profile == Profile::Baseline => Some(BASELINE),
            None => self.settings.targets.get(priority).map(|target| Promise {
                response_s: target.response_s,
                resolution_s: target.resolution_s,
                calendar: &target.calendar,
            }),
        };
        let promise = promise.ok_or_else(|| {
            Refusal::invalid_request("no-target", format!("there is no target for {priority}"))
        })?;
        if promise.response_s.max(promise.resolution_s) > LARGEST_S {
            return Err(Refusal::invalid_request(
                "invalid-target",
                format!("the target for {priority} is too large"),
            ));
        }
        Ok(promise)
    }
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
    ) -> Result<(Clock, Promise<'a>), Refusal> {
        let end = stop.unwrap_or(self.now).max(self.opened);
        let count = self.segments.partition_point(|segment| segment.from <= end);
        let state = match stop {
            Some(_) => ClockState::Stopped,
            None if waiting => ClockState::Paused,
            None => ClockState::Running,
        };
        let mut run = Run {
            elapsed: 0,
            breached_at: None,
            holes: Cut::new(pauses),
        };
        let Some((last, earlier)) = self.segments[..count].split_last() else {
            return Err(no_history());
        };
        for (segment, next) in earlier.iter().zip(&self.segments[1..]) {
            self.step(&mut run, goal, segment, next.from)?;
        }
        let step = self.step(&mut run, goal, last, end)?;
        let (target, elapsed) = (step.target, run.elapsed);
        let due_at = match step.reached {
            Some(reached) => Some(reached),
            None if state == ClockState::Paused => None,
            None => {
                let until = end.saturating_add(self.horizon_s).min(LAST + 1);
                let service = self.services.get(step.promise.calendar)?;
                reach(
                    service,
                    Span {
                        from: end,
                        to: until,
                    },
                    target - elapsed,
                )?
            }
        };
        let clock = Clock {
            target_s: target.unsigned_abs(),
            elapsed_s: elapsed.unsigned_abs(),
            remaining_s: target - elapsed,
            percent: percent(elapsed, target),
            state,
            level: level(elapsed, target, self.thresholds),
            met: stop.map(|_| elapsed <= target),
            due_at: due_at.map(Instant),
            breached_at: run.breached_at.map(Instant),
            ever_breached: run.breached_at.is_some(),
        };
        Ok((clock, step.promise))
    }

    /// The marks that a running clock has still to reach, from now on.
    fn milestones(
        &mut self,
        name: &str,
        clock: &Clock,
        promise: Promise<'a>,
        milestones: &mut Vec<Milestone>,
    ) -> Result<(), Refusal> {
        if clock.state != ClockState::Running {
            return Ok(());
        }
        let from = self.now.max(self.opened);
        let stretch = Span {
            from,
            to: from.saturating_add(self.horizon_s).min(LAST + 1),
        };
        let service = self.services.get(promise.calendar)?;
        for (word, pct) in [
            ("warning", self.thresholds.warning),
            ("critical", self.thresholds.critical),
            ("due", 100),
        ] {
            // Below 2^53 · 2^32, so the product needs the wider type and the quotient does not.
            let mark = (i128::from(clock.target_s) * i128::from(pct) + 99) / 100;
            let need = mark - i128::from(clock.elapsed_s);
            if pct > 100 || need <= 0 {
                continue;
            }
            if let Some(at) = reach(service, stretch, need as i64)? {
                let name = [name, ".", word].concat();
                milestones.push(Milestone {
                    name,
                    at: Instant(at),
                });
            }
        }
        Ok(())
    }

    /// Takes a run through one segment.
    fn step(
        &mut self,
        run: &mut Run<'_>,
        goal: Goal,
        segment: &Segment<'a>,
        to: i64,
    ) -> Result<Step<'a>, Refusal> {
        let promise = self.promises.get(segment.priority)?;
        let target_s = match goal {
            Goal::Response => promise.response_s,
            Goal::Resolution => promise.resolution_s,
        };
        // Below 2^53, checked where it was looked up.
        let target = target_s as i64;
        let service = self.services.get(promise.calendar)?;
        let need = target - run.elapsed;
        let mut reached = (need <= 0).then_some(segment.from);
        let mut used = 0;
        for span in service.within(segment.from, to)? {
            run.holes.each(span, |piece| {
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
        Ok(Step {
            promise,
            target,
            reached,
        })
    }
}

/// A clock on its way through the segments.
struct Run<'a> {
    elapsed: i64,
    breached_at: Option<i64>,
    /// The pauses that are still to come.
    holes: Cut<'a>,
}

/// What a run met in one segment.
struct Step<'a> {
    promise: Promise<'a>,
    target: i64,
    /// Earliest instant of the segment at which elapsed was at the target.
    reached: Option<i64>,
}

/// The earliest instant of a stretch at which its service time reaches `need`, which is positive.
fn reach(service: &Service<'_>, stretch: Span, mut need: i64) -> Result<Option<i64>, Refusal> {
    for span in service.within(stretch.from, stretch.to)? {
        if span.seconds() >= need {
            return Ok(Some(span.from + need));
        }
        need -= span.seconds();
    }
    Ok(None)
}

/// Rounded down. A target of nothing is used up from the start.
fn percent(elapsed: i64, target: i64) -> u64 {
    if target == 0 {
        return 100;
    }
    (i128::from(elapsed) * 100 / i128::from(target)) as u64
}

fn level(elapsed: i64, target: i64, thresholds: Thresholds) -> Level {
    let reaches = |pct: u32| i128::from(elapsed) * 100 >= i128::from(target) * i128::from(pct);
    if elapsed > target {
        Level::Breached
    } else if reaches(thresholds.critical) {
        Level::Critical
    } else if reaches(thresholds.warning) {
        Level::Warning
    } else {
        Level::Ok
    }
}

/// Says by what a clock was judged and how it stands.
fn explain(
    reasons: &mut Vec<Reason>,
    clock_name: &'static str,
    clock: &Clock,
    promise: Promise<'_>,
    opened: i64,
    segments: &[Segment<'_>],
) {
    let level = match clock.level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Critical => "critical",
        Level::Breached => "breached",
    };
    reasons.push(
        Reason::new(
            clock_name,
            "Service time used of the target, on the target's calendar.",
        )
        .with("level", level)
        .with("percent", clock.percent)
        .with("target_s", clock.target_s)
        .with("elapsed_s", clock.elapsed_s)
        .with("calendar", promise.calendar),
    );
    if let Some(at) = clock.breached_at {
        let raised = at.0 != opened && segments.iter().any(|segment| segment.from == at.0);
        reasons.push(if raised {
            Reason::new(
                "breached-by-raise",
                "More time was used than the new priority allows.",
            )
            .with("clock", clock_name)
        } else {
            Reason::new("breached", "The target was passed.").with("clock", clock_name)
        });
    }
}
