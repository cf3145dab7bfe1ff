//! Transitions that the host takes by itself (pseudo-role `auto`): those that follow at once are part of the same unit,
//! those that wait for a moment have a timer `auto.STATE`. Kind files say which (`when`).

mod calendar;

use serde_json::{Map, json};

use super::FlowError;
use super::working::{Cause, Working};
use crate::domain::automatic::{Automatic, Moment};
use crate::domain::kind::{Kind, Transition};
use crate::domain::record::{self, Record};
use crate::domain::refusal::Refusal;
use crate::domain::role::Actor;
use crate::domain::time::Instant;
use crate::domain::workdays::Workdays;
use crate::domain::{TransitionContext, role};

/// Names of these timers start with this; the state that the transition leads to follows.
const TIMERS: &str = "auto.";

/// Takes the transition whose timer fired. The use case then goes on as that transition.
pub(super) async fn fire(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Cause::Timer(name) = &working.cause else { return Ok(()) };
    let Some(to) = name.strip_prefix(TIMERS) else { return Ok(()) };
    let waits = dated(working.kind, &working.record.state).find(|(step, _)| step.to == to);
    // Another use case moved the record since the timer was claimed.
    let Some((step, moment)) = waits else { return Ok(()) };
    if moment.at.is_some() {
        let now = working.now;
        match due(working, moment, now).await? {
            Some(at) if at <= now => {}
            // The field that says when was changed meanwhile.
            Some(at) => {
                let name = timer(step);
                working.timer(name, at);
                return Ok(());
            }
            None => return Ok(()),
        }
    }
    match take(working.kind, &working.record, step, working.now) {
        Ok(after) => {
            working.cause = Cause::Transition { from: step.from.clone(), to: step.to.clone() };
            working.record = Record { revision: working.record.revision, ..after };
        }
        Err(refusal) => {
            let data = json!({ "transition": step.name, "rule": refusal.rule, "message": refusal.message });
            working.event("automatic.refused", data);
        }
    }
    Ok(())
}

/// Takes the next transition that follows at once, if there is one; true when the record moved.
pub(super) fn follow(working: &mut Working<'_>) -> bool {
    let follows = working
        .kind
        .transitions_from(&working.record.state)
        .filter(|step| step.when == Some(Automatic::Immediately))
        // What a transition requires may still be missing: then the record waits for it.
        .find_map(|step| take(working.kind, &working.record, step, working.now).ok());
    match follows {
        Some(after) => {
            working.step(after);
            true
        }
        None => false,
    }
}

/// Sets the timers of the state that the record is in, and clears those of the state it has left.
pub(super) async fn schedule(working: &mut Working<'_>) -> Result<(), FlowError> {
    let was = working.before.as_ref().map(|before| before.state.clone());
    let entered = was.as_ref() != Some(&working.record.state);
    if entered && was.is_some_and(|was| dated(working.kind, &was).next().is_some()) {
        working.clear_timers(TIMERS);
    }
    let kind = working.kind;
    let state = working.record.state.clone();
    for (step, moment) in dated(kind, &state) {
        let moved = moment.at.as_ref().is_some_and(|field| working.touched(&[field]));
        if !entered && !moved {
            continue;
        }
        let now = working.now;
        match due(working, moment, now).await? {
            Some(at) => working.timer(timer(step), at),
            None if !entered => working.clear_timers(&timer(step)),
            None => {}
        }
    }
    Ok(())
}

/// The record after a transition that the host takes.
pub(super) fn take(kind: &Kind, record: &Record, step: &Transition, now: Instant) -> Result<Record, Refusal> {
    let host = Actor::host(record.org.as_str());
    let reason = format!("{} by {}", step.name, role::HOST_USER);
    let context = TransitionContext { reason: Some(&reason), ..TransitionContext::default() };
    record::transition(kind, &host, record, &step.name, Map::new(), &context, now).map(|change| change.record)
}

async fn due(working: &Working<'_>, moment: &Moment, entered: Instant) -> Result<Option<Instant>, FlowError> {
    let workdays = if moment.counts_workdays() { calendar::of(working).await? } else { Workdays::default() };
    Ok(moment.of(&working.record, entered, &working.desk.policy, &workdays))
}

fn dated<'k>(kind: &'k Kind, state: &str) -> impl Iterator<Item = (&'k Transition, &'k Moment)> {
    let from = move |step: &&Transition| step.from == state;
    kind.transitions.iter().filter(from).filter_map(|step| match &step.when {
        Some(Automatic::At(moment)) => Some((step, moment)),
        _ => None,
    })
}

fn timer(step: &Transition) -> String {
    format!("{TIMERS}{}", step.to)
}
