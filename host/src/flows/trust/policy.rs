//! Deciding what an organisation takes unsigned.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Distrusted, Trust, administrator};
use crate::domain::refusal::Refusal;
use crate::domain::trust::{TrustPolicy, Unsigned};
use crate::domain::{Actor, Role};
use crate::flows::{Desk, FlowError};
use crate::store::unit::{AuditDraft, EventDraft};

/// What shall hold.
#[derive(Clone, Debug)]
pub struct PolicyWish {
    /// What becomes of a component that no trusted key signed.
    pub unsigned: Unsigned,
    /// Digests and names that are taken all the same.
    pub allowed: BTreeSet<String>,
    /// The revision the caller looked at; none = whatever it is.
    pub expected: Option<i64>,
    /// Why.
    pub reason: String,
}

/// Puts a policy in force. What is live stays live; what of it would not be taken any more is in the answer and in the
/// event.
///
/// # Errors
/// Not allowed, a policy that contradicts itself, a stale revision; the database's errors.
pub async fn set(desk: &Desk, actor: &Actor, wish: PolicyWish) -> Result<(Trust, Vec<Distrusted>), FlowError> {
    administrator(actor)?;
    let before = Trust::of(desk, &actor.org).await?;
    let stale = |now: i64| Refusal::stale(format!("the trust policy is at revision {now}; read it again"));
    if wish.expected.is_some_and(|expected| expected != before.policy.revision) {
        return Err(stale(before.policy.revision).into());
    }
    let now = desk.clock.now();
    let policy = TrustPolicy {
        unsigned: wish.unsigned,
        allowed: wish.allowed,
        revision: before.policy.revision + 1,
        changed_at: now,
        changed_by: actor.user.clone(),
    };
    policy.check()?;
    let trust = Trust { policy: policy.clone(), keys: before.keys };
    let distrusted = trust.distrusted(desk, &actor.org).await?;
    let live: Vec<_> = distrusted.iter().map(Distrusted::to_json).collect();
    let audit = AuditDraft {
        at: now,
        number: "trust".to_owned(),
        actor: actor.user.clone(),
        role: Role::Adm.code().to_owned(),
        action: "trust:policy".to_owned(),
        before: before.policy.to_json(),
        after: policy.to_json(),
        reason: wish.reason,
    };
    let data = json!({ "policy": policy.to_json(), "live": live });
    let event = EventDraft { at: now, kind: "trust.policy-changed".to_owned(), number: "trust".to_owned(), data };
    match desk.store.set_trust_policy(&actor.org, policy, audit, event).await {
        Err(error) if error.is_lost_race() => return Err(stale(before.policy.revision + 1).into()),
        other => other?,
    }
    Ok((trust, distrusted))
}
