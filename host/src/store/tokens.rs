//! Bearer tokens, stored as the SHA-256 of their text.

use super::tx::{execute, fetch_all, fetch_optional};
use super::{Store, StoreError};

/// A token as it is kept: never its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Identifier to list and revoke it by.
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Who acts with it.
    pub user: String,
    /// Roles, separated by commas.
    pub roles: String,
    /// What it is for.
    pub label: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds; none = until revoked.
    pub expires_at: Option<i64>,
    /// Milliseconds.
    pub revoked_at: Option<i64>,
}

type Row = (String, String, String, String, String, i64, Option<i64>, Option<i64>);

fn token(row: Row) -> TokenRow {
    let (id, org, user, roles, label, created_at, expires_at, revoked_at) = row;
    TokenRow { id, org, user, roles, label, created_at, expires_at, revoked_at }
}

impl Store {
    /// Adds a token under the hash of its text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_token(&self, hash: String, token: TokenRow) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO tokens (hash, id, org, user_name, roles, label, created_at, expires_at, revoked_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                    hash,
                    token.id,
                    token.org,
                    token.user,
                    token.roles,
                    token.label,
                    token.created_at,
                    token.expires_at,
                    token.revoked_at
                )?;
                Ok(())
            })
        })
        .await
    }

    /// The token whose text has this hash, expired and revoked ones as well.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, hash: &str) -> Result<Option<TokenRow>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            Row,
            "SELECT id, org, user_name, roles, label, created_at, expires_at, revoked_at FROM tokens WHERE hash = $1",
            hash
        )?;
        Ok(row.map(token))
    }

    /// An organisation's tokens, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self, org: &str) -> Result<Vec<TokenRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT id, org, user_name, roles, label, created_at, expires_at, revoked_at
             FROM tokens WHERE org = $1 ORDER BY created_at, id",
            org
        )?;
        Ok(rows.into_iter().map(token).collect())
    }

    /// Revokes a token; gives false when there is none with this identifier, or it was revoked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, org: &str, id: &str, now: i64) -> Result<bool, StoreError> {
        let (org, id) = (org.to_owned(), id.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    tx,
                    "UPDATE tokens SET revoked_at = $3 WHERE org = $1 AND id = $2 AND revoked_at IS NULL",
                    org,
                    id,
                    now
                )?;
                Ok(rows == 1)
            })
        })
        .await
    }
}
