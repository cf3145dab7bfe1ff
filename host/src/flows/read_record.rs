//! Reading one record.

use super::{Desk, FlowError};
use crate::domain::access::{self, Action};
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Kind};

/// The record of `kind` with this number, if the actor may read it. Another organisation's record, or one of another
/// kind, is not there.
///
/// # Errors
/// Not found, or not allowed.
pub async fn run(desk: &Desk, actor: &Actor, kind: &Kind, number: &str) -> Result<Record, FlowError> {
    let record = find(desk, &actor.org, kind, number).await?;
    access::permit(kind, actor, Action::Read, Some(&record))?;
    Ok(record)
}

/// The record of `kind` with this number, whoever asks.
pub(super) async fn find(desk: &Desk, org: &str, kind: &Kind, number: &str) -> Result<Record, FlowError> {
    let record = desk.store.record(org, number).await?.filter(|r| r.kind == kind.slug);
    let missing = || Refusal::not_found(format!("there is no {} {number}", kind.slug));
    Ok(record.ok_or_else(missing)?)
}
