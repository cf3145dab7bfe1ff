//! The manual-decision queue: what a person must decide because a component could not.

use super::tx::{execute, fetch_all};
use super::unit::ManualEntry;
use super::{Store, StoreError, Tx};
use crate::domain::time::Instant;

pub(super) async fn insert(tx: &mut Tx, org: &str, entry: &ManualEntry) -> Result<(), StoreError> {
    resolve(tx, org, &entry.number, &entry.process, entry.at.0).await?;
    execute!(
        tx,
        "INSERT INTO manual_queue (id, org, number, process, reason, decision, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &entry.id,
        org,
        &entry.number,
        &entry.process,
        &entry.reason,
        &entry.decision,
        entry.at.0
    )?;
    Ok(())
}

pub(super) async fn resolve(tx: &mut Tx, org: &str, number: &str, process: &str, at: i64) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE manual_queue SET resolved_at = $4
         WHERE org = $1 AND number = $2 AND process = $3 AND resolved_at IS NULL",
        org,
        number,
        process,
        at
    )?;
    Ok(())
}

impl Store {
    /// What waits for a person, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn manual_queue(&self, org: &str, limit: i64) -> Result<Vec<ManualEntry>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (String, String, String, String, String, i64),
            "SELECT id, number, process, reason, decision, created_at FROM manual_queue
             WHERE org = $1 AND resolved_at IS NULL ORDER BY id LIMIT $2",
            org,
            limit
        )?;
        Ok(rows
            .into_iter()
            .map(|(id, number, process, reason, decision, at)| ManualEntry {
                id,
                number,
                process,
                reason,
                decision,
                at: Instant(at),
            })
            .collect())
    }
}
