//! Outcomes of service level calculation (guide, section 3.1).

use mortise_types::Instant;
use mortise_types::sla::{
    AvailabilityOutcome, AvailabilityRequest, ChainOutcome, ChainRequest, Clock, ClockOutcome, ClockRequest,
    ClockState, ForecastOutcome, ForecastRequest, Level, Matrix, Outcome, Request, ServiceTimeOutcome,
    ServiceTimeRequest,
};

use super::{OTHER_OPERATION, ensure, writable};

pub(super) fn check(request: &Request, outcome: &Outcome) -> Result<(), String> {
    match (request, outcome) {
        (Request::Clock(request), Outcome::Clock(outcome)) => clocks(request, outcome),
        (Request::Availability(request), Outcome::Availability(outcome)) => availability(request, outcome),
        (Request::ServiceTime(request), Outcome::ServiceTime(outcome)) => service_time(request, outcome),
        (Request::Chain(request), Outcome::Chain(outcome)) => chain(request, outcome),
        (Request::Priority(request), Outcome::Priority(outcome)) => {
            let known = request.matrix.as_ref().is_none_or(|matrix| in_matrix(matrix, &outcome.priority));
            priority(&outcome.priority, known)
        }
        (Request::Forecast(request), Outcome::Forecast(outcome)) => forecast(request, outcome),
        _ => Err(OTHER_OPERATION.to_owned()),
    }
}

fn in_matrix(matrix: &Matrix, priority: &str) -> bool {
    matrix.values().flat_map(|row| row.values()).any(|cell| cell == priority)
}

/// Where the request says which priorities there are, the outcome names one of them.
fn priority(name: &str, known: bool) -> Result<(), String> {
    ensure(!name.is_empty(), || "`priority` is empty".to_owned())?;
    ensure(known, || format!("`priority` is {name:?}, which the request does not know"))
}

fn clocks(request: &ClockRequest, outcome: &ClockOutcome) -> Result<(), String> {
    priority(&outcome.priority, is_known(request, &outcome.priority))?;
    clock("response", request, request.now, &outcome.response)?;
    clock("resolution", request, request.now, &outcome.resolution)
}

fn is_known(request: &ClockRequest, priority: &str) -> bool {
    match (&request.matrix, &request.targets) {
        (None, None) => true,
        (matrix, targets) => {
            matrix.as_ref().is_some_and(|matrix| in_matrix(matrix, priority))
                || targets.as_ref().is_some_and(|targets| targets.contains_key(priority))
        }
    }
}

/// The clocks at each instant are as those of a judgement then, and what is said of the last chance lies ahead.
fn forecast(request: &ForecastRequest, outcome: &ForecastOutcome) -> Result<(), String> {
    ensure(outcome.outlooks.len() == request.at.len(), || {
        format!("{} outlooks for {} instants", outcome.outlooks.len(), request.at.len())
    })?;
    for (i, (outlook, at)) in outcome.outlooks.iter().zip(&request.at).enumerate() {
        ensure(outlook.at == *at, || format!("`outlooks[{i}].at` is not the instant asked for"))?;
        priority(&outlook.priority, is_known(&request.clocks, &outlook.priority))?;
        clock(&format!("outlooks[{i}].response"), &request.clocks, *at, &outlook.response)?;
        clock(&format!("outlooks[{i}].resolution"), &request.clocks, *at, &outlook.resolution)?;
    }
    for (name, by) in [("respond_by", outcome.respond_by), ("restore_by", outcome.restore_by)] {
        ensure(by.is_none_or(|by| by >= request.clocks.now && writable(by)), || {
            format!("`{name}` lies before the judgement or outside the years 0 to 9999")
        })?;
    }
    Ok(())
}

fn clock(name: &str, request: &ClockRequest, now: Instant, clock: &Clock) -> Result<(), String> {
    let (target, elapsed) = (i128::from(clock.target_s), i128::from(clock.elapsed_s));
    let age = (i128::from(now.0) - i128::from(request.ticket.opened_at.0)).max(0);
    ensure(elapsed <= age, || {
        format!("`{name}.elapsed_s` is {elapsed}, more than the {age} s since the ticket was opened")
    })?;
    ensure(i128::from(clock.remaining_s) == target - elapsed, || {
        format!("`{name}.remaining_s` is {}, not target minus elapsed", clock.remaining_s)
    })?;
    let percent = (100 * elapsed).checked_div(target);
    ensure(percent.is_none_or(|percent| percent == i128::from(clock.percent)), || {
        format!("`{name}.percent` is {}, not elapsed as a share of the target", clock.percent)
    })?;
    ensure((clock.level == Level::Breached) == (elapsed > target), || {
        format!("`{name}.level` contradicts {elapsed} s of {target} s")
    })?;
    ensure(clock.met.is_some() == (clock.state == ClockState::Stopped), || {
        format!("`{name}.met` is given if and only if the clock is stopped")
    })?;
    ensure(clock.met != Some(true) || clock.level != Level::Breached, || {
        format!("`{name}.met` is true although the clock is breached")
    })?;
    ensure(clock.met != Some(false) || clock.ever_breached, || {
        format!("`{name}.met` is false although the target was never passed")
    })?;
    ensure(clock.level != Level::Breached || clock.ever_breached, || {
        format!("`{name}.ever_breached` is false although the clock is breached")
    })?;
    ensure(clock.breached_at.is_some() == clock.ever_breached, || {
        format!("`{name}.breached_at` is given if and only if `ever_breached`")
    })?;
    let lifetime = request.ticket.opened_at..=now;
    ensure(clock.breached_at.is_none_or(|at| lifetime.contains(&at)), || {
        format!("`{name}.breached_at` lies before the ticket was opened or in the future")
    })?;
    ensure(clock.due_at.is_none_or(writable), || format!("`{name}.due_at` lies outside the years 0 to 9999"))
}

fn availability(request: &AvailabilityRequest, outcome: &AvailabilityOutcome) -> Result<(), String> {
    let (agreed, down) = (i128::from(outcome.agreed_s), i128::from(outcome.down_s));
    let period = length(request.period.from, request.period.to);
    ensure(agreed <= period, || format!("`agreed_s` is {agreed}, the period has {period} s"))?;
    ensure(down <= agreed, || format!("`down_s` is {down}, of {agreed} s agreed"))?;
    if agreed == 0 {
        return ensure(outcome.availability_milli_pct.is_none() && outcome.met.is_none(), || {
            "there is no availability without agreed service time".to_owned()
        });
    }
    let up = (agreed - down) * 100_000;
    let rounded = (2 * up + agreed) / (2 * agreed);
    ensure(outcome.availability_milli_pct.map(i128::from) == Some(rounded), || {
        format!("`availability_milli_pct` is not {rounded}, the share of {down} s down in {agreed} s")
    })?;
    let met = up >= i128::from(request.target_milli_pct) * agreed;
    ensure(outcome.met == Some(met), || format!("`met` is not {met}, as the exact share is"))
}

fn service_time(request: &ServiceTimeRequest, outcome: &ServiceTimeOutcome) -> Result<(), String> {
    let mut after = request.from;
    let mut total = 0;
    for (i, interval) in outcome.intervals.iter().enumerate() {
        let in_order = after <= interval.from && interval.from < interval.to;
        ensure(in_order && interval.to <= request.to, || {
            format!("`intervals[{i}]` is empty, out of order or outside the period")
        })?;
        total += length(interval.from, interval.to);
        after = interval.to;
    }
    ensure(i128::from(outcome.service_s) == total, || {
        format!("`service_s` is {}, the intervals have {total} s", outcome.service_s)
    })
}

fn chain(request: &ChainRequest, outcome: &ChainOutcome) -> Result<(), String> {
    let slack = i128::from(request.sla.target_s) - i128::from(outcome.committed_s);
    ensure(i128::from(outcome.slack_s) == slack, || {
        format!("`slack_s` is {}, not {slack}, target minus committed", outcome.slack_s)
    })?;
    ensure(outcome.feasible == outcome.findings.is_empty(), || {
        "`feasible` is true if and only if there is no finding".to_owned()
    })
}

fn length(from: Instant, to: Instant) -> i128 {
    (i128::from(to.0) - i128::from(from.0)).max(0)
}
