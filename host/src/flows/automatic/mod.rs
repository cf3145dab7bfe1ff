//! What the host does by itself with a record: transitions of the pseudo-role `auto`, reminders, and records that it
//! makes because of others. Kind files say what and when.
//!
//! What follows at once is part of the same unit. What waits for a moment has a timer: `auto.STATE` for a transition,
//! `remind.NAME` for a reminder, `make.NAME.N` for the N-th record made.

mod answered;
mod calendar;
mod made;
mod replaced;
mod schedule;
mod waiting;

use serde_json::{Map, json};

use super::working::{Cause, Working};
use super::{FlowError, rules};
use crate::domain::automatic::Automatic;
use crate::domain::kind::{Happening, Kind, Transition};
use crate::domain::record::{self, Record};
use crate::domain::refusal::Refusal;
use crate::domain::role::Actor;
use crate::domain::time::Instant;
use crate::domain::{TransitionContext, role};

pub(super) use answered::answered;
pub(super) use made::build;
pub(super) use made::entered as make;
pub(super) use replaced::run as replace;
pub(super) use schedule::all as schedule;
pub(super) use waiting::run as wake;

/// Does what the timer that fired stands for. After a transition the use case goes on as that transition.
pub(super) async fn fire(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Cause::Timer(name) = working.cause.clone() else { return Ok(()) };
    if let Some(to) = name.strip_prefix(schedule::TRANSITIONS) {
        transition(working, to).await
    } else if let Some(reminder) = name.strip_prefix(schedule::REMINDERS) {
        remind(working, reminder);
        Ok(())
    } else if let Some(rest) = name.strip_prefix(schedule::MAKES) {
        made::due(working, rest).await
    } else {
        Ok(())
    }
}

async fn transition(working: &mut Working<'_>, to: &str) -> Result<(), FlowError> {
    let kind = working.kind;
    let state = working.record.state.clone();
    // Another use case moved the record since the timer was claimed.
    let Some(step) = schedule::timed(kind, &state).into_iter().find(|step| step.to == to) else { return Ok(()) };
    if !matches!(&step.when, Some(Automatic::At(moment)) if moment.at.is_none()) {
        match schedule::due(working.desk, kind, step, &working.record, working.now).await? {
            Some(at) if at <= working.now => {}
            // What says when was changed meanwhile.
            Some(at) => {
                let name = schedule::of_transition(step);
                working.timer(name, at);
                return Ok(());
            }
            None => return Ok(()),
        }
    }
    made::first(working, &step.to).await?;
    match allowed(working, step).await? {
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

fn remind(working: &mut Working<'_>, name: &str) {
    let here = |r: &&crate::domain::kind::Reminder| r.name == name && r.states.contains(&working.record.state);
    let Some(reminder) = working.kind.reminders.iter().find(here) else { return };
    let prefix = working.kind.prefix.to_lowercase();
    let data = json!({
        "message": reminder.message,
        "state": working.record.state,
        "owner": working.record.owner,
        "source": reminder.source,
    });
    working.event(format!("record.{prefix}.reminder.{name}"), data);
    if let Some(days) = reminder.every {
        let next = working.now.plus(i64::from(days) * 86_400_000);
        working.timer(schedule::of_reminder(reminder), next);
    }
}

/// Takes the next transition that follows at once, if there is one; true when the record moved.
pub(super) async fn follow(working: &mut Working<'_>) -> Result<bool, FlowError> {
    let kind = working.kind;
    let state = working.record.state.clone();
    let at_once = |step: &&Transition| step.when == Some(Automatic::Immediately);
    let steps: Vec<&Transition> = kind.transitions_from(&state).filter(at_once).collect();
    for step in steps {
        // What the transition requires may still be missing: then the record waits for it.
        if let Ok(after) = allowed(working, step).await? {
            working.step(after);
            return Ok(true);
        }
    }
    Ok(false)
}

/// The record after a transition that the host takes, if roles, fields and rules allow it.
async fn allowed(working: &mut Working<'_>, step: &Transition) -> Result<Result<Record, Refusal>, FlowError> {
    let (desk, kind, now) = (working.desk, working.kind, working.now);
    let mut after = match take(kind, &working.record, step, now) {
        Ok(after) => after,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let host = Actor::host(after.org.as_str());
    let mut held = Vec::new();
    rules::work_out(desk, kind, &host, &mut after, now, &mut held).await?;
    let before = Some(&working.record);
    let seen = rules::Seen { desk, kind, actor: &host, before, record: &after, now };
    let answer = rules::look(&seen, Happening::Transition(&step.from, &step.to), &mut held).await?;
    working.hold(held);
    Ok(answer.map(|()| after))
}

/// The record after a transition that the host takes, as far as the record itself allows it.
pub(super) fn take(kind: &Kind, record: &Record, step: &Transition, now: Instant) -> Result<Record, Refusal> {
    let host = Actor::host(record.org.as_str());
    let reason = format!("{} by {}", step.name, role::HOST_USER);
    let context = TransitionContext { reason: Some(&reason), ..TransitionContext::default() };
    record::transition(kind, &host, record, &step.name, Map::new(), &context, now).map(|change| change.record)
}
