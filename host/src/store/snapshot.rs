//! Reading the graph of what depends on what: all of it, and what has changed since.

use std::collections::HashMap;

use super::tx::{Bind, fetch_all, fetch_built, fetch_optional};
use super::{Store, StoreError, Tx};

/// A record in the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphRow {
    /// Its identifier.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Its state.
    pub state: String,
    /// Relation, target and redundancy group of each of its references.
    pub links: Vec<(String, String, String)>,
}

impl Store {
    /// The records of a kind in a state after an identifier with their references, in the order of the identifiers, at
    /// most `limit`. An empty identifier is before the first.
    ///
    /// Pages, and records before their references: a join of two large tables is a guess of the database's, which goes
    /// wrong on tables that have just been filled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn graph_page(
        &self,
        org: &str,
        kind: &str,
        state: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<GraphRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (String, String, String),
            "SELECT id, number, state FROM records WHERE org = $1 AND kind = $2 AND state = $3 AND id > $4
             ORDER BY id LIMIT $5",
            org,
            kind,
            state,
            after,
            limit
        )?;
        with_links(&mut tx, org, rows).await
    }

    /// The records with these numbers with their references, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn graph_of(&self, org: &str, numbers: &[String]) -> Result<Vec<GraphRow>, StoreError> {
        let mut rows = Vec::new();
        let mut tx = self.read().await?;
        for chunk in numbers.chunks(CHUNK) {
            let sql = format!("SELECT id, number, state FROM records WHERE org = $1 AND number IN ({})", places(chunk));
            rows.extend(fetch_built::<(String, String, String)>(&mut tx, sql, binds(org, chunk)).await?);
        }
        with_links(&mut tx, org, rows).await
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

/// Values that one statement looks for.
const CHUNK: usize = 500;

fn places<T>(chunk: &[T]) -> String {
    (2..chunk.len() + 2).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

fn binds<'a>(org: &'a str, values: impl IntoIterator<Item = &'a String>) -> Vec<Bind> {
    std::iter::once(Bind::Text(org.to_owned())).chain(values.into_iter().cloned().map(Bind::Text)).collect()
}

async fn with_links(tx: &mut Tx, org: &str, rows: Vec<(String, String, String)>) -> Result<Vec<GraphRow>, StoreError> {
    let mut links: HashMap<String, Vec<(String, String, String)>> = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let sql = format!(
            "SELECT source_id, rel, target, redundancy FROM links WHERE org = $1 AND source_id IN ({})",
            places(chunk)
        );
        let found =
            fetch_built::<(String, String, String, String)>(&mut *tx, sql, binds(org, chunk.iter().map(|row| &row.0)));
        for (id, rel, target, group) in found.await? {
            links.entry(id).or_default().push((rel, target, group));
        }
    }
    let row = |(id, number, state): (String, String, String)| {
        let links = links.remove(&id).unwrap_or_default();
        GraphRow { id, number, state, links }
    };
    Ok(rows.into_iter().map(row).collect())
}
