//! The access log.

use super::tx::{Bind, fetch_all, fetch_optional};
use super::unit::insert_rows;
use super::{Store, StoreError};
use crate::domain::reading::Access;
use crate::domain::time::Instant;

const INSERT: &str = "INSERT INTO accesses (org, id, at, number, user_name, role, action) VALUES ";

type Row = (String, i64, String, String, String, String);

fn access((id, at, number, user, role, action): Row) -> Access {
    Access { id, at: Instant(at), number, user, role, action }
}

impl Store {
    /// Writes entries; they are durable when it returns.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_accesses(&self, org: &str, entries: Vec<Access>) -> Result<(), StoreError> {
        let org = org.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let rows = entries.into_iter().map(|entry| {
                    [
                        Bind::Text(org.clone()),
                        Bind::Text(entry.id),
                        Bind::Int(entry.at.0),
                        Bind::Text(entry.number),
                        Bind::Text(entry.user),
                        Bind::Text(entry.role),
                        Bind::Text(entry.action),
                    ]
                });
                insert_rows(tx, INSERT, rows.collect()).await
            })
        })
        .await
    }

    /// How many entries an organisation has from one instant to another.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accesses_within(&self, org: &str, from: Instant, to: Instant) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let count = fetch_optional!(
            &mut tx,
            (i64,),
            "SELECT COUNT(*) FROM accesses WHERE org = $1 AND at >= $2 AND at < $3",
            org,
            from.0,
            to.0
        )?;
        Ok(count.map_or(0, |(count,)| count))
    }

    /// Entries about a record before one of them, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accesses(
        &self,
        org: &str,
        number: &str,
        before: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Access>, StoreError> {
        let mut tx = self.read().await?;
        let rows = match before {
            None => fetch_all!(
                &mut tx,
                Row,
                "SELECT id, at, number, user_name, role, action FROM accesses
                 WHERE org = $1 AND number = $2 ORDER BY id DESC LIMIT $3",
                org,
                number,
                limit
            )?,
            Some(before) => fetch_all!(
                &mut tx,
                Row,
                "SELECT id, at, number, user_name, role, action FROM accesses
                 WHERE org = $1 AND number = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
                org,
                number,
                before,
                limit
            )?,
        };
        Ok(rows.into_iter().map(access).collect())
    }
}
