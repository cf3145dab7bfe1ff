//! Reading the graph of what depends on what: all of it, and what has changed since.

use super::tx::{Bind, fetch_all, fetch_built, fetch_optional};
use super::{Store, StoreError};

/// One reference of a record, or a record without any: number and state, then relation, target and redundancy group.
pub type GraphRow = (String, String, Option<String>, Option<String>, Option<String>);

/// Which records of a kind are read.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// Every one.
    All,
    /// Those in none of these states.
    NotIn(&'a [&'a str]),
}

impl Store {
    /// The records of a kind with their references, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn graph_of_kind(&self, org: &str, kind: &str, which: Which<'_>) -> Result<Vec<GraphRow>, StoreError> {
        let mut binds = vec![Bind::Text(org.to_owned()), Bind::Text(kind.to_owned())];
        let mut sql = "SELECT r.number, r.state, l.rel, l.target, l.redundancy
             FROM records r LEFT JOIN links l ON l.org = r.org AND l.source_id = r.id
             WHERE r.org = $1 AND r.kind = $2"
            .to_owned();
        if let Which::NotIn(states @ [_, ..]) = which {
            let places: Vec<String> = (3..states.len() + 3).map(|n| format!("${n}")).collect();
            sql.push_str(&format!(" AND r.state NOT IN ({})", places.join(", ")));
            binds.extend(states.iter().map(|state| Bind::Text((*state).to_owned())));
        }
        let mut tx = self.read().await?;
        Ok(fetch_built(&mut tx, sql, binds).await?)
    }

    /// The records with these numbers with their references, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn graph_of(&self, org: &str, numbers: &[String]) -> Result<Vec<GraphRow>, StoreError> {
        const CHUNK: usize = 500;
        let mut found = Vec::new();
        let mut tx = self.read().await?;
        for chunk in numbers.chunks(CHUNK) {
            let places: Vec<String> = (2..chunk.len() + 2).map(|n| format!("${n}")).collect();
            let sql = format!(
                "SELECT r.number, r.state, l.rel, l.target, l.redundancy
                 FROM records r LEFT JOIN links l ON l.org = r.org AND l.source_id = r.id
                 WHERE r.org = $1 AND r.number IN ({})",
                places.join(", ")
            );
            let mut binds = vec![Bind::Text(org.to_owned())];
            binds.extend(chunk.iter().cloned().map(Bind::Text));
            found.extend(fetch_built::<GraphRow>(&mut tx, sql, binds).await?);
        }
        Ok(found)
    }

    /// The place of the newest audit entry; 0 when there is none. Every change of a record has an entry, and entries
    /// become visible in order, so that who has followed to this place knows every change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_place(&self, org: &str) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(&mut tx, (i64,), "SELECT audit_seq FROM organisations WHERE id = $1", org)?;
        Ok(row.map_or(0, |(seq,)| seq))
    }

    /// The numbers that audit entries after one place and up to another are about, each once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audited(&self, org: &str, after: i64, upto: i64) -> Result<Vec<String>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (String,),
            "SELECT DISTINCT number FROM audit WHERE org = $1 AND seq > $2 AND seq <= $3",
            org,
            after,
            upto
        )?;
        Ok(rows.into_iter().map(|(number,)| number).collect())
    }
}
