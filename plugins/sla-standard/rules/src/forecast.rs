//! Where will the clocks of a ticket stand if nobody answers and nothing is restored?

use mortise_sdk::prelude::*;
use mortise_sdk::types::Instant;
use mortise_sdk::types::sla::{
    Assessment, Assumption, Clock, ClockRequest, ClockState, ForecastOutcome, ForecastRequest, Level, Outlook, Pause,
};

use crate::clock::clock;
use crate::settings::Settings;
use crate::ticket::no_history;

/// Instants of one forecast at the most, as the contract says.
const MOST_INSTANTS: usize = 64;

/// Judges the clocks at later instants, from what is known now and what is assumed.
///
/// # Errors
/// Those of [`clock`], `invalid-instants` and `invalid-assumption`.
pub(crate) fn forecast(request: &ForecastRequest, settings: &Settings) -> Answer<ForecastOutcome> {
    let now = request.clocks.now;
    check(request)?;
    let mut ahead = as_of_now(&request.clocks);
    assume(&mut ahead, &request.assume)?;

    let mut outlooks = Vec::with_capacity(request.at.len());
    for at in &request.at {
        ahead.now = *at;
        let clocks = clock(&ahead, settings)?.outcome;
        outlooks.push(Outlook {
            at: *at,
            priority: clocks.priority,
            response: clocks.response,
            resolution: clocks.resolution,
        });
    }

    // While a ticket waits no due instant is known: it is asked for when the waiting ends.
    let waits_until = ahead.ticket.pauses.iter().filter_map(|pause| pause.to).filter(|to| *to > now).max();
    ahead.now = now;
    let response = clock(&ahead, settings)?.outcome.response;
    ahead.now = waits_until.unwrap_or(now);
    let then = clock(&ahead, settings)?.outcome;
    let respond_by = last_chance(&response, now);
    let restore_by = last_chance(&then.resolution, now);

    let mut reasons = Vec::with_capacity(4);
    if let Some(assessment) = ahead.ticket.history.last().filter(|_| assumes_priority(&request.assume)) {
        reasons.push(
            Reason::new("assumed-priority", "Impact and urgency are assumed to be these from now on.")
                .with("impact", assessment.impact)
                .with("urgency", assessment.urgency)
                .with("priority", &then.priority),
        );
    }
    if let Some(until) = request.assume.paused_until {
        reasons.push(
            Reason::new("assumed-pause", "The ticket is assumed to wait for the customer until then.")
                .with("until", until),
        );
    }
    let of = |pick: fn(&Outlook) -> &Clock| outlooks.iter().map(move |outlook| (outlook.at, pick(outlook)));
    reasons.push(reason("response", &response, respond_by, of(|outlook| &outlook.response)));
    reasons.push(reason("resolution", &then.resolution, restore_by, of(|outlook| &outlook.resolution)));
    Ok(Decided::new(ForecastOutcome { outlooks, respond_by, restore_by }, reasons))
}

fn assumes_priority(assumption: &Assumption) -> bool {
    assumption.impact.is_some() || assumption.urgency.is_some()
}

fn check(request: &ForecastRequest) -> Result<(), Refusal> {
    let invalid = |message: String| Err(Refusal::invalid_request("invalid-instants", message));
    if request.at.is_empty() || request.at.len() > MOST_INSTANTS {
        return invalid(format!("{} instants; 1 to {MOST_INSTANTS} can be asked for", request.at.len()));
    }
    if !request.at.is_sorted_by(|a, b| a < b) {
        return invalid("the instants are not ascending".to_owned());
    }
    if request.at[0] < request.clocks.now {
        return invalid("the first instant lies before the judgement".to_owned());
    }
    match request.assume.paused_until {
        Some(until) if until <= request.clocks.now => Err(Refusal::invalid_request(
            "invalid-assumption",
            "the ticket cannot wait until an instant that is not after the judgement",
        )),
        _ => Ok(()),
    }
}

/// The ticket without what the request says of the time after `now`: it has not happened yet, and would count once
/// a later instant is judged. When a pause ends is a plan, and stays.
fn as_of_now(request: &ClockRequest) -> ClockRequest {
    let now = request.now;
    let mut request = request.clone();
    let ticket = &mut request.ticket;
    ticket.responded_at = ticket.responded_at.filter(|at| *at <= now);
    ticket.restored_at = ticket.restored_at.filter(|at| *at <= now);
    let opening = ticket.history.iter().map(|entry| entry.at).min();
    // The first assessment counts from the opening, whenever it was made.
    ticket.history.retain(|entry| entry.at <= now || Some(entry.at) == opening);
    ticket.history.sort_by_key(|entry| entry.at);
    ticket.pauses.retain(|pause| pause.from <= now);
    request
}

fn assume(request: &mut ClockRequest, assumption: &Assumption) -> Result<(), Refusal> {
    let now = request.now;
    let ticket = &mut request.ticket;
    if assumes_priority(assumption) {
        let last = *ticket.history.last().ok_or_else(no_history)?;
        let (impact, urgency) = (assumption.impact.unwrap_or(last.impact), assumption.urgency.unwrap_or(last.urgency));
        ticket.history.push(Assessment { at: now.max(last.at), impact, urgency });
    }
    if let Some(until) = assumption.paused_until {
        for pause in ticket.pauses.iter_mut().filter(|pause| pause.to.is_none()) {
            pause.to = Some(until);
        }
        ticket.pauses.push(Pause { from: now, to: Some(until) });
    }
    Ok(())
}

/// Until when its goal can still be reached in time.
fn last_chance(clock: &Clock, now: Instant) -> Option<Instant> {
    let open = clock.state != ClockState::Stopped && clock.level != Level::Breached;
    clock.due_at.filter(|due| open && *due >= now)
}

/// Why a clock comes out as it does.
fn reason<'a>(
    name: &'static str,
    clock: &Clock,
    last_chance: Option<Instant>,
    mut ahead: impl Iterator<Item = (Instant, &'a Clock)>,
) -> Reason {
    let reason = match (clock.state, last_chance) {
        (ClockState::Stopped, _) => return Reason::new("reached", "Its goal is reached.").with("clock", name),
        (_, Some(by)) => Reason::new("in-time-until", "Its target is kept until then.").with("by", by),
        (ClockState::Paused, None) => Reason::new("waits", "It waits for the customer, nobody knows until when."),
        (ClockState::Running, None) if clock.level == Level::Breached => {
            Reason::new("too-late", "Its target was passed.")
        }
        (ClockState::Running, None) => Reason::new("no-due", "Its target is not reached within the horizon."),
    };
    let reason = reason.with("clock", name);
    match ahead.find(|(_, clock)| clock.level == Level::Breached) {
        Some((at, _)) => reason.with("breached_as_of", at),
        None => reason,
    }
}
