//! Attachments of records: what is known about the files; their bytes are with [`super::blobs`].

use super::comments::{places, retraction, seen_by};
use super::tx::{Bind, execute, fetch_built, fetch_optional};
use super::{Store, StoreError, Tx, reindex};
use crate::domain::Instant;
use crate::domain::attachment::Attachment;
use crate::domain::work::Retraction;

pub(super) type Row = (
    String,
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
    String,
    i64,
    String,
    Option<i64>,
    Option<String>,
    Option<String>,
);

pub(super) const COLUMNS: &str = "id, org, number, at, author, role, visibility, name, media_type, size, sha256, retracted_at, \
     retracted_by, retract_reason";

pub(super) fn attachment(row: Row) -> Result<Attachment, StoreError> {
    let (id, org, number, at, author, role, visibility, name, media_type, size, sha256, retracted_at, by, reason) = row;
    Ok(Attachment {
        visibility: seen_by(&id, &visibility)?,
        id,
        org,
        number,
        at: Instant(at),
        author,
        role,
        name,
        media_type,
        size,
        sha256,
        retracted: retraction(retracted_at, by, reason),
    })
}

pub(super) async fn insert(tx: &mut Tx, attachment: &Attachment) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO attachments (id, org, number, at, author, role, visibility, name, media_type, size, sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &attachment.id,
        &attachment.org,
        &attachment.number,
        attachment.at.0,
        &attachment.author,
        &attachment.role,
        attachment.visibility.as_str(),
        &attachment.name,
        &attachment.media_type,
        attachment.size,
        &attachment.sha256
    )?;
    reindex::wait(tx, &attachment.org, &attachment.number).await
}

pub(super) async fn retract(tx: &mut Tx, org: &str, id: &str, by: &Retraction) -> Result<(), StoreError> {
    let row = fetch_optional!(
        &mut *tx,
        (String,),
        "UPDATE attachments SET retracted_at = $3, retracted_by = $4, retract_reason = $5
         WHERE org = $1 AND id = $2 AND retracted_at IS NULL RETURNING number",
        org,
        id,
        by.at.0,
        &by.by,
        &by.reason
    )?;
    let Some((number,)) = row else { return Err(StoreError::Stale(format!("attachment {id}"))) };
    reindex::wait(tx, org, &number).await
}

impl Store {
    /// Attachments of these records behind one of them, oldest first; only public ones where that is asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attachments(
        &self,
        org: &str,
        numbers: &[String],
        public_only: bool,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Attachment>, StoreError> {
        let mut binds = vec![Bind::Text(org.to_owned())];
        let numbers = places(&mut binds, numbers);
        let mut sql = format!("SELECT {COLUMNS} FROM attachments WHERE org = $1 AND number IN ({numbers})");
        binds.push(Bind::Text(after.to_owned()));
        sql.push_str(&format!(" AND id > ${}", binds.len()));
        if public_only {
            sql.push_str(" AND visibility = 'public'");
        }
        binds.push(Bind::Int(limit));
        sql.push_str(&format!(" ORDER BY id LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(attachment).collect()
    }

    /// An organisation's attachments behind one of them, in the order of their making: for exports and checks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_attachments(&self, org: &str, after: &str, limit: i64) -> Result<Vec<Attachment>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM attachments WHERE org = $1 AND id > $2 ORDER BY id LIMIT $3");
        let binds = vec![Bind::Text(org.to_owned()), Bind::Text(after.to_owned()), Bind::Int(limit)];
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(attachment).collect()
    }

    /// The attachment with this identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attachment(&self, org: &str, id: &str) -> Result<Option<Attachment>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM attachments WHERE org = $1 AND id = $2");
        let mut tx = self.read().await?;
        let binds = vec![Bind::Text(org.to_owned()), Bind::Text(id.to_owned())];
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().next().map(attachment).transpose()
    }
}
