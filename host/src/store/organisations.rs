//! Organisations: every row belongs to one (invariant 12).

use super::tx::{execute, fetch_all, fetch_optional};
use super::{Store, StoreError};
use crate::domain::audit;

/// An organisation that this installation serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Stable identifier, chosen by the administrator.
    pub id: String,
    /// What people call it.
    pub name: String,
}

impl Store {
    /// Adds an organisation unless it is there; gives true when it is new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ensure_organisation(&self, id: &str, name: &str, now: i64) -> Result<bool, StoreError> {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    tx,
                    "INSERT INTO organisations (id, name, created_at, audit_seq, audit_hash, event_seq)
                     VALUES ($1, $2, $3, 0, $4, 0) ON CONFLICT (id) DO NOTHING",
                    id,
                    name,
                    now,
                    audit::GENESIS
                )?;
                Ok(rows == 1)
            })
        })
        .await
    }

    /// The organisation with this identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organisation(&self, id: &str) -> Result<Option<Organisation>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(&mut tx, (String, String), "SELECT id, name FROM organisations WHERE id = $1", id)?;
        Ok(row.map(|(id, name)| Organisation { id, name }))
    }

    /// Every organisation, by identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn organisations(&self) -> Result<Vec<Organisation>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(&mut tx, (String, String), "SELECT id, name FROM organisations ORDER BY id")?;
        Ok(rows.into_iter().map(|(id, name)| Organisation { id, name }).collect())
    }
}
