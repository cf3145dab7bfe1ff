#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;
use crate::store::tx::fetch_built;
use crate::store::{Store, StoreConfig};

/// Tables and columns (but for the parts of the full-text index) as the migrations make them.
async fn schema() -> BTreeMap<String, Vec<(String, String)>> {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("schema.db").display());
    let store = Store::open(&StoreConfig { url, connections: 1 }).await.unwrap();
    store.migrate().await.unwrap();
    let mut tx = store.read().await.unwrap();
    let sql = "SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'words_%' ORDER BY m.name, p.cid";
    let rows = fetch_built::<(String, String, String)>(&mut tx, sql.to_owned(), Vec::new()).await.unwrap();
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (table, column, ty) in rows {
        tables.entry(table).or_default().push((column, ty));
    }
    tables
}

#[tokio::test]
async fn every_table_is_archived_or_left_out_for_a_reason() {
    let schema = schema().await;
    for name in schema.keys() {
        let archived = TABLES.iter().any(|table| table.name == name);
        let left_out = LEFT_OUT.iter().any(|(known, _)| known == name);
        assert!(
            archived != left_out,
            "table {name}: add it to TABLES or to LEFT_OUT in store/archive/tables.rs, not to both"
        );
    }
    for name in TABLES.iter().map(|table| table.name).chain(LEFT_OUT.iter().map(|(name, _)| *name)) {
        assert!(schema.contains_key(name), "there is no table {name} any more");
    }
}

#[tokio::test]
async fn every_column_of_an_archived_table_is_named() {
    let schema = schema().await;
    for table in TABLES {
        let columns = &schema[table.name];
        assert!(columns.iter().any(|(name, _)| name == "org"), "{}: no column org", table.name);
        let known: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "org").collect();
        let named: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let (mut named, mut known) = (named, known);
        named.sort_unstable();
        known.sort_unstable();
        assert_eq!(named, known, "columns of {} in store/archive/tables.rs", table.name);
        for (name, ty) in table.columns {
            let (_, is) = columns.iter().find(|(known, _)| known == name).unwrap();
            let fits = match ty {
                Ty::Text => is == "TEXT",
                Ty::Int | Ty::Zero => is == "INTEGER" || is == "BIGINT",
                Ty::Null | Ty::Own => true,
            };
            assert!(fits, "{}.{name} is {is}", table.name);
        }
        for key in table.key {
            assert!(table.archived().any(|(name, _)| name == key), "{}.{key}", table.name);
        }
    }
}
