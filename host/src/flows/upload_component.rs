//! Uploading a component: verified before anything of it is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Desk, FlowError};
use crate::catalog;
use crate::domain::refusal::{Class, Refusal};
use crate::domain::{Actor, Role, number};
use crate::engine::{GRANTABLE, Grants, Refused};
use crate::store::components::ComponentRow;
use crate::store::unit::{AuditDraft, EventDraft};

/// Verifies `bytes` and keeps them as a component of the actor's organisation, with these imports granted.
///
/// A publisher submits; an administrator submits and grants (guide, section 2: plugin). Uploading the same bytes
/// again changes the grants and nothing else.
///
/// # Errors
/// Not allowed; refused by admission, by rule; the database's errors.
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    bytes: Vec<u8>,
    granted: BTreeSet<String>,
) -> Result<ComponentRow, FlowError> {
    let role = uploader(actor)?;
    if !granted.is_empty() && !actor.has(Role::Adm) {
        return Err(Refusal::forbidden("role", "only an administrator grants imports").into());
    }
    if let Some(unknown) = granted.iter().find(|import| !GRANTABLE.contains(&import.as_str())) {
        let message = format!("'{unknown}' cannot be granted; this server grants {}", GRANTABLE.join(", "));
        return Err(Refusal::invalid("enum", "grant", message).into());
    }
    let grants = Grants { imports: granted };
    let shared: Arc<[u8]> = bytes.into();
    let admission = desk.catalog.admit(Arc::clone(&shared), &grants).await.map_err(refused)?;
    let now = desk.clock.now();
    let year = now.year();
    let count = desk.store.next_number(&actor.org, "PLG", i64::from(year)).await?;
    let row = ComponentRow {
        org: actor.org.clone(),
        digest: admission.digest.clone(),
        process: admission.process.slug().to_owned(),
        name: admission.name.clone(),
        version: admission.version.clone(),
        manifest: manifest(&admission).to_string(),
        grants: catalog::join(&grants.imports),
        uploaded_at: now.0,
        uploaded_by: actor.user.clone(),
        uploaded_as: role.code().to_owned(),
        number: number::format("PLG", year, count.unsigned_abs()),
        // An administrator vouches for what he uploads himself (guide, P57: submitted→verified is his).
        state: if actor.has(Role::Adm) { "verified" } else { "submitted" }.to_owned(),
        revision: 1,
        changed_at: now.0,
    };
    let about = json!({
        "name": row.name, "version": row.version, "process": row.process, "grants": grants.imports,
    });
    let audit = AuditDraft {
        at: now,
        number: row.digest.clone(),
        actor: actor.user.clone(),
        role: role.code().to_owned(),
        action: "upload".to_owned(),
        before: json!({}),
        after: about.clone(),
        reason: String::new(),
    };
    let event = EventDraft { at: now, kind: "component.uploaded".to_owned(), number: row.digest.clone(), data: about };
    desk.store.add_component(row.clone(), shared.to_vec(), audit, event).await?;
    desk.catalog.keep(&admission, &grants).await;
    // The same bytes may have been there before, under their number.
    let row = desk.store.component(&row.org, &row.digest).await?.unwrap_or(row);
    tracing::info!(digest = %row.digest, name = %row.name, version = %row.version, process = %row.process,
        by = %actor.user, "component uploaded");
    Ok(row)
}

/// The role in which the actor may upload: asked before a body is read.
///
/// # Errors
/// When he may not.
pub fn uploader(actor: &Actor) -> Result<Role, Refusal> {
    [Role::Pub, Role::Adm].into_iter().find(|r| actor.has(*r)).ok_or_else(|| {
        Refusal::forbidden("role", "uploading a component needs the role PUB (publisher) or ADM (administrator)")
    })
}

/// Admission's refusal as the domain's.
pub fn refused(refused: Refused) -> Refusal {
    let class = if refused.rule == "too-large" { Class::TooLarge } else { Class::Invalid };
    Refusal::new(class, refused.rule, refused.message)
}

/// What `GET /components/{digest}` shows of a component beside where it is live.
pub fn manifest(admission: &crate::engine::Admission) -> Value {
    json!({
        "size": admission.size,
        "summary": admission.summary,
        "imports": admission.imports,
        "exports": admission.exports,
        "wit": admission.wit,
        "settings_schema": admission.settings_schema,
        "settings_defaults": admission.settings_defaults,
    })
}
