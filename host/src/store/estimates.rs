//! What SQLite's planner believes about the tables.
//!
//! It has no statistics of its own, and then takes any equality for one that lets ten rows through. `org = $1` lets all
//! through where a database has one organisation, as most have: a list would read every record of it rather than look up
//! the fifty that it shows. So the planner is told what the first columns of an index on `org` tell apart; for the others
//! its own guess holds. The figures do not depend on what is stored, so that plans do not change with it.

use std::collections::BTreeMap;

use super::tx::{Bind, execute, execute_built, fetch_all, values_list};
use super::{StoreError, Tx};

/// Rows of a table; only their relation to the guesses matters.
const ROWS: i64 = 1_000_000;
/// Rows that share a value, as the planner guesses.
const SHARED: i64 = 10;
/// Columns with few values: each of them is in a tenth of the rows.
const FEW: [&str; 3] = ["kind", "process", "state"];

/// Table, index, and what is told of it.
type Estimate = (String, String, String);

/// Tells the planner of an SQLite database about every index that begins with `org`, unless it knows. Connections that
/// are open already notice, since a table is made anew.
pub(super) async fn tell(tx: &mut Tx) -> Result<(), StoreError> {
    let wanted = estimates(tx).await?;
    if known(tx).await? == wanted {
        return Ok(());
    }
    execute!(&mut *tx, "BEGIN IMMEDIATE")?;
    execute!(&mut *tx, "DROP TABLE IF EXISTS sqlite_stat1")?;
    // Of a table of the system it reads nothing; it makes the table of statistics.
    execute!(&mut *tx, "ANALYZE sqlite_schema")?;
    let sql = format!("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES {}", values_list(tx, wanted.len(), 3));
    let binds = wanted.into_iter().flat_map(|(table, index, stat)| [table, index, stat]).map(Bind::Text).collect();
    execute_built(tx, sql, binds).await?;
    execute!(&mut *tx, "COMMIT")?;
    // And has this connection read it.
    execute!(&mut *tx, "ANALYZE sqlite_schema")?;
    Ok(())
}

async fn known(tx: &mut Tx) -> Result<Vec<Estimate>, StoreError> {
    let table = fetch_all!(&mut *tx, (i64,), "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'")?;
    if table.is_empty() {
        return Ok(Vec::new());
    }
    Ok(fetch_all!(&mut *tx, Estimate, "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx")?)
}

async fn estimates(tx: &mut Tx) -> Result<Vec<Estimate>, StoreError> {
    let columns = fetch_all!(
        &mut *tx,
        (String, String, i64, String),
        "SELECT t.name, l.name, l.\"unique\", c.name
         FROM sqlite_schema t JOIN pragma_index_list(t.name) l JOIN pragma_index_info(l.name) c
         WHERE t.type = 'table' ORDER BY t.name, l.name, c.seqno"
    )?;
    let mut indexes: BTreeMap<(String, String), (bool, Vec<String>)> = BTreeMap::new();
    for (table, index, unique, column) in columns {
        let (_, columns) = indexes.entry((table, index)).or_insert((unique == 1, Vec::new()));
        columns.push(column);
    }
    indexes.retain(|_, (_, columns)| columns.first().is_some_and(|column| column == "org"));
    let told = |((table, index), (unique, columns)): ((String, String), (bool, Vec<String>))| {
        let mut left = ROWS;
        let mut shared = Vec::with_capacity(columns.len());
        for column in &columns {
            left = match column.as_str() {
                "org" => left,
                few if FEW.contains(&few) => (left / 10).max(1),
                _ => left.min(SHARED),
            };
            shared.push(left);
        }
        if let (true, Some(last)) = (unique, shared.last_mut()) {
            *last = 1;
        }
        let shared: Vec<String> = std::iter::once(ROWS).chain(shared).map(|rows| rows.to_string()).collect();
        (table, index, shared.join(" "))
    };
    Ok(indexes.into_iter().map(told).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::store::tx::fetch_built;
    use crate::store::{Store, StoreConfig};

    /// What is looked up of an organisation's rows, and by which index.
    const PLANS: [(&str, &str); 6] = [
        ("SELECT r.data FROM records r WHERE r.org = 'a' AND r.key IN (1, 2, 3, 4, 5, 6, 7, 8)", "records_key"),
        ("SELECT source, rel, target FROM links WHERE org = 'a' AND target IN ('b')", "links_target"),
        ("SELECT source, rel, target FROM links WHERE org = 'a' AND source IN ('b', 'c')", "links_source"),
        ("SELECT DISTINCT number FROM audit WHERE org = 'a' AND seq > 1 AND seq <= 2", "autoindex_audit"),
        ("SELECT r.data FROM records r WHERE r.org = 'a' AND r.number IN ('b', 'c')", "records_number"),
        (
            "SELECT e.seq FROM watchers w JOIN events e ON e.org = w.org AND e.number = w.number AND e.at >= w.since
             WHERE w.org = 'a' AND w.user_name = 'b'",
            "watchers_user",
        ),
    ];

    #[tokio::test]
    async fn an_organisation_is_not_read_through() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("plans.db").display());
        let config = StoreConfig { url, connections: 2 };
        for _ in 0..2 {
            let store = Store::open(&config).await.unwrap();
            store.migrate().await.unwrap();
            for mut tx in [store.read().await.unwrap(), store.write_connection().await.unwrap()] {
                for (sql, index) in PLANS {
                    let plan = format!("EXPLAIN QUERY PLAN {sql}");
                    let rows = fetch_built::<(i64, i64, i64, String)>(&mut tx, plan, Vec::new()).await.unwrap();
                    let first = &rows.first().unwrap().3;
                    assert!(first.contains(index) && !first.ends_with("(org=?)"), "{sql}: {first}");
                }
            }
            store.close().await;
        }
    }
}
