//! The access log: readings of records that are marked confidential or secret (guide, P12).
//!
//! An entry is written before what was read is given out: where it cannot be written, the reading fails, so that no
//! access is missing in the log. Readings of other records write nothing and wait for nothing.

use super::{Desk, FlowError};
use crate::domain::reading::{Access, READERS, Way, is_marked};
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Kind, Role};

/// Notes that an actor is about to be given records, as far as they are marked.
///
/// # Errors
/// When the database fails: then nothing may be given out.
pub async fn note<'r>(
    desk: &Desk,
    actor: &Actor,
    records: impl IntoIterator<Item = &'r Record>,
    way: Way,
) -> Result<(), FlowError> {
    let marked = records.into_iter().filter(|record| is_marked(record));
    let now = desk.clock.now();
    let entries: Vec<Access> = marked
        .map(|record| Access {
            id: desk.clock.id(),
            number: record.number.clone(),
            at: now,
            user: actor.user.clone(),
            role: actor.staff_role().unwrap_or(Role::Cus).to_string(),
            action: way.as_str().to_owned(),
        })
        .collect();
    if entries.is_empty() || actor.auto {
        return Ok(());
    }
    Ok(desk.store.note_accesses(&actor.org, entries).await?)
}

/// Who has read a record, the newest first: entries before one of them.
///
/// # Errors
/// Not allowed; no such record; the database's errors.
pub async fn list(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Access>, FlowError> {
    if !READERS.iter().any(|role| actor.has(*role)) {
        let roles = READERS.map(Role::code).join(", ");
        let message = format!("to see who has read a record takes one of the roles {roles}");
        return Err(Refusal::forbidden(rule::ROLE, message).into());
    }
    let record = super::read_record::find(desk, &actor.org, kind, number).await?;
    Ok(desk.store.accesses(&actor.org, &record.number, before, limit).await?)
}
