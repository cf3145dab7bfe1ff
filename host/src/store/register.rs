//! Reading every record of a kind, page by page.

use super::records::{COLUMNS, Row, record};
use super::tx::{Bind, fetch_built};
use super::{Store, StoreError};
use crate::domain::record::Record;

impl Store {
    /// The records of a kind after an identifier, in the order of the identifiers, at most `limit`. An empty identifier
    /// is before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page_of_kind(
        &self,
        org: &str,
        kind: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Record>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM records r WHERE r.org = $1 AND r.kind = $2 AND r.id > $3 ORDER BY r.id LIMIT $4"
        );
        let binds = [org, kind, after].map(|text| Bind::Text(text.to_owned()));
        let binds = binds.into_iter().chain([Bind::Int(limit)]).collect();
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(record).collect()
    }
}
