//! Changing fields of a record.

use serde_json::{Map, Value};

use super::read_record::find;
use super::working::{Cause, Working};
use super::{Desk, FlowError, hooks, references, retry};
use crate::domain::record::{self, Record};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Kind};

/// Merges `patch` into the record: a field named in it is replaced, null removes it, others stay.
///
/// `expected` is the revision the caller read (If-Match); without it, the change is applied to whatever is there.
///
/// # Errors
/// Not found, not allowed, refused fields by rule, a stale revision; the database's errors.
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    patch: Map<String, Value>,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    retry::until_won(|| attempt(desk, actor, kind, number, &patch, expected, reason)).await
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    patch: &Map<String, Value>,
    expected: Option<i64>,
    reason: &str,
) -> Result<Record, FlowError> {
    let kind = &*desk.current(&actor.org, kind)?;
    let working = prepare(desk, actor, kind, number, patch, expected, reason).await?;
    commit(desk, working).await
}

/// What the change would do, as the values that would differ, before and after: everything is checked and decided as
/// if it were made, and nothing is written.
///
/// # Errors
/// As [`run`].
pub(super) async fn preview(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    patch: &Map<String, Value>,
    reason: &str,
) -> Result<(Map<String, Value>, Map<String, Value>), FlowError> {
    let working = prepare(desk, actor, kind, number, patch, None, reason).await?;
    Ok(record::difference(working.before.as_ref(), &working.record))
}

async fn prepare<'d>(
    desk: &'d Desk,
    actor: &'d Actor,
    kind: &'d Kind,
    number: &str,
    patch: &Map<String, Value>,
    expected: Option<i64>,
    reason: &str,
) -> Result<Working<'d>, FlowError> {
    let before = find(desk, &actor.org, kind, number).await?;
    hold_revision(&before, expected)?;
    let now = desk.clock.now();
    let change = record::update(kind, actor, &before, patch.clone(), now)?;
    references::check(desk, kind, Some(&before), &change.record).await?;
    let mut working = Working::new(desk, kind, actor, Cause::Update, now, Some(before), change.record);
    reason.clone_into(&mut working.reason);
    hooks::run(&mut working).await?;
    Ok(working)
}

/// Goes through everything that the change would go through, and writes nothing.
///
/// # Errors
/// As [`run`].
pub async fn check(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    patch: Map<String, Value>,
) -> Result<(), FlowError> {
    let before = find(desk, &actor.org, kind, number).await?;
    let now = desk.clock.now();
    let change = record::update(kind, actor, &before, patch, now)?;
    references::check(desk, kind, Some(&before), &change.record).await?;
    let mut working = Working::new(desk, kind, actor, Cause::Update, now, Some(before), change.record);
    hooks::run(&mut working).await
}

/// Refuses when the caller worked from another revision than the stored one.
pub(super) fn hold_revision(record: &Record, expected: Option<i64>) -> Result<(), Refusal> {
    match expected {
        Some(revision) if revision != record.revision => Err(Refusal::stale(format!(
            "{} is at revision {}, you worked from {revision}; read it again",
            record.number, record.revision
        ))),
        _ => Ok(()),
    }
}

/// Writes the unit and gives the record as it is stored now.
pub(super) async fn commit(desk: &Desk, working: Working<'_>) -> Result<Record, FlowError> {
    // What is not written stays as it was.
    let mut record = working.before.clone().unwrap_or_else(|| working.record.clone());
    let unit = working.into_unit();
    if let Some(written) = unit.records.iter().rfind(|w| w.record.id == record.id) {
        record = written.record.clone();
    }
    desk.commit(unit).await?;
    Ok(record)
}
