//! One change of an organisation's kinds at a time.

use super::super::{Desk, FlowError};
use crate::domain::refusal::Refusal;
use crate::domain::time::Instant;
use crate::store::kind_versions::Lease;

/// How long a change that does not go on keeps others away.
const TERM_MS: i64 = 60_000;

/// Until when a lease is held that is taken or renewed now.
pub(super) fn end(desk: &Desk) -> Instant {
    desk.clock.now().plus(TERM_MS)
}

/// Takes the lease.
///
/// # Errors
/// When somebody else is changing the organisation's kinds.
pub(super) async fn take(desk: &Desk, org: &str) -> Result<Lease, FlowError> {
    let lease = Lease { org: org.to_owned(), holder: desk.clock.id() };
    if desk.store.take_lease(&lease, desk.clock.now(), end(desk)).await? {
        return Ok(lease);
    }
    let message = "another change of your organisation's kinds is under way; try again in a minute";
    Err(Refusal::conflict("kind-change-under-way", message).into())
}
