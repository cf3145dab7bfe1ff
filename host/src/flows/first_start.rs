//! What an organisation needs before its first record: itself, and a component for every process.

use std::collections::BTreeSet;

use mortise_types::Process;

use super::activate::Wish;
use super::{Desk, FlowError, activate, move_component, trust, upload_component};
use crate::domain::component::Scope;
use crate::domain::refusal::Refusal;
use crate::domain::role::HOST_USER;
use crate::domain::trust::{Unsigned, rule};
use crate::domain::{Actor, Role, canonical};

/// What the audit trail gives as the reason.
const REASON: &str = "first start";

/// A component file offered at the start.
pub struct Offer {
    /// Its name, for the log.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Adds the organisation unless it is there; gives true when it is new.
///
/// # Errors
/// When the database fails.
pub async fn organisation(desk: &Desk, id: &str, name: &str) -> Result<bool, FlowError> {
    Ok(desk.store.ensure_organisation(id, name, desk.clock.now().0).await?)
}

/// Uploads, approves and activates the offered reference components for processes that have none live; gives their
/// names. Offers for other processes are left alone: what an organisation chose is never replaced by a start.
///
/// Whoever configures the server vouches for what he offers: where the organisation's trust policy names components, it
/// names these from then on, by their digests. What it does not take all the same, or has rejected, is left out with a
/// warning.
///
/// # Errors
/// When an offered component is refused by admission, or the database fails.
pub async fn components(desk: &Desk, org: &str, offers: Vec<Offer>) -> Result<Vec<String>, FlowError> {
    let snapshot = desk.catalog.snapshot();
    let missing: BTreeSet<Process> = Process::ALL.into_iter().filter(|p| snapshot.generation(org, *p) == 0).collect();
    let wanted = |offer: &Offer| reference_for(&offer.name).filter(|process| missing.contains(process));
    let offers: Vec<(Process, Offer)> =
        offers.into_iter().filter_map(|offer| wanted(&offer).map(|process| (process, offer))).collect();
    let mut started = Vec::new();
    if offers.is_empty() {
        return Ok(started);
    }
    let actor = Actor::user(org, HOST_USER, [Role::Adm]);
    if desk.store.trust_policy(org).await?.unsigned == Unsigned::AllowNamed {
        let digests = offers.iter().map(|(_, offer)| canonical::sha256(&offer.bytes)).collect();
        trust::name(desk, &actor, &digests, true, REASON).await?;
    }
    for (process, Offer { name, bytes }) in offers {
        match start(desk, &actor, process, bytes).await {
            Ok(()) => started.push(name),
            Err(FlowError::Refused(refusal)) if is_the_organisations(&refusal) => tracing::warn!(
                component = %name, rule = %refusal.rule, why = %refusal.message,
                "a reference component is not activated: the organisation does not take it"
            ),
            Err(error) => return Err(error),
        }
    }
    Ok(started)
}

async fn start(desk: &Desk, actor: &Actor, process: Process, bytes: Vec<u8>) -> Result<(), FlowError> {
    let row = upload_component::run(desk, actor, bytes, BTreeSet::new()).await?;
    move_component::approve_by_host(desk, &actor.org, &row.digest, REASON).await?;
    let wish = Wish {
        expected_generation: Some(0),
        reason: format!("{REASON}: the reference component"),
        ..Wish::new(process, Scope::Organisation, row.digest)
    };
    activate::run(desk, actor, wish).await.map(|_| ())
}

/// Whether a refusal is the organisation's own will, so that the start goes on without the component.
fn is_the_organisations(refusal: &Refusal) -> bool {
    rule::DISTRUST.contains(&&*refusal.rule) || refusal.rule == "component-state"
}

/// The process a reference component is for, by its file's name: `sla-standard`.
pub fn reference_for(name: &str) -> Option<Process> {
    let slug = name.strip_suffix(".wasm").unwrap_or(name).strip_suffix("-standard")?;
    slug.parse().ok()
}
