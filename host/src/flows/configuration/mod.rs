//! Configuration management (domain guide, P21): what holds for every change of an item or service, whichever way it
//! comes in, and the questions that are answered from all items together.

pub mod audit;
pub mod baseline;
pub mod discovery;
pub mod graphs;
pub mod impact;
pub mod relations;

mod controlled;
mod dependencies;

use std::sync::Arc;

use super::working::{Cause, Working};
use super::{Desk, FlowError};
use crate::domain::Kind;
use crate::domain::refusal::Refusal;

/// Checks a record that is made or changed: its relations, and for a live item that a change allows it. Draws the
/// conclusion of an audit, and freezes what a baseline names.
pub(super) async fn check(working: &mut Working<'_>) -> Result<(), FlowError> {
    controlled::check(working).await?;
    if matches!(working.cause, Cause::Create | Cause::Update) {
        dependencies::check(working).await?;
    }
    baseline::freeze(working).await?;
    audit::conclude(working).await
}

/// The kind of configuration items.
fn item_kind(desk: &Desk, org: &str) -> Result<Arc<Kind>, Refusal> {
    let kind = desk.kinds(org).get("configuration-item").cloned();
    kind.ok_or_else(|| Refusal::not_found("this installation keeps no configuration items"))
}
