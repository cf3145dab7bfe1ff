//! Starting over after a lost race.

use std::future::Future;

use super::FlowError;
use crate::domain::refusal::Refusal;

/// How often a flow starts over before it gives up: enough for a record that a whole desk edits at once.
const ATTEMPTS: u32 = 16;

/// Runs `attempt` until it does not lose the race.
///
/// # Errors
/// What `attempt` ends with, or a refusal of class conflict after the last try.
pub(super) async fn until_won<T, F, Fut>(mut attempt: F) -> Result<T, FlowError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, FlowError>>,
{
    for _ in 0..ATTEMPTS {
        match attempt().await {
            Err(e) if e.is_lost_race() => tracing::debug!(error = %e, "lost a race, starting over"),
            other => return other,
        }
    }
    Err(Refusal::conflict("contended", "the record is being changed by too many at once; try again").into())
}
