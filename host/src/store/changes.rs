//! What other changes and blackout windows say about a change: who meets it in time, and how its like went before.

use super::tx::{Bind, fetch_built};
use super::{Store, StoreError, index};

/// Records of a kind that lie in time between two indexed moments.
#[derive(Clone, Copy, Debug)]
pub struct During<'a> {
    /// Kind's slug.
    pub kind: &'a str,
    /// Indexed field of the first moment, and of the moment after the last.
    pub span: (&'a str, &'a str),
    /// States that count.
    pub states: &'a [&'a str],
    /// The time asked about, `[from, to)`, in the index's sortable form.
    pub from: &'a str,
    /// Its end.
    pub to: &'a str,
    /// Relation whose targets are wanted.
    pub rel: &'a str,
}

/// How closed changes of one sort went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PastChanges {
    /// How many there were.
    pub total: i64,
    /// How many of them failed or were backed out.
    pub failed: i64,
}

/// Places in a query text, with what is bound to them.
struct Query(Vec<Bind>);

impl Query {
    fn text(&mut self, value: &str) -> String {
        self.0.push(Bind::Text(value.to_owned()));
        format!("${}", self.0.len())
    }

    fn path(&mut self, org: &str, kind: &str, path: &str) -> String {
        self.0.push(Bind::Int(index::path(org, kind, path)));
        format!("${}", self.0.len())
    }

    fn list<'v>(&mut self, values: impl IntoIterator<Item = &'v str>) -> String {
        values.into_iter().map(|value| self.text(value)).collect::<Vec<_>>().join(", ")
    }
}

impl Store {
    /// The records that overlap a time, by number, each with the targets of one relation; a record without such a
    /// target is there once, with none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn during(&self, org: &str, asked: &During<'_>) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let mut q = Query(Vec::new());
        let last = q.path(org, asked.kind, asked.span.1);
        let first = q.text(&index::token::path(asked.span.0));
        let begins = index::following(self.backend(), "t.tokens", asked.span.0, &first);
        let some = q.text(index::token::FIRST);
        let org = q.text(org);
        let (from, to, rel) = (q.text(asked.from), q.text(asked.to), q.text(asked.rel));
        let states = q.list(asked.states.iter().copied());
        // What ended before is most of the table: the walk starts at the ends that lie in the future. What has no
        // beginning overlaps nothing.
        let sql = format!(
            "SELECT r.number, l.target
             FROM field_index e
             JOIN records r ON r.key = e.record AND r.state IN ({states})
             JOIN facets t ON t.record = e.record AND {begins} >= {some} AND {begins} < {to}
             LEFT JOIN links l ON l.org = {org} AND l.source_id = r.id AND l.rel = {rel}
             WHERE e.path = {last} AND e.value > {from}
             ORDER BY r.number, l.target"
        );
        let mut tx = self.read().await?;
        Ok(fetch_built(&mut tx, sql, q.0).await?)
    }

    /// How the newest `limit` closed changes went of which an indexed field has one of these values.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn past_changes(
        &self,
        org: &str,
        path: &str,
        values: &[String],
        limit: i64,
    ) -> Result<PastChanges, StoreError> {
        if values.is_empty() {
            return Ok(PastChanges::default());
        }
        let mut q = Query(Vec::new());
        let (path, outcome) = (q.path(org, "change", path), q.path(org, "change", "outcome"));
        let values = q.list(values.iter().map(String::as_str));
        let failed = q.list(["failed", "backed-out"]);
        q.0.push(Bind::Int(limit));
        let limit = format!("${}", q.0.len());
        let sql = format!(
            "SELECT COUNT(*), COUNT(o.value)
             FROM (SELECT DISTINCT r.key AS key
                   FROM field_index f JOIN records r ON r.key = f.record AND r.state = 'closed'
                   WHERE f.path = {path} AND f.value IN ({values})
                   ORDER BY r.key DESC LIMIT {limit}) c
             LEFT JOIN field_index o ON o.path = {outcome} AND o.value IN ({failed}) AND o.record = c.key"
        );
        let mut tx = self.read().await?;
        let rows = fetch_built::<(i64, i64)>(&mut tx, sql, q.0).await?;
        Ok(rows.first().map(|&(total, failed)| PastChanges { total, failed }).unwrap_or_default())
    }

    /// Records of a kind in one of these states that name `target` in a relation, each with its revision, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn naming(
        &self,
        org: &str,
        kind: &str,
        states: &[&str],
        rel: &str,
        target: &str,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut q = Query(Vec::new());
        let (org, kind) = (q.text(org), q.text(kind));
        let (rel, target) = (q.text(rel), q.text(target));
        let states = q.list(states.iter().copied());
        let sql = format!(
            "SELECT r.number, r.revision FROM links l JOIN records r ON r.id = l.source_id
             WHERE l.org = {org} AND l.target = {target} AND l.rel = {rel} AND r.kind = {kind} AND r.state IN ({states})"
        );
        let mut tx = self.read().await?;
        Ok(fetch_built(&mut tx, sql, q.0).await?)
    }
}
