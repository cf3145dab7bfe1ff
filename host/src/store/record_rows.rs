//! The rows of a record: its own, its indexed values, its references.

use super::index::{self, Facets, Row};
use super::pool::Keys;
use super::tx::{Bind, Tx, execute, execute_built, fetch_optional, values_list};
use super::unit::{LinkRow, RecordWrite, insert_rows, texts};
use super::{Store, StoreError, words};
use crate::domain::record::Record;
use crate::domain::search::Content;

/// New records a statement.
const ROWS: usize = 64;
/// How often a key that is in use is replaced by another.
const KEYS_TRIED: usize = 64;

/// Columns of a record.
const COLUMNS: usize = 14;

const INSERT: &str = "INSERT INTO records
     (key, id, org, kind, number, title, state, owner, revision, created_at, created_by, updated_at, data,
      kind_version) VALUES ";

/// Writes new records, many rows a statement.
///
/// # Errors
/// [`StoreError::Exists`] for an identifier or a number in use.
pub(super) async fn insert(tx: &mut Tx, store: &Store, writes: &[&RecordWrite]) -> Result<(), StoreError> {
    let keys = store.keys();
    let mut made: Vec<(i64, &RecordWrite)> =
        writes.iter().map(|write| (keys.next(write.record.created_at), *write)).collect();
    for chunk in made.chunks_mut(ROWS) {
        insert_chunk(tx, keys, chunk).await?;
    }
    let facets: Vec<(i64, &Record, Facets)> = made
        .iter()
        .map(|(key, write)| (*key, &write.record, Facets::of(&write.record, write.entries.iter().flatten().cloned())))
        .collect();
    let mut values: Vec<Row<'_>> = facets.iter().flat_map(|(key, record, facets)| facets.rows(record, *key)).collect();
    // In the order of the index, so that neighbours are written together.
    values.sort_unstable();
    index::insert_values(tx, values).await?;
    let rows = facets.iter().map(|(key, _, facets)| [Bind::Int(*key), Bind::Text(facets.text())]);
    insert_rows(tx, "INSERT INTO facets (record, tokens) VALUES ", rows.collect()).await?;
    let contents: Vec<(i64, &Record, &Content)> =
        made.iter().filter_map(|(key, write)| Some((*key, &write.record, write.content.as_ref()?))).collect();
    words::insert(tx, store.backend(), &contents).await?;
    let links = made.iter().flat_map(|(_, write)| link_rows(&write.record, write.links.iter().flatten()));
    insert_rows(tx, INSERT_LINKS, links.collect()).await
}

/// Inserts the rows of `records`; a key that turns out to be in use is replaced.
async fn insert_chunk(tx: &mut Tx, keys: &Keys, chunk: &mut [(i64, &RecordWrite)]) -> Result<(), StoreError> {
    let mut binds = Vec::with_capacity(chunk.len() * COLUMNS);
    for (key, write) in chunk.iter() {
        binds.extend(row(*key, &write.record)?);
    }
    let sql = format!("{INSERT}{} ON CONFLICT DO NOTHING", values_list(tx, chunk.len(), COLUMNS));
    let rows = execute_built(tx, sql, binds).await?;
    if rows == chunk.len() as u64 {
        return Ok(());
    }
    for (key, write) in chunk {
        let record = &write.record;
        let mut tried = 0;
        loop {
            let known = fetch_optional!(
                &mut *tx,
                (String, i64),
                "SELECT id, key FROM records WHERE org = $1 AND number = $2",
                &record.org,
                &record.number
            )?;
            match known {
                // This very row: it went in.
                Some((id, stored)) if id == record.id && stored == *key => break,
                Some(_) => return Err(StoreError::Exists(record.number.clone())),
                None if tried == KEYS_TRIED => return Err(StoreError::Exists(record.id.clone())),
                None => {}
            }
            tried += 1;
            *key = keys.next(record.created_at);
            let sql = format!("{INSERT}{} ON CONFLICT DO NOTHING", values_list(tx, 1, COLUMNS));
            execute_built(tx, sql, row(*key, record)?.into()).await?;
        }
    }
    Ok(())
}

fn row(key: i64, record: &Record) -> Result<[Bind; COLUMNS], StoreError> {
    let text = |text: &String| Bind::Text(text.clone());
    Ok([
        Bind::Int(key),
        text(&record.id),
        text(&record.org),
        text(&record.kind),
        text(&record.number),
        text(&record.title),
        text(&record.state),
        text(&record.owner),
        Bind::Int(record.revision),
        Bind::Int(record.created_at.0),
        text(&record.created_by),
        Bind::Int(record.updated_at.0),
        Bind::Text(data(record)?),
        Bind::Int(record.kind_version),
    ])
}

fn data(record: &Record) -> Result<String, StoreError> {
    serde_json::to_string(&record.data).map_err(|e| StoreError::corrupt("record data", e))
}

/// Writes a record that has the revision `was`.
///
/// # Errors
/// [`StoreError::Stale`] when it has another one.
pub(super) async fn update(tx: &mut Tx, store: &Store, write: &RecordWrite, was: i64) -> Result<(), StoreError> {
    let record = &write.record;
    let key = fetch_optional!(
        &mut *tx,
        (i64,),
        "UPDATE records SET title = $4, state = $5, owner = $6, revision = $7, updated_at = $8, data = $9,
             kind_version = $10
         WHERE org = $1 AND id = $2 AND revision = $3 RETURNING key",
        &record.org,
        &record.id,
        was,
        &record.title,
        &record.state,
        &record.owner,
        record.revision,
        record.updated_at.0,
        data(record)?,
        record.kind_version
    )?;
    let Some((key,)) = key else {
        return Err(StoreError::Stale(record.number.clone()));
    };
    index::update(tx, record, key, write.entries.as_deref()).await?;
    if let Some(content) = &write.content {
        words::update(tx, store.backend(), record, key, content).await?;
    }
    if let Some(links) = &write.links {
        execute!(&mut *tx, "DELETE FROM links WHERE org = $1 AND source_id = $2", &record.org, &record.id)?;
        insert_rows(tx, INSERT_LINKS, link_rows(record, links).collect()).await?;
    }
    Ok(())
}

const INSERT_LINKS: &str = "INSERT INTO links (org, source_id, source, rel, target, redundancy) VALUES ";

fn link_rows<'r>(record: &'r Record, links: impl IntoIterator<Item = &'r LinkRow>) -> impl Iterator<Item = [Bind; 6]> {
    links.into_iter().map(|link| texts([&record.org, &record.id, &record.number, &link.rel, &link.target, &link.group]))
}
