//! Deciding what an organisation takes unsigned: the whole policy, or one component of those that it names.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Distrusted, Trust, administrator};
use crate::domain::refusal::{Refusal, rule};
use crate::domain::trust::{TrustPolicy, Unsigned};
use crate::domain::{Actor, Role};
use crate::flows::{Desk, FlowError, retry};
use crate::store::unit::{AuditDraft, EventDraft};

/// What shall hold.
#[derive(Clone, Debug)]
pub struct PolicyWish {
    /// What becomes of a component that no trusted key signed.
    pub unsigned: Unsigned,
    /// Digests and names that are taken all the same; none = those that are named already.
    pub allowed: Option<BTreeSet<String>>,
    /// The revision the caller looked at; none = whatever it is.
    pub expected: Option<i64>,
    /// Why.
    pub reason: String,
}

/// Puts a policy in force. What is live stays live; what of it would not be taken any more is in the answer and in the
/// event.
///
/// # Errors
/// Not allowed, a list that the policy does not use, a stale revision; the database's errors.
pub async fn set(desk: &Desk, actor: &Actor, wish: PolicyWish) -> Result<(Trust, Vec<Distrusted>), FlowError> {
    administrator(actor)?;
    if wish.unsigned != Unsigned::AllowNamed && wish.allowed.as_ref().is_some_and(|allowed| !allowed.is_empty()) {
        let message = "components are named only where unsigned is allow-named";
        return Err(Refusal::invalid(rule::FORMAT, "allowed", message).into());
    }
    let before = Trust::of(desk, &actor.org).await?;
    let stale = |now: i64| Refusal::stale(format!("the trust policy is at revision {now}; read it again"));
    let revision = before.policy.revision;
    if wish.expected.is_some_and(|expected| expected != revision) {
        return Err(stale(revision).into());
    }
    let allowed = wish.allowed.unwrap_or_else(|| before.policy.allowed.clone());
    match replace(desk, actor, before, wish.unsigned, allowed, &wish.reason).await {
        Err(error) if error.is_lost_race() => Err(stale(revision + 1).into()),
        other => other,
    }
}

/// Names components, by digest or name, that are taken unsigned (`named`), or names them no more. Nobody else's change
/// is lost by it, and saying the same again changes nothing.
///
/// # Errors
/// Not allowed, a policy that names none, what is no name; the database's errors.
pub async fn name(
    desk: &Desk,
    actor: &Actor,
    components: &BTreeSet<String>,
    named: bool,
    reason: &str,
) -> Result<(Trust, Vec<Distrusted>), FlowError> {
    administrator(actor)?;
    retry::until_won(|| async move {
        let before = Trust::of(desk, &actor.org).await?;
        match before.policy.naming(components, named)? {
            Some(allowed) => replace(desk, actor, before, Unsigned::AllowNamed, allowed, reason).await,
            None => {
                let distrusted = before.distrusted(desk, &actor.org).await?;
                Ok((before, distrusted))
            }
        }
    })
    .await
}

async fn replace(
    desk: &Desk,
    actor: &Actor,
    before: Trust,
    unsigned: Unsigned,
    allowed: BTreeSet<String>,
    reason: &str,
) -> Result<(Trust, Vec<Distrusted>), FlowError> {
    let now = desk.clock.now();
    let revision = before.policy.revision + 1;
    let policy = TrustPolicy { unsigned, allowed, revision, changed_at: now, changed_by: actor.user.clone() };
    policy.check()?;
    let trust = Trust { policy: policy.clone(), keys: before.keys };
    let live = trust.distrusted(desk, &actor.org).await?;
    let live: Vec<_> = live.iter().map(Distrusted::to_json).collect();
    let audit = AuditDraft {
        at: now,
        number: "trust".to_owned(),
        actor: actor.user.clone(),
        role: Role::Adm.code().to_owned(),
        action: "trust:policy".to_owned(),
        before: before.policy.to_json(),
        after: policy.to_json(),
        reason: reason.to_owned(),
    };
    let data = json!({ "policy": policy.to_json(), "live": live });
    let event = EventDraft { at: now, kind: "trust.policy-changed".to_owned(), number: "trust".to_owned(), data };
    desk.store.set_trust_policy(&actor.org, policy, audit, event).await?;
    // An activation that was made before this change, and after the look above, is in the answer.
    let distrusted = trust.distrusted(desk, &actor.org).await?;
    Ok((trust, distrusted))
}
