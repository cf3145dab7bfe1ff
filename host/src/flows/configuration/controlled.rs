//! What a live item is changes only through an approved change (guide, P21).

use crate::domain::refusal::Refusal;
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

/// States of a change that lets its items be edited: it is approved, and not done yet.
const ALLOWS: [&str; 3] = ["approved", "scheduled", "implementing"];

/// Refuses an edit of a live item's controlled fields that no approved change allows. The change that does allows it
/// is named in the reason of the audit entry: an edit of such a field without one is an unauthorised change.
pub(super) async fn check(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Some(before) = &working.before else { return Ok(()) };
    let state = before.state.as_str();
    if working.kind.slug != "configuration-item"
        || working.cause != Cause::Update
        || !matches!(state, "live" | "in_change")
    {
        return Ok(());
    }
    let controlled = &working.desk.policy.configuration.controlled;
    let Some(field) = controlled.iter().find(|name| working.touched(&[name.as_str()])) else { return Ok(()) };
    let record = &working.record;
    let changes = working.desk.store.naming(&record.org, "change", &ALLOWS, "cis", &record.number).await?;
    let Some((change, revision)) = changes.into_iter().min() else {
        let message = format!(
            "{field} of {} changes only through an approved change, because the item is {state}; no change that names \
             it in cis is approved, scheduled or being implemented",
            record.number
        );
        return Err(Refusal::conflict("approved-change", message).about(field.as_str()).into());
    };
    working.reason = match working.reason.as_str() {
        "" => change.clone(),
        reason => format!("{reason} ({change})"),
    };
    // If the change is withdrawn meanwhile, the edit starts over and is refused.
    working.held.push((change, revision));
    Ok(())
}
