//! Uploaded components: the bytes once, a row for each organisation that has them.

use super::tx::{execute, fetch_all, fetch_optional};
use super::unit::{AuditDraft, EventDraft};
use super::{Store, StoreError, unit};

/// A component as an organisation has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentRow {
    /// Organisation.
    pub org: String,
    /// SHA-256 of the uploaded bytes: its identity (invariant 9).
    pub digest: String,
    /// Process it decides for.
    pub process: String,
    /// Name it gives itself.
    pub name: String,
    /// Version it gives itself.
    pub version: String,
    /// What admission found, as JSON: imports, exports, WIT versions, size, settings schema and defaults.
    pub manifest: String,
    /// Granted imports, separated by commas.
    pub grants: String,
    /// Signatures over its bytes, as JSON; see [`crate::domain::trust::signatures`].
    pub signatures: String,
    /// What it may look up, as JSON; empty for nothing.
    pub lookup_grant: String,
    /// Milliseconds.
    pub uploaded_at: i64,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// In which role.
    pub uploaded_as: String,
    /// Its number, `PLG-YYYY-NNNNNN`.
    pub number: String,
    /// State of its life (guide, P57).
    pub state: String,
    /// Counts the changes of its state, from 1.
    pub revision: i64,
    /// When its state changed last, in milliseconds.
    pub changed_at: i64,
}

type Row = (
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
    i64,
    i64,
);

fn component(row: Row) -> ComponentRow {
    let (
        org,
        digest,
        process,
        name,
        version,
        manifest,
        grants,
        signatures,
        lookup_grant,
        uploaded_at,
        uploaded_by,
        uploaded_as,
        number,
        state,
        revision,
        changed_at,
    ) = row;
    ComponentRow {
        org,
        digest,
        process,
        name,
        version,
        manifest,
        grants,
        signatures,
        lookup_grant,
        uploaded_at,
        uploaded_by,
        uploaded_as,
        number,
        state,
        revision,
        changed_at,
    }
}

impl Store {
    /// Adds a component with its audit entry and event; a second upload of the same bytes changes its grants, and then
    /// the process's generation moves: every node reads anew what is live, with what it is granted now.
    /// `signed_before` are the signatures that the organisation had of these bytes, to which those of `row` add; none
    /// where it had not the bytes.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when it has others now.
    pub async fn add_component(
        &self,
        row: ComponentRow,
        signed_before: Option<String>,
        bytes: Vec<u8>,
        audit: AuditDraft,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    &mut *tx,
                    "INSERT INTO component_bytes (digest, bytes) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
                    &row.digest,
                    bytes
                )?;
                let known = fetch_optional!(
                    &mut *tx,
                    (String, String),
                    "SELECT grants, lookup_grant FROM components WHERE org = $1 AND digest = $2",
                    &row.org,
                    &row.digest
                )?;
                if known.is_some_and(|(grants, lookups)| grants != row.grants || lookups != row.lookup_grant) {
                    execute!(
                        &mut *tx,
                        "UPDATE generations SET generation = generation + 1 WHERE org = $1 AND process = $2",
                        &row.org,
                        &row.process
                    )?;
                }
                let kept = execute!(
                    &mut *tx,
                    "INSERT INTO components
                        (org, digest, process, name, version, manifest, grants, uploaded_at, uploaded_by, uploaded_as,
                         number, state, revision, changed_at, signatures, lookup_grant)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
                     ON CONFLICT (org, digest) DO UPDATE SET grants = excluded.grants, manifest = excluded.manifest,
                         signatures = excluded.signatures, lookup_grant = excluded.lookup_grant,
                         state = CASE WHEN components.state = 'submitted' THEN excluded.state
                                      ELSE components.state END
                     WHERE components.signatures = $17",
                    &row.org,
                    &row.digest,
                    &row.process,
                    &row.name,
                    &row.version,
                    &row.manifest,
                    &row.grants,
                    row.uploaded_at,
                    &row.uploaded_by,
                    &row.uploaded_as,
                    &row.number,
                    &row.state,
                    row.revision,
                    row.changed_at,
                    &row.signatures,
                    &row.lookup_grant,
                    // No signatures are stored as a list without any: nothing compares equal to an empty text.
                    signed_before.as_deref().unwrap_or_default()
                )?;
                if kept != 1 {
                    return Err(StoreError::Stale(row.number));
                }
                unit::append(tx, &row.org, &[audit], &[event]).await
            })
        })
        .await
    }

    /// An organisation's component.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component(&self, org: &str, digest: &str) -> Result<Option<ComponentRow>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            Row,
            "SELECT org, digest, process, name, version, manifest, grants, signatures, lookup_grant, uploaded_at,
                    uploaded_by, uploaded_as, number, state, revision, changed_at
             FROM components WHERE org = $1 AND digest = $2",
            org,
            digest
        )?;
        Ok(row.map(component))
    }

    /// An organisation's component with this number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_numbered(&self, org: &str, number: &str) -> Result<Option<ComponentRow>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            Row,
            "SELECT org, digest, process, name, version, manifest, grants, signatures, lookup_grant, uploaded_at,
                    uploaded_by, uploaded_as, number, state, revision, changed_at
             FROM components WHERE org = $1 AND number = $2",
            org,
            number
        )?;
        Ok(row.map(component))
    }

    /// Moves a component to another state of its life, with its audit entry and event.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when its state has changed since `was` was read.
    pub async fn move_component(
        &self,
        was: ComponentRow,
        state: &str,
        audit: AuditDraft,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let state = state.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    &mut *tx,
                    "UPDATE components SET state = $4, revision = revision + 1, changed_at = $5
                     WHERE org = $1 AND digest = $2 AND revision = $3",
                    &was.org,
                    &was.digest,
                    was.revision,
                    &state,
                    audit.at.0
                )?;
                if rows != 1 {
                    return Err(StoreError::Stale(was.number));
                }
                unit::append(tx, &was.org, &[audit], &[event]).await
            })
        })
        .await
    }

    /// An organisation's components, newest first, after `before` (upload time, digest).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn components(&self, org: &str) -> Result<Vec<ComponentRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT org, digest, process, name, version, manifest, grants, signatures, lookup_grant, uploaded_at,
                    uploaded_by, uploaded_as, number, state, revision, changed_at
             FROM components WHERE org = $1 ORDER BY uploaded_at DESC, digest",
            org
        )?;
        Ok(rows.into_iter().map(component).collect())
    }

    /// The bytes of a component.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn component_bytes(&self, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(&mut tx, (Vec<u8>,), "SELECT bytes FROM component_bytes WHERE digest = $1", digest)?;
        Ok(row.map(|(bytes,)| bytes))
    }
}
