//! Keys that make a creation safe to repeat.

use super::tx::{execute, fetch_optional};
use super::{Store, StoreError};

impl Store {
    /// What a user's key stands for: the hash of the request and the number of the record it made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn idempotent(&self, org: &str, user: &str, key: &str) -> Result<Option<(String, String)>, StoreError> {
        let mut tx = self.read().await?;
        Ok(fetch_optional!(
            &mut tx,
            (String, String),
            "SELECT request_hash, number FROM idempotency WHERE org = $1 AND user_name = $2 AND key = $3",
            org,
            user,
            key
        )?)
    }

    /// Forgets keys older than `before` (milliseconds).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_keys(&self, before: i64) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move { Ok(execute!(tx, "DELETE FROM idempotency WHERE at < $1", before)?) })
        })
        .await
    }
}
