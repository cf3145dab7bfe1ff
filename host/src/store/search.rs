//! Finding records by their words.

use super::listing::{Query, by_key};
use super::records::COLUMNS;
use super::tx::{Bind, fetch_built};
use super::words::{self, TextQuery};
use super::{Store, StoreError};
use crate::domain::record::Record;

/// Records or comments fetched by one statement.
const CHUNK: usize = 64;

/// Which of the records that the index finds are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Slugs of their kinds.
    pub kinds: Vec<String>,
    /// Any kind will do.
    pub all_kinds: bool,
    /// Their states; empty for any.
    pub states: Vec<String>,
}

/// A part of what the index finds.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Key and record, newest first.
    pub found: Vec<(i64, Record)>,
    /// The key that was looked at last; none when there is nothing beyond it.
    pub last: Option<i64>,
}

impl Store {
    /// Looks at the next `size` records that the index finds, newest first, older than `before`, and gives those that
    /// are wanted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        org: &str,
        query: &TextQuery,
        wanted: &Wanted,
        before: Option<i64>,
        size: usize,
    ) -> Result<Chunk, StoreError> {
        let mut tx = self.read().await?;
        let keys = words::keys(&mut tx, self.backend(), org, query, before, size).await?;
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let mut q = Query::new(self.backend(), org, "");
            let org = q.text(org);
            let places = q.padded(chunk);
            let mut sql = format!("SELECT {COLUMNS}, r.key FROM records r WHERE r.org = {org} AND r.key IN ({places})");
            let mut only = |column: &str, values: &[String]| {
                let places: Vec<String> = values.iter().map(|value| q.text(value)).collect();
                sql += &format!(" AND r.{column} IN ({})", places.join(", "));
            };
            if !wanted.all_kinds {
                only("kind", &wanted.kinds);
            }
            if !wanted.states.is_empty() {
                only("state", &wanted.states);
            }
            found.extend(by_key(fetch_built(&mut tx, sql, q.binds).await?)?);
        }
        found.sort_unstable_by_key(|(key, _)| std::cmp::Reverse(*key));
        let last = keys.last().copied().filter(|_| keys.len() == size);
        Ok(Chunk { found, last })
    }

    /// The comments and the names of the files of records with these numbers: number, `comment` or `attachment`, text; also
    /// those for staff only where `internal`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn texts_beside(
        &self,
        org: &str,
        numbers: &[String],
        internal: bool,
    ) -> Result<Vec<(String, String, String)>, StoreError> {
        let mut found = Vec::new();
        if numbers.is_empty() {
            return Ok(found);
        }
        let mut tx = self.read().await?;
        for chunk in numbers.chunks(CHUNK) {
            let places: Vec<String> = (2..chunk.len() + 2).map(|n| format!("${n}")).collect();
            let public = if internal { "" } else { " AND visibility = 'public'" };
            let of = format!("WHERE org = $1 AND number IN ({}) AND retracted_at IS NULL{public}", places.join(", "));
            let sql = format!(
                "SELECT number, 'comment' AS what, body, id FROM comments {of}
                 UNION ALL SELECT number, 'attachment', name, id FROM attachments {of} ORDER BY 2 DESC, 4"
            );
            let mut binds = vec![Bind::Text(org.to_owned())];
            binds.extend(chunk.iter().cloned().map(Bind::Text));
            let rows = fetch_built::<(String, String, String, String)>(&mut tx, sql, binds).await?;
            found.extend(rows.into_iter().map(|(number, what, text, _)| (number, what, text)));
        }
        Ok(found)
    }
}
