//! Comments on records.

pub(super) mod add;
pub(super) mod list;
pub(super) mod retract;

use serde_json::{Map, Value};

use super::input::Members;
use crate::domain::refusal::Refusal;

/// The reason for taking something back.
pub(super) fn reason(input: Map<String, Value>) -> Result<String, Refusal> {
    let mut members = Members::new(input);
    let reason = members.text("reason").unwrap_or_default();
    members.done()?;
    Ok(reason)
}
