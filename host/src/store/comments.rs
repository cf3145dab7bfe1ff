//! Comments on records.

use super::tx::{Bind, execute, fetch_built, fetch_optional};
use super::{Store, StoreError, Tx, reindex};
use crate::domain::Instant;
use crate::domain::work::{Comment, Retraction, Visibility};

pub(super) type Row =
    (String, String, String, i64, String, String, String, String, i64, Option<i64>, Option<String>, Option<String>);

pub(super) const COLUMNS: &str = "id, org, number, at, author, role, visibility, body, first_answer, retracted_at, retracted_by, \
     retract_reason";

pub(super) fn comment(row: Row) -> Result<Comment, StoreError> {
    let (id, org, number, at, author, role, visibility, text, first_answer, retracted_at, by, reason) = row;
    Ok(Comment {
        visibility: seen_by(&id, &visibility)?,
        id,
        org,
        number,
        at: Instant(at),
        author,
        role,
        text,
        first_answer: first_answer != 0,
        retracted: retraction(retracted_at, by, reason),
    })
}

/// A stored visibility.
pub(super) fn seen_by(id: &str, text: &str) -> Result<Visibility, StoreError> {
    Visibility::parse(text).ok_or_else(|| StoreError::corrupt(id, format!("visibility '{text}'")))
}

/// A stored retraction.
pub(super) fn retraction(at: Option<i64>, by: Option<String>, reason: Option<String>) -> Option<Retraction> {
    let (by, reason) = (by.unwrap_or_default(), reason.unwrap_or_default());
    at.map(|at| Retraction { at: Instant(at), by, reason })
}

pub(super) async fn insert(tx: &mut Tx, comment: &Comment) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO comments (id, org, number, at, author, role, visibility, body, first_answer)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &comment.id,
        &comment.org,
        &comment.number,
        comment.at.0,
        &comment.author,
        &comment.role,
        comment.visibility.as_str(),
        &comment.text,
        i64::from(comment.first_answer)
    )?;
    reindex::wait(tx, &comment.org, &comment.number).await
}

pub(super) async fn retract(tx: &mut Tx, org: &str, id: &str, by: &Retraction) -> Result<(), StoreError> {
    let row = fetch_optional!(
        &mut *tx,
        (String,),
        "UPDATE comments SET retracted_at = $3, retracted_by = $4, retract_reason = $5
         WHERE org = $1 AND id = $2 AND retracted_at IS NULL RETURNING number",
        org,
        id,
        by.at.0,
        &by.by,
        &by.reason
    )?;
    let Some((number,)) = row else { return Err(StoreError::Stale(format!("comment {id}"))) };
    reindex::wait(tx, org, &number).await
}

/// `$2, $3, …` for values bound behind an organisation.
pub(super) fn places(binds: &mut Vec<Bind>, values: &[String]) -> String {
    let places = values.iter().map(|value| {
        binds.push(Bind::Text(value.clone()));
        format!("${}", binds.len())
    });
    places.collect::<Vec<_>>().join(", ")
}

impl Store {
    /// Comments on these records behind one of them, oldest first; only public ones where that is asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn comments(
        &self,
        org: &str,
        numbers: &[String],
        public_only: bool,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Comment>, StoreError> {
        let mut binds = vec![Bind::Text(org.to_owned())];
        let numbers = places(&mut binds, numbers);
        let mut sql = format!("SELECT {COLUMNS} FROM comments WHERE org = $1 AND number IN ({numbers})");
        binds.push(Bind::Text(after.to_owned()));
        sql.push_str(&format!(" AND id > ${}", binds.len()));
        if public_only {
            sql.push_str(" AND visibility = 'public'");
        }
        binds.push(Bind::Int(limit));
        sql.push_str(&format!(" ORDER BY id LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(comment).collect()
    }

    /// The comment with this identifier.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn comment(&self, org: &str, id: &str) -> Result<Option<Comment>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM comments WHERE org = $1 AND id = $2");
        let mut tx = self.read().await?;
        let binds = vec![Bind::Text(org.to_owned()), Bind::Text(id.to_owned())];
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().next().map(comment).transpose()
    }

    /// Whether a comment on the record was its first answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn was_answered(&self, org: &str, number: &str) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (String,),
            "SELECT id FROM comments WHERE org = $1 AND number = $2 AND first_answer = 1 LIMIT 1",
            org,
            number
        )?;
        Ok(row.is_some())
    }
}
