//! What an organisation needs before its first record: itself, and a component for every process.

use std::collections::BTreeSet;

use mortise_types::Process;

use super::activate::Wish;
use super::{Desk, FlowError, activate, upload_component};
use crate::domain::component::Scope;
use crate::domain::{Actor, Role};

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

/// Uploads and activates the offered reference components for processes that have none live; gives their names.
/// Offers for other processes are left alone: what an organisation chose is never replaced by a start.
///
/// # Errors
/// When an offered component is refused, or the database fails.
pub async fn components(desk: &Desk, org: &str, offers: Vec<Offer>) -> Result<Vec<String>, FlowError> {
    let mut started = Vec::new();
    let snapshot = desk.catalog.snapshot();
    let missing: BTreeSet<Process> = Process::ALL.into_iter().filter(|p| snapshot.generation(org, *p) == 0).collect();
    if missing.is_empty() {
        return Ok(started);
    }
    let actor = Actor::user(org, crate::domain::role::HOST_USER, [Role::Adm]);
    for offer in offers {
        let Some(process) = reference_for(&offer.name).filter(|p| missing.contains(p)) else { continue };
        let row = upload_component::run(desk, &actor, offer.bytes, BTreeSet::new()).await?;
        let wish = Wish {
            expected_generation: Some(0),
            reason: "first start: the reference component".to_owned(),
            ..Wish::new(process, Scope::Organisation, row.digest)
        };
        activate::run(desk, &actor, wish).await?;
        started.push(offer.name);
    }
    Ok(started)
}

/// The process a reference component is for, by its file's name: `sla-standard`.
pub fn reference_for(name: &str) -> Option<Process> {
    let slug = name.strip_suffix(".wasm").unwrap_or(name).strip_suffix("-standard")?;
    slug.parse().ok()
}
