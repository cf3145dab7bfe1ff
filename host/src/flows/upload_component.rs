//! Uploading a component: verified before anything of it is kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::trust::Trust;
use super::{Desk, FlowError, retry};
use crate::domain::lookup::LookupGrant;
use crate::domain::refusal::{Class, Refusal};
use crate::domain::trust::{self, Signed, Subject};
use crate::domain::{Actor, Role, canonical, number};
use crate::engine::{Admission, GRANTABLE, Grants, LOOKUP, Refused};
use crate::store::components::ComponentRow;
use crate::store::unit::{AuditDraft, EventDraft};
use crate::{catalog, flows};

/// What somebody uploads.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// The component.
    pub bytes: Vec<u8>,
    /// Imports that are granted.
    pub granted: BTreeSet<String>,
    /// A signature file over the bytes.
    pub signature: Option<String>,
    /// What it may look up, where that import is granted.
    pub lookups: LookupGrant,
}

/// Verifies `bytes` and keeps them as a component of the actor's organisation, with these imports granted; nobody
/// signed them.
///
/// # Errors
/// As [`signed`].
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    bytes: Vec<u8>,
    granted: BTreeSet<String>,
) -> Result<ComponentRow, FlowError> {
    signed(desk, actor, Upload { bytes, granted, ..Upload::default() }).await
}

/// Verifies an upload and keeps it as a component of the actor's organisation.
///
/// A publisher submits; an administrator submits and grants (guide, section 2: plugin). Uploading the same bytes
/// again changes the grants, adds a signature that is new, and nothing else.
///
/// # Errors
/// Not allowed; not trusted by the organisation; refused by admission, by rule; the database's errors.
pub async fn signed(desk: &Desk, actor: &Actor, upload: Upload) -> Result<ComponentRow, FlowError> {
    let Upload { bytes, granted, signature, lookups } = upload;
    let role = uploader(actor)?;
    if !granted.is_empty() && !actor.has(Role::Adm) {
        return Err(Refusal::forbidden("role", "only an administrator grants imports").into());
    }
    if let Some(unknown) = granted.iter().find(|import| !GRANTABLE.contains(&import.as_str())) {
        let message = format!("'{unknown}' cannot be granted; this server grants {}", GRANTABLE.join(", "));
        return Err(Refusal::invalid("enum", "grant", message).into());
    }
    if granted.contains(LOOKUP) == lookups.kinds.is_empty() {
        let message = format!("{LOOKUP} is granted with the kinds and fields that may be looked up, and they with it");
        return Err(Refusal::invalid("required", "lookup", message).into());
    }
    flows::lookup::check(desk, &actor.org, &lookups)?;
    let grants = Grants { imports: granted };
    let shared: Arc<[u8]> = bytes.into();
    let digest = canonical::sha256(&shared);
    // What a stranger sends is not compiled.
    let taken = vouched(desk, actor, &digest, signature, Arc::clone(&shared)).await?;
    let admission = desk.catalog.admit(Arc::clone(&shared), &grants).await.map_err(refused)?;
    let keeping =
        Keeping { admission: &admission, grants: &grants, lookups: &lookups, role, signature: taken.as_ref() };
    let row = retry::until_won(|| keeping.attempt(desk, actor, &shared)).await?;
    desk.catalog.keep(&admission, &grants).await;
    desk.catalog.refresh().await?;
    // The same bytes may have been there before, under their number.
    let row = desk.store.component(&row.org, &row.digest).await?.unwrap_or(row);
    tracing::info!(component = format_args!("{}@{}", row.name, row.version), digest = %row.digest,
        process = %row.process, user = %actor.user, "component uploaded");
    Ok(row)
}

/// The signature that came with bytes, which has to be a trusted one; none where they may be taken without.
async fn vouched(
    desk: &Desk,
    actor: &Actor,
    digest: &str,
    signature: Option<String>,
    bytes: Arc<[u8]>,
) -> Result<Option<Signed>, FlowError> {
    let trust = Trust::of(desk, &actor.org).await?;
    if let Some(file) = signature {
        return Ok(Some(flows::trust::take(desk, actor, &trust, &file, bytes).await?));
    }
    let known = desk.store.component(&actor.org, digest).await?;
    let signed = known.is_some_and(|row| !trust::signatures(&row.signatures).is_empty());
    if !signed && !trust.policy.may_take_unsigned(digest) {
        return Err(trust.policy.refuse_unsigned("", digest).into());
    }
    Ok(None)
}

/// An upload that was admitted.
struct Keeping<'a> {
    admission: &'a Admission,
    grants: &'a Grants,
    lookups: &'a LookupGrant,
    role: Role,
    /// The signature that came with it.
    signature: Option<&'a Signed>,
}

impl Keeping<'_> {
    /// Keeps it beside the signatures that the same bytes have already: two that come at the same moment are both kept.
    async fn attempt(&self, desk: &Desk, actor: &Actor, bytes: &[u8]) -> Result<ComponentRow, FlowError> {
        let Self { admission, grants, lookups, role, signature } = *self;
        let trust = Trust::of(desk, &actor.org).await?;
        let known = desk.store.component(&actor.org, &admission.digest).await?;
        let mut signatures = known.as_ref().map(|row| trust::signatures(&row.signatures)).unwrap_or_default();
        if let Some(taken) = signature {
            signatures.retain(|one| one.key != taken.key);
            signatures.push(taken.clone());
        }
        let subject = Subject { digest: &admission.digest, name: &admission.name, process: admission.process };
        flows::trust::admit(&trust, subject, &signatures)?;
        let now = desk.clock.now();
        let number = match &known {
            Some(row) => row.number.clone(),
            None => {
                let year = now.year();
                let count = desk.store.next_number(&actor.org, "PLG", i64::from(year)).await?;
                number::format("PLG", year, count.unsigned_abs())
            }
        };
        let row = ComponentRow {
            org: actor.org.clone(),
            digest: admission.digest.clone(),
            process: admission.process.slug().to_owned(),
            name: admission.name.clone(),
            version: admission.version.clone(),
            manifest: manifest(admission).to_string(),
            grants: catalog::join(&grants.imports),
            signatures: serde_json::to_string(&signatures).unwrap_or_default(),
            lookup_grant: lookups.text(),
            uploaded_at: now.0,
            uploaded_by: actor.user.clone(),
            uploaded_as: role.code().to_owned(),
            number,
            // An administrator vouches for what he uploads himself (guide, P57: submitted→verified is his).
            state: if actor.has(Role::Adm) { "verified" } else { "submitted" }.to_owned(),
            revision: 1,
            changed_at: now.0,
        };
        let about = json!({
            "name": row.name, "version": row.version, "process": row.process, "grants": grants.imports,
            "lookups": lookups, "signed_by": signatures.iter().map(|one| &one.key).collect::<Vec<_>>(),
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
        let event =
            EventDraft { at: now, kind: "component.uploaded".to_owned(), number: row.digest.clone(), data: about };
        let signed_before = known.map(|row| row.signatures);
        desk.store.add_component(row.clone(), signed_before, bytes.to_vec(), audit, event).await?;
        Ok(row)
    }
}

/// What a component would need: its imports, which of them this server can grant, and which it cannot; and why the
/// organisation would not take it, so far as that can be told before the component says what it is.
///
/// # Errors
/// Not allowed; no component of a process that this server runs; the database's errors.
pub async fn look(desk: &Desk, actor: &Actor, bytes: Vec<u8>, signature: Option<String>) -> Result<Value, FlowError> {
    uploader(actor)?;
    let digest = canonical::sha256(&bytes);
    let shared: Arc<[u8]> = bytes.into();
    let distrusted = match vouched(desk, actor, &digest, signature, Arc::clone(&shared)).await {
        Ok(_) => Value::Null,
        Err(FlowError::Refused(refusal)) => json!({ "rule": refusal.rule, "detail": refusal.message }),
        Err(error) => return Err(error),
    };
    let imports = desk.catalog.imports(shared).await.map_err(refused)?;
    let bare = |import: &String| import.split('@').next().unwrap_or(import).to_owned();
    let (grantable, unknown): (Vec<String>, Vec<String>) =
        imports.iter().map(bare).partition(|import| GRANTABLE.contains(&import.as_str()));
    let lookups = grantable.iter().any(|import| import == LOOKUP);
    Ok(json!({
        "digest": digest,
        "imports": imports,
        "grantable": grantable,
        "unknown": unknown,
        "lookups": lookups,
        "distrusted": distrusted,
    }))
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
pub fn manifest(admission: &Admission) -> Value {
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
