//! The figures of service reports as they were fixed.

use super::tx::{execute, fetch_optional};
use super::{Store, StoreError, Tx};
use crate::domain::Instant;

/// Figures that were fixed: the text, and the SHA-256 of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// SHA-256 of the text.
    pub hash: String,
    /// Canonical JSON.
    pub body: String,
    /// When it was fixed first.
    pub at: Instant,
}

/// Keeps a snapshot; the same figures are kept once.
pub(super) async fn insert(tx: &mut Tx, org: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO report_snapshots (org, hash, body, at) VALUES ($1, $2, $3, $4) ON CONFLICT (org, hash) DO NOTHING",
        org,
        &snapshot.hash,
        &snapshot.body,
        snapshot.at.0
    )?;
    Ok(())
}

impl Store {
    /// The snapshot with this hash.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn report_snapshot(&self, org: &str, hash: &str) -> Result<Option<Snapshot>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (String, String, i64),
            "SELECT hash, body, at FROM report_snapshots WHERE org = $1 AND hash = $2",
            org,
            hash
        )?;
        Ok(row.map(|(hash, body, at)| Snapshot { hash, body, at: Instant(at) }))
    }
}
