//! Publishers' keys: adding, changing, revoking. A key is never removed: what it signed refers to it.

use std::collections::BTreeSet;

use mortise_types::Process;
use serde_json::{Value, json};

use super::{Distrusted, Trust, administrator};
use crate::domain::refusal::Refusal;
use crate::domain::trust::{self, PublisherKey};
use crate::domain::{Actor, Instant, Role};
use crate::flows::{Desk, FlowError};
use crate::store::unit::{AuditDraft, EventDraft};

/// A key to trust.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Whose it is.
    pub name: String,
    /// The key, SPKI in PEM.
    pub public_key: String,
    /// Processes whose components it may ship; empty for all.
    pub processes: BTreeSet<Process>,
    /// From when; none = from now on.
    pub valid_from: Option<Instant>,
    /// Until when; none = until it is revoked.
    pub valid_until: Option<Instant>,
}

/// What shall be different about a key; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// Whose it is.
    pub name: Option<String>,
    /// Processes whose components it may ship.
    pub processes: Option<BTreeSet<Process>>,
    /// Until when; an inner none for no end.
    pub valid_until: Option<Option<Instant>>,
}

/// Trusts a key, beside those that are trusted already.
///
/// # Errors
/// Not allowed, no key, known already; the database's errors.
pub async fn add(desk: &Desk, actor: &Actor, new: NewKey) -> Result<PublisherKey, FlowError> {
    administrator(actor)?;
    let public = trust::public_key(&new.public_key)?;
    let now = desk.clock.now();
    let key = PublisherKey {
        id: public.id().to_owned(),
        name: new.name,
        public_key: public.to_pem(),
        processes: new.processes,
        valid_from: new.valid_from.unwrap_or(now),
        valid_until: new.valid_until,
        revoked_at: None,
        revoked_because: String::new(),
        revision: 1,
        added_at: now,
        added_by: actor.user.clone(),
    };
    key.check()?;
    let exists = || Refusal::conflict("key-exists", format!("the organisation has the key {} already", key.id));
    let data = key.to_json(now);
    let write = Write { action: "trust:key", event: "trust.key-added", before: json!({}), reason: "", data };
    match write.commit(desk, actor, key.clone(), now).await {
        Err(FlowError::Store(error)) if error.is_lost_race() => Err(exists().into()),
        other => other.map(|()| key),
    }
}

/// Changes a key: its name, what it may ship, until when it is valid.
///
/// # Errors
/// Not allowed, not found, revoked already; the database's errors.
pub async fn change(desk: &Desk, actor: &Actor, id: &str, change: KeyChange) -> Result<PublisherKey, FlowError> {
    administrator(actor)?;
    let before = Trust::of(desk, &actor.org).await?.key(id)?.clone();
    refuse_revoked(&before)?;
    let now = desk.clock.now();
    let key = PublisherKey {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        processes: change.processes.unwrap_or_else(|| before.processes.clone()),
        valid_until: change.valid_until.unwrap_or(before.valid_until),
        revision: before.revision + 1,
        ..before.clone()
    };
    key.check()?;
    let (data, before) = (key.to_json(now), before.to_json(now));
    Write { action: "trust:key", event: "trust.key-changed", before, reason: "", data }
        .commit(desk, actor, key.clone(), now)
        .await?;
    Ok(key)
}

/// Trusts a key no more. What it signed cannot be activated any longer; what of it is live stays live until somebody
/// replaces it, and is in the answer and in the event.
///
/// # Errors
/// Not allowed, not found, revoked already, no reason; the database's errors.
pub async fn revoke(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    reason: &str,
) -> Result<(PublisherKey, Vec<Distrusted>), FlowError> {
    administrator(actor)?;
    if reason.trim().is_empty() {
        return Err(Refusal::invalid("required", "reason", "revoking a key needs a reason").into());
    }
    let mut trust = Trust::of(desk, &actor.org).await?;
    let before = trust.key(id)?.clone();
    refuse_revoked(&before)?;
    let now = desk.clock.now();
    let key = PublisherKey {
        revoked_at: Some(now),
        revoked_because: reason.to_owned(),
        revision: before.revision + 1,
        ..before.clone()
    };
    trust.keys.retain(|other| other.id != key.id);
    trust.keys.push(key.clone());
    let mut data = key.to_json(now);
    data["live"] = trust.distrusted(desk, &actor.org).await?.iter().map(Distrusted::to_json).collect();
    Write { action: "trust:key", event: "trust.key-revoked", before: before.to_json(now), reason, data }
        .commit(desk, actor, key.clone(), now)
        .await?;
    // An activation that was made before this, and after the look above, is in the answer.
    let distrusted = trust.distrusted(desk, &actor.org).await?;
    tracing::warn!(key = %key.id, name = %key.name, live = distrusted.len(), "a publisher's key was revoked");
    Ok((key, distrusted))
}

fn refuse_revoked(key: &PublisherKey) -> Result<(), Refusal> {
    if key.revoked_at.is_none() {
        return Ok(());
    }
    Err(Refusal::conflict(trust::rule::KEY_REVOKED, format!("the key {} is revoked, for good", key.id)))
}

/// A change of a key with what is said of it.
struct Write<'a> {
    action: &'static str,
    event: &'static str,
    before: Value,
    reason: &'a str,
    data: Value,
}

impl Write<'_> {
    async fn commit(self, desk: &Desk, actor: &Actor, key: PublisherKey, at: Instant) -> Result<(), FlowError> {
        let audit = AuditDraft {
            at,
            number: key.id.clone(),
            actor: actor.user.clone(),
            role: Role::Adm.code().to_owned(),
            action: self.action.to_owned(),
            before: self.before,
            after: key.to_json(at),
            reason: self.reason.to_owned(),
        };
        let event = EventDraft { at, kind: self.event.to_owned(), number: key.id.clone(), data: self.data };
        Ok(desk.store.put_publisher_key(&actor.org, key, audit, event).await?)
    }
}
