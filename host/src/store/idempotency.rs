//! Keys that make a creation safe to repeat. They are kept: an import or a scenario that runs again a year later still
//! makes nothing twice.

use super::tx::fetch_optional;
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
}
