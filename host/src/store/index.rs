//! The index of field values: what lists filter and sort by.
//!
//! A record's indexed values, and the columns that every list may use, are kept twice. In `field_index`, one row a
//! value, they are in order: a list walks them. In `facets`, one row a record, they are one text: a list tests there
//! what it does not walk by. Both are written with the record.
//!
//! A row by which lists are walked in time also has a signature of all facets of its record: 64 bits, of which each value
//! sets one. A list that lets few records through looks up the facets of those only whose signature has the bits that its
//! filters want, which is one in twenty instead of all.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::tx::{Bind, Tx, execute, execute_built, fetch_optional};
use super::unit::insert_rows;
use super::{Backend, StoreError};
use crate::domain::record::Record;
use crate::domain::time::Instant;

/// The path that every record of a kind has, with an empty value: it lists them by the time of their making.
pub const ALL: &str = "";

/// Columns of a record that are indexed like fields. `updated_at` is kept as the text of an instant.
pub const COLUMNS: [&str; 5] = ["state", "owner", "number", "created_by", "updated_at"];

/// Stands between the tokens of [`Facets::text`]; no value holds a control character.
pub(super) const SEPARATOR: char = '\u{1f}';

/// A signature that has all bits: no filter says no to it. Rows that were written before there were signatures have it,
/// and those by which nothing is walked in time, since a change of the record would have to write all of them.
pub(super) const UNSIGNED: i64 = -1;

/// Milliseconds go above these bits of a key; below them records of one millisecond are counted.
const COUNT_BITS: u32 = 20;

/// The number that stands for a path of a kind in an organisation. It is a hash, so that nothing has to hand it out;
/// 63 bits of it, so that no two paths of an installation meet.
pub fn path(org: &str, kind: &str, path: &str) -> i64 {
    let digest = Sha256::digest(format!("{org}\0{kind}\0{path}"));
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes) & i64::MAX
}

/// The smallest key that a record made at `at` can have.
pub fn first_key(at: Instant) -> i64 {
    at.0.clamp(0, i64::MAX >> COUNT_BITS) << COUNT_BITS
}

/// A key for a record made at `at`; `count` tells it from the others of that millisecond.
pub(super) fn key(at: Instant, count: i64) -> i64 {
    first_key(at) | (count & ((1 << COUNT_BITS) - 1))
}

/// The indexed values of one record, each path and value once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facets(BTreeSet<(String, String)>);

impl Facets {
    /// The values of the kind's indexed paths with those of the columns that every record has.
    pub(super) fn of(record: &Record, entries: impl IntoIterator<Item = (String, String)>) -> Self {
        let columns = [
            (ALL, String::new()),
            ("state", record.state.clone()),
            ("owner", record.owner.clone()),
            ("number", record.number.clone()),
            ("created_by", record.created_by.clone()),
            ("updated_at", record.updated_at.sortable()),
        ];
        let columns = columns.into_iter().map(|(path, value)| (path.to_owned(), value));
        let entries = entries.into_iter().filter(|(path, _)| !is_column(path));
        let plain = |(path, value): (String, String)| (path, value.replace(SEPARATOR, " "));
        Self(columns.chain(entries).map(plain).collect())
    }

    /// The same, with the fields' values as they were before.
    fn unchanged(self, record: &Record) -> Self {
        Self::of(record, self.0)
    }

    /// One text: every path and value between separators.
    pub(super) fn text(&self) -> String {
        let mut text = String::from(SEPARATOR);
        for (path, value) in &self.0 {
            text.push_str(path);
            text.push('=');
            text.push_str(value);
            text.push(SEPARATOR);
        }
        text
    }

    /// The bits of all values.
    pub(super) fn signature(&self) -> i64 {
        self.pairs().filter_map(|(path, value)| bit(path, value)).fold(0, |all, bit| all | bit)
    }

    /// Every path and value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, value)| (path.as_str(), value.as_str()))
    }

    /// What other facets lack of these, and what they have too much.
    pub(super) fn faults(&self, found: &Self) -> Vec<IndexFault> {
        let missing = self.0.difference(&found.0).map(|(path, value)| IndexFault::missing(path, value));
        let surplus = found.0.difference(&self.0).map(|(path, value)| IndexFault {
            path: path.clone(),
            value: value.clone(),
            missing: false,
        });
        missing.chain(surplus).collect()
    }

    pub(super) fn parse(text: &str) -> Self {
        let tokens = text.split(SEPARATOR).filter_map(|token| token.split_once('='));
        Self(tokens.map(|(path, value)| (path.to_owned(), value.to_owned())).collect())
    }

    /// Rows of `field_index`.
    pub(super) fn rows<'f>(&'f self, record: &'f Record, key: i64) -> impl Iterator<Item = Row<'f>> + 'f {
        Row::all(record, key, self.signature(), &self.0)
    }
}

/// A row of `field_index`; rows in their order lie beside each other there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row<'f> {
    path: i64,
    value: &'f str,
    key: i64,
    signature: i64,
}

impl<'f> Row<'f> {
    /// The rows for some values of a record whose facets have this signature.
    fn all(
        record: &'f Record,
        key: i64,
        signature: i64,
        values: impl IntoIterator<Item = &'f (String, String)>,
    ) -> impl Iterator<Item = Self> {
        values.into_iter().map(move |(name, value)| {
            let signature = if is_signed(name, value) { signature } else { UNSIGNED };
            Self { path: path(&record.org, &record.kind, name), value, key, signature }
        })
    }
}

/// Whether rows of this path and value have a signature: lists are walked in time by them.
fn is_signed(path: &str, value: &str) -> bool {
    path == ALL || is_moment(value)
}

/// Whether a value is a date or an instant, as `domain::record::index_entries` writes them.
pub(super) fn is_moment(value: &str) -> bool {
    let digits = |range| value.get(range).is_some_and(|part: &str| part.bytes().all(|byte| byte.is_ascii_digit()));
    digits(0..4) && value.get(4..5) == Some("-") && digits(5..7) && value.get(7..8) == Some("-")
}

/// The bit that a value sets in a signature; none for values that lists are seldom filtered by.
pub(super) fn bit(path: &str, value: &str) -> Option<i64> {
    if path == "number" || is_signed(path, value) {
        return None;
    }
    // FNV-1a, written out: signatures are stored, so that it must never be another function.
    let bytes = path.bytes().chain([b'=']).chain(value.bytes());
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, step);
    Some(1_i64 << (hash >> 58))
}

/// A value that the index lacks, or has too much.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexFault {
    /// The path; [`ALL`] for the record itself.
    pub path: String,
    /// The value.
    pub value: String,
    /// Whether it is lacking.
    pub missing: bool,
}

impl IndexFault {
    pub(super) fn missing(path: &str, value: &str) -> Self {
        Self { path: path.to_owned(), value: value.to_owned(), missing: true }
    }
}

/// What is looked for in [`Facets::text`], to be bound to a query.
pub(super) mod token {
    use super::SEPARATOR;

    /// What stands before the values of a path.
    pub(in crate::store) fn path(path: &str) -> String {
        format!("{SEPARATOR}{path}=")
    }

    /// A path with one of its values.
    pub(in crate::store) fn value(path: &str, value: &str) -> String {
        format!("{SEPARATOR}{path}={value}{SEPARATOR}")
    }

    /// What a text that follows on a path begins with, or is greater than, if the value there is not empty.
    pub(in crate::store) const FIRST: &str = " ";
}

/// The database's name for the place of a text in another one, from 1; 0 when it is not there.
pub(super) fn position(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "instr",
        Backend::Postgres => "strpos",
    }
}

/// SQL for what follows on a path in `tokens`: its value, a separator, and more. In the order of texts it stands to
/// any text without control characters as the value alone does, but that it is greater than the value itself.
/// `place` is where [`token::path`] is bound; the path must be there.
pub(super) fn following(backend: Backend, tokens: &str, path: &str, place: &str) -> String {
    let length = token::path(path).chars().count();
    format!("substr({tokens}, {}({tokens}, {place}) + {length})", position(backend))
}

fn is_column(path: &str) -> bool {
    path == ALL || COLUMNS.contains(&path)
}

/// Writes the difference between what the index says of a record and what it shall say. Without entries the fields'
/// values are as they were.
pub(super) async fn update(
    tx: &mut Tx,
    record: &Record,
    key: i64,
    entries: Option<&[(String, String)]>,
) -> Result<(), StoreError> {
    let stored = fetch_optional!(&mut *tx, (String,), "SELECT tokens FROM facets WHERE record = $1", key)?;
    let known = stored.is_some();
    let old = stored.map(|(text,)| Facets::parse(&text)).unwrap_or_default();
    let new = match entries {
        Some(entries) => Facets::of(record, entries.iter().cloned()),
        None => old.clone().unchanged(record),
    };
    if old == new {
        return Ok(());
    }
    for (name, value) in old.0.difference(&new.0) {
        execute!(
            &mut *tx,
            "DELETE FROM field_index WHERE path = $1 AND value = $2 AND record = $3",
            path(&record.org, &record.kind, name),
            value,
            key
        )?;
    }
    let signature = new.signature();
    insert_values(tx, Row::all(record, key, signature, new.0.difference(&old.0))).await?;
    if signature != old.signature() {
        sign(tx, Row::all(record, key, signature, new.0.intersection(&old.0))).await?;
    }
    if known {
        execute!(&mut *tx, "UPDATE facets SET tokens = $2 WHERE record = $1", key, new.text())?;
    } else {
        execute!(&mut *tx, "INSERT INTO facets (record, tokens) VALUES ($1, $2)", key, new.text())?;
    }
    Ok(())
}

/// A record with its key, its facets as they are stored, and the values that its index shall hold.
pub(super) struct Refit {
    pub(super) record: Record,
    pub(super) key: i64,
    pub(super) tokens: Option<String>,
    pub(super) entries: Vec<(String, String)>,
}

/// Does for many records of a kind what [`update`] does for one.
pub(super) async fn update_all(tx: &mut Tx, all: &[Refit]) -> Result<(), StoreError> {
    let mut changed: Vec<(&Refit, Facets, Facets)> = Vec::new();
    for one in all {
        let old = one.tokens.as_deref().map(Facets::parse).unwrap_or_default();
        let new = Facets::of(&one.record, one.entries.iter().cloned());
        if old != new {
            changed.push((one, old, new));
        }
    }
    let (mut added, mut kept) = (Vec::new(), Vec::new());
    for (one, old, new) in &changed {
        let (org, kind) = (one.record.org.as_str(), one.record.kind.as_str());
        let signature = new.signature();
        for (name, value) in old.0.difference(&new.0) {
            execute!(
                &mut *tx,
                "DELETE FROM field_index WHERE path = $1 AND value = $2 AND record = $3",
                path(org, kind, name),
                value,
                one.key
            )?;
        }
        added.extend(Row::all(&one.record, one.key, signature, new.0.difference(&old.0)));
        if signature != old.signature() {
            kept.extend(Row::all(&one.record, one.key, signature, new.0.intersection(&old.0)));
        }
    }
    // In the order of the index, so that neighbours are written together.
    added.sort_unstable();
    insert_values(tx, added).await?;
    kept.sort_unstable();
    sign(tx, kept).await?;
    for chunk in changed.chunks(256) {
        let places: Vec<String> = (1..=chunk.len()).map(|n| format!("${n}")).collect();
        let sql = format!("DELETE FROM facets WHERE record IN ({})", places.join(", "));
        execute_built(tx, sql, chunk.iter().map(|(one, ..)| Bind::Int(one.key)).collect()).await?;
    }
    let rows = changed.iter().map(|(one, _, new)| [Bind::Int(one.key), Bind::Text(new.text())]);
    insert_rows(tx, "INSERT INTO facets (record, tokens) VALUES ", rows.collect()).await
}

/// Inserts rows of `field_index`.
pub(super) async fn insert_values<'f>(tx: &mut Tx, rows: impl IntoIterator<Item = Row<'f>>) -> Result<(), StoreError> {
    let binds = |row: Row<'_>| {
        [Bind::Int(row.path), Bind::Text(row.value.to_owned()), Bind::Int(row.key), Bind::Int(row.signature)]
    };
    let rows = rows.into_iter().map(binds).collect();
    insert_rows(tx, "INSERT INTO field_index (path, value, record, signature) VALUES ", rows).await
}

/// Gives rows that are there already the signature that their record has now.
async fn sign<'f>(tx: &mut Tx, rows: impl IntoIterator<Item = Row<'f>>) -> Result<(), StoreError> {
    for Row { path, value, key, signature } in rows {
        if signature != UNSIGNED {
            execute!(
                &mut *tx,
                "UPDATE field_index SET signature = $4 WHERE path = $1 AND value = $2 AND record = $3",
                path,
                value,
                key,
                signature
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Map;

    use super::*;

    fn record(state: &str) -> Record {
        Record {
            id: "id".to_owned(),
            org: "o".to_owned(),
            kind: "incident".to_owned(),
            number: "INC-2026-000001".to_owned(),
            title: "t".to_owned(),
            state: state.to_owned(),
            owner: "li".to_owned(),
            revision: 1,
            created_at: Instant(5),
            created_by: "wang".to_owned(),
            updated_at: Instant(6),
            kind_version: 0,
            data: Map::new(),
        }
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(p, v)| ((*p).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn facets_read_back_from_their_text() {
        let facets = Facets::of(&record("new"), pairs(&[("a", "x=y"), ("a", ""), ("b.c", "二"), ("state", "forged")]));
        assert_eq!(Facets::parse(&facets.text()), facets);
        assert!(facets.text().contains("\u{1f}a=x=y\u{1f}"));
        assert!(facets.text().contains("\u{1f}state=new\u{1f}") && !facets.text().contains("forged"));
        let moved = facets.clone().unchanged(&record("closed"));
        assert_eq!(moved.0.difference(&facets.0).collect::<Vec<_>>(), [&("state".to_owned(), "closed".to_owned())]);
    }

    #[test]
    fn a_signature_has_the_bits_of_all_values_that_lists_are_filtered_by() {
        let facets = Facets::of(&record("new"), pairs(&[("priority", "P1"), ("due", "2026-03-31"), ("note", "")]));
        let signature = facets.signature();
        for (path, value) in [("state", "new"), ("priority", "P1"), ("note", ""), ("owner", "li")] {
            assert_ne!(signature & bit(path, value).unwrap(), 0, "{path}");
        }
        for (path, value) in
            [("number", "INC-2026-000001"), ("due", "2026-03-31"), (ALL, ""), ("updated_at", "2026-03-31T")]
        {
            assert_eq!(bit(path, value), None, "{path}");
        }
        // Stored, and therefore the same for ever.
        assert_eq!((bit("state", "new"), bit("priority", "P1")), (Some(1 << 49), Some(1 << 2)));
        let record = record("new");
        let signed = facets.rows(&record, 7).filter(|row| row.signature == signature).count();
        // The record itself, when it changed, and when it is due.
        assert_eq!(signed, 3);
        assert!(facets.rows(&record, 7).all(|row| row.signature == signature || row.signature == UNSIGNED));
        assert!(
            !is_moment("2026")
                && !is_moment("09007199254740995")
                && !is_moment("二〇二六-03")
                && is_moment("2026-03-31")
        );
    }

    #[test]
    fn keys_order_records_by_time_and_then_by_count() {
        let at = Instant(1_770_000_000_000);
        assert!(key(at, 1) > key(at, 0));
        assert!(key(at, (1 << COUNT_BITS) - 1) < first_key(Instant(at.0 + 1)));
        assert_eq!(key(at, 1 << COUNT_BITS), first_key(at));
        assert_eq!(first_key(Instant(-1)), 0);
    }

    #[test]
    fn paths_of_organisations_and_kinds_differ() {
        let one = path("o", "incident", "state");
        assert!(one > 0);
        for other in [path("p", "incident", "state"), path("o", "problem", "state"), path("o", "incident", "owner")] {
            assert_ne!(one, other);
        }
    }
}
