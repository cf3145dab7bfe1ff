//! Lists of records: filters and sort by indexed fields, pages by keyset.
//!
//! A page is read in one of two ways. A *walk* goes along the index in the order of the list and tests each record's
//! facets until the page is full; it costs as much as the filters let few records through. A *drive* takes all the
//! records that one filter names, tests and sorts them; it costs as much as that filter names many. Neither knows how
//! large the table is. Which one it is, is found out by counting, up to a bound, what each filter names. Words that are
//! looked for are a filter as well ([`text`]).

mod plan;
mod query;
mod text;

use std::collections::HashMap;

use super::records::{COLUMNS, Row, record};
use super::tx::{Tx, fetch_built};
use super::words::TextQuery;
use super::{Store, StoreError};
use crate::domain::record::Record;
use plan::Asked;
pub use plan::Bounds;
pub(super) use query::Query;

/// Which records of a kind, and in which order. Field names are checked by the caller; values are in the index's
/// sortable form.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// Organisation.
    pub org: String,
    /// Kind's slug.
    pub kind: String,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Order.
    pub sort: SortKey,
    /// True for the greatest first.
    pub descending: bool,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Records a page.
    pub limit: usize,
    /// Only some of the records that there are; none for all.
    pub only: Option<Only>,
    /// Only records that the index of words finds.
    pub text: Option<TextQuery>,
}

/// The restriction to some records: those that one of the branches lets through.
#[derive(Clone, Debug, Default)]
pub struct Only(pub Vec<Branch>);

/// What all has to hold of a record that a branch lets through; what tells most records apart comes first, because the
/// branch is driven by it.
pub type Branch = Vec<OneOf>;

/// A path that has to have one of some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOf {
    /// An indexed path of the kind, or one of [`super::index::COLUMNS`].
    pub path: String,
    /// The values, in the index's sortable form.
    pub values: Vec<String>,
}

/// What a filter looks at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Subject {
    /// When the record was made; values are milliseconds.
    Created,
    /// An indexed path of the kind, or one of [`super::index::COLUMNS`]; true when a record may have several values.
    Path(String, bool),
}

/// A condition on one subject.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Filter {
    /// What it looks at.
    pub subject: Subject,
    /// Which values pass.
    pub test: Test,
}

/// Which values pass.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Test {
    /// One of these.
    AnyOf(Vec<String>),
    /// None of these.
    NoneOf(Vec<String>),
    /// From the first, inclusive, to the second, exclusive; no value at all lies in no range.
    Between(Option<String>, Option<String>),
}

/// What the list is ordered by; the record's identifier breaks ties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// When the record was made.
    Created,
    /// An indexed path, or one of [`super::index::COLUMNS`].
    Path(String),
}

/// The last row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its sort value (empty for [`SortKey::Created`]).
    pub value: String,
    /// Its key.
    pub key: i64,
}

/// A page of records.
#[derive(Clone, Debug)]
pub struct Page {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page starts; none on the last.
    pub next: Option<Cursor>,
}

/// Records fetched by one statement.
const CHUNK: usize = 64;

pub(super) type KeyedRow =
    (String, String, String, String, String, String, String, i64, i64, String, i64, String, i64, i64);

impl Store {
    /// A page of records.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, query: &ListQuery) -> Result<Page, StoreError> {
        self.list_within(query, Bounds::default()).await
    }

    /// A page of records, read in the way that these bounds make the best. They change no result.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_within(&self, query: &ListQuery, bounds: Bounds) -> Result<Page, StoreError> {
        if query.only.as_ref().is_some_and(|only| only.0.is_empty()) {
            return Ok(Page { records: Vec::new(), next: None });
        }
        let mut tx = self.read().await?;
        let mut places = text::places(&mut tx, &Asked::new(self.backend(), query, bounds)).await?;
        let more = places.len() > query.limit;
        places.truncate(query.limit);
        let next = places.last().filter(|_| more).cloned();
        let keys: Vec<i64> = places.iter().map(|place| place.key).collect();
        Ok(Page { records: self.by_keys(&mut tx, &query.org, &keys).await?, next })
    }

    /// The records with these keys, in this order; a key of no record of the organisation is left out.
    async fn by_keys(&self, tx: &mut Tx, org: &str, keys: &[i64]) -> Result<Vec<Record>, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        for chunk in keys.chunks(CHUNK) {
            let mut q = Query::new(self.backend(), org, "");
            let (org, places) = (q.text(org), q.padded(chunk));
            let sql = format!("SELECT {COLUMNS}, r.key FROM records r WHERE r.org = {org} AND r.key IN ({places})");
            found.extend(by_key(fetch_built(tx, sql, q.binds).await?)?);
        }
        Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
    }
}

/// Rows with their keys, as records.
pub(super) fn by_key(rows: Vec<KeyedRow>) -> Result<Vec<(i64, Record)>, StoreError> {
    let keyed = |row: KeyedRow| {
        let (a, b, c, d, e, f, g, h, i, j, k, l, m, key) = row;
        let row: Row = (a, b, c, d, e, f, g, h, i, j, k, l, m);
        Ok((key, record(row)?))
    };
    rows.into_iter().map(keyed).collect()
}
