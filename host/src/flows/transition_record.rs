//! Moving a record from one state to another.

use serde_json::{Map, Value};

use super::read_record::find;
use super::update_record::{commit, hold_revision};
use super::working::{Cause, Working};
use super::{Desk, FlowError, hooks, references, retry};
use crate::domain::record::{self, Record};
use crate::domain::{Actor, Kind};

/// Takes the transition `name` from the record's present state, with the fields that go with it.
///
/// A transition that several must sign collects signatures; the state moves with the last one.
///
/// # Errors
/// Not found, not allowed, an unlisted transition, missing fields, separation of duties, a stale revision; the
/// database's errors.
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    name: &str,
    input: Map<String, Value>,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    retry::until_won(|| attempt(desk, actor, kind, number, name, &input, expected, reason)).await
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    name: &str,
    input: &Map<String, Value>,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    let before = find(desk, &actor.org, kind, number).await?;
    hold_revision(&before, expected)?;
    let now = desk.clock.now();
    let context = hooks::transition_context(&before, reason);
    let change = record::transition(kind, actor, &before, name, input.clone(), &context, now)?;
    references::check(desk, kind, Some(&before), &change.record).await?;
    let cause = Cause::Transition { from: before.state.clone(), to: change.record.state.clone() };
    let mut working = Working::new(desk, kind, actor, cause, now, Some(before), change.record);
    working.role = change.acting.to_string();
    reason.clone_into(&mut working.reason);
    hooks::run(&mut working).await?;
    commit(desk, working).await
}
