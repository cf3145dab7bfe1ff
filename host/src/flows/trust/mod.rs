//! Whose components an organisation takes: its policy and its publishers' keys.

mod keys;
mod policy;

use std::sync::Arc;

use mortise_types::Process;
use serde_json::{Value, json};

pub use keys::{KeyChange, NewKey, add, change, revoke};
pub use policy::{PolicyWish, name, set};

use super::{Desk, FlowError};
use crate::domain::component::Activation;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::signature::PublicKey;
use crate::domain::trust::{self, PublisherKey, Signed, Subject, TrustPolicy};
use crate::domain::{Actor, Role};
use crate::store::activations::Basis;
use crate::store::components::ComponentRow;

/// Everything that an organisation's trust rests on.
pub struct Trust {
    /// What it takes unsigned.
    pub policy: TrustPolicy,
    /// Its publishers' keys.
    pub keys: Vec<PublisherKey>,
}

/// A live component that would not be taken any more, for example because its key was revoked.
pub struct Distrusted {
    /// Where it is live.
    pub activation: Activation,
    /// Its name and version.
    pub name: String,
    /// Why it would not be taken.
    pub why: Refusal,
}

impl Distrusted {
    /// As the interface and events show it.
    pub fn to_json(&self) -> Value {
        let scope = &self.activation.scope;
        json!({
            "activation": self.activation.id,
            "process": self.activation.process.slug(),
            "scope": { "kind": scope.kind(), "value": scope.value() },
            "component": self.activation.digest,
            "component_name": self.name,
            "rule": self.why.rule,
            "why": self.why.message,
        })
    }
}

impl Trust {
    /// Reads it.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(desk: &Desk, org: &str) -> Result<Self, FlowError> {
        Ok(Self { policy: desk.store.trust_policy(org).await?, keys: desk.store.publisher_keys(org).await? })
    }

    /// The key with this id.
    ///
    /// # Errors
    /// Not found.
    pub fn key(&self, id: &str) -> Result<&PublisherKey, Refusal> {
        let missing = || Refusal::not_found(format!("the organisation has no publisher's key {id}"));
        self.keys.iter().find(|key| key.id == id).ok_or_else(missing)
    }

    fn judge(&self, component: &ComponentRow, process: Process) -> Result<(), Refusal> {
        let subject = Subject { digest: &component.digest, name: &component.name, process };
        trust::judge(&self.policy, &self.keys, subject, &trust::signatures(&component.signatures))
    }

    /// What is live and would not be taken any more. It goes on deciding: whoever is responsible says what replaces it.
    ///
    /// # Errors
    /// The database's.
    pub async fn distrusted(&self, desk: &Desk, org: &str) -> Result<Vec<Distrusted>, FlowError> {
        let components = desk.store.components(org).await?;
        let activations = desk.store.activations(org, None).await?;
        let standing_in = desk.catalog.snapshot().standing_in(org);
        let decides = |one: &Activation| one.ended_generation.is_none() || standing_in.contains(&one.id);
        let mut found = Vec::new();
        for activation in activations.into_iter().filter(decides) {
            let Some(component) = components.iter().find(|row| row.digest == activation.digest) else { continue };
            if let Err(why) = self.judge(component, activation.process) {
                let name = format!("{}@{}", component.name, component.version);
                found.push(Distrusted { activation, name, why });
            }
        }
        Ok(found)
    }
}

/// Refuses to let a component decide that the organisation does not trust. Its signatures are checked again over its
/// bytes: that they were checked once is only a row in a table. Gives what the answer rests on.
///
/// # Errors
/// Why it is not trusted, as a conflict; the database's errors.
pub async fn permit(desk: &Desk, component: &ComponentRow) -> Result<Basis, FlowError> {
    let trust = Trust::of(desk, &component.org).await?;
    let process: Process = component
        .process
        .parse()
        .map_err(|_| Refusal::conflict("component-state", format!("{} has no process", component.name)))?;
    let as_conflict = |refusal: Refusal| Refusal { class: crate::domain::Class::Conflict, field: None, ..refusal };
    trust.judge(component, process).map_err(as_conflict)?;
    let basis = Basis {
        digest: component.digest.clone(),
        component: component.revision,
        policy: trust.policy.revision,
        keys: trust.keys.iter().map(|key| key.revision).sum(),
    };
    let counting: Vec<(PublicKey, Signed)> = trust::signatures(&component.signatures)
        .into_iter()
        .filter_map(|signed| {
            let key = trust.keys.iter().find(|key| key.id == signed.key && key.revoked_at.is_none())?;
            Some((trust::public_key(&key.public_key).ok()?, signed))
        })
        .collect();
    if counting.is_empty() {
        return Ok(basis);
    }
    let bytes = desk.store.component_bytes(&component.digest).await?.unwrap_or_default();
    for (key, signed) in counting {
        check(key, bytes.clone().into(), &signed.signature).await.map_err(as_conflict)?;
    }
    Ok(basis)
}

/// Checks a signature off the async threads: large components take a while.
async fn check(key: PublicKey, bytes: Arc<[u8]>, file: &str) -> Result<(), Refusal> {
    let signature = trust::signature(file)?;
    let work = move || trust::verify(&key, &bytes, &signature);
    let broken = || Refusal::unavailable("busy", "the signature could not be checked at present");
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(broken()))
}

/// Takes a signature that comes with an upload: known key, valid now, over these bytes. For which process it is, is
/// known when the component has been read.
///
/// # Errors
/// What is wrong with it.
pub(super) async fn take(
    desk: &Desk,
    actor: &Actor,
    trust: &Trust,
    file: &str,
    bytes: Arc<[u8]>,
) -> Result<Signed, FlowError> {
    let now = desk.clock.now();
    let claimed = trust::signature(file)?;
    let key = trust::counts(&trust.keys, &claimed.key, None, now)?;
    check(trust::public_key(&key.public_key)?, bytes, file).await?;
    Ok(Signed { key: claimed.key, signature: file.to_owned(), at: now.0, by: actor.user.clone() })
}

/// Refuses an upload that the organisation would not let decide.
pub(super) fn admit(trust: &Trust, subject: Subject<'_>, signed: &[Signed]) -> Result<(), Refusal> {
    trust::judge(&trust.policy, &trust.keys, subject, signed)
}

fn administrator(actor: &Actor) -> Result<(), Refusal> {
    if actor.has(Role::Adm) {
        return Ok(());
    }
    Err(Refusal::forbidden(rule::ROLE, "deciding whom to trust needs the role ADM (administrator)"))
}
