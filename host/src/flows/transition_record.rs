//! Moving a record from one state to another.

use serde_json::{Map, Value};

use super::read_record::find;
use super::update_record::{commit, hold_revision};
use super::working::{Cause, Working};
use super::{Desk, FlowError, hooks, references, retry};
use crate::domain::kind::Transition;
use crate::domain::record::{self, Record};
use crate::domain::{Actor, Kind, lifecycle};

/// A step that somebody wants to take.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// Name of the transition from the record's present state.
    pub name: &'a str,
    /// Fields that go with it.
    pub input: Map<String, Value>,
    /// The revision the caller read (If-Match); without it, the step is taken from whatever is there.
    pub expected: Option<i64>,
    /// Why; some transitions ask for it.
    pub reason: &'a str,
}

/// Takes a transition from the record's present state.
///
/// A transition that several must sign collects signatures; the state moves with the last one.
///
/// # Errors
/// Not found, not allowed, an unlisted transition, missing fields, separation of duties, a stale revision; the
/// database's errors.
pub async fn run(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, step: Step<'_>) -> Result<Record, FlowError> {
    retry::until_won(|| attempt(desk, actor, kind, number, &step)).await
}

/// The transitions that the actor may take from the record's present state, its decision's approvers considered.
pub fn available<'k>(kind: &'k Kind, actor: &Actor, record: &Record) -> Vec<&'k Transition> {
    let route = hooks::route(kind, record);
    lifecycle::available(kind, actor, record, &hooks::transition_context(&route, ""))
}

async fn attempt(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, step: &Step<'_>) -> Result<Record, FlowError> {
    let kind = &*desk.current(&actor.org, kind)?;
    let working = prepare(desk, actor, kind, number, step).await?;
    commit(desk, working).await
}

/// What the step would do, as the values that would differ, before and after: everything is checked and decided as if
/// it were taken, and nothing is written.
///
/// # Errors
/// As [`run`].
pub(super) async fn preview(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    step: &Step<'_>,
) -> Result<(Map<String, Value>, Map<String, Value>), FlowError> {
    let working = prepare(desk, actor, kind, number, step).await?;
    Ok(record::difference(working.before.as_ref(), &working.record))
}

/// The step, checked and decided, with everything that follows from it; nothing is written yet.
pub(super) async fn prepare<'d>(
    desk: &'d Desk,
    actor: &'d Actor,
    kind: &'d Kind,
    number: &str,
    step: &Step<'_>,
) -> Result<Working<'d>, FlowError> {
    let before = find(desk, &actor.org, kind, number).await?;
    let mut working = begin(desk, actor, kind, before, step).await?;
    hooks::run(&mut working).await?;
    Ok(working)
}

/// The step, checked; nothing is decided yet.
pub(super) async fn begin<'d>(
    desk: &'d Desk,
    actor: &'d Actor,
    kind: &'d Kind,
    before: Record,
    step: &Step<'_>,
) -> Result<Working<'d>, FlowError> {
    hold_revision(&before, step.expected)?;
    let now = desk.clock.now();
    let route = hooks::route(kind, &before);
    let context = hooks::transition_context(&route, step.reason);
    let change = record::transition(kind, actor, &before, step.name, step.input.clone(), &context, now)?;
    references::check(desk, kind, Some(&before), &change.record).await?;
    let cause = Cause::Transition { from: before.state.clone(), to: change.record.state.clone() };
    let mut working = Working::new(desk, kind, actor, cause, now, Some(before), change.record);
    working.role = change.acting.to_string();
    step.reason.clone_into(&mut working.reason);
    Ok(working)
}
