//! Records whose index is to be made anew: their values or words were kept in another form before.

use super::records::{Row, record};
use super::tx::{Tx, execute, fetch_all, fetch_optional};
use super::{Store, StoreError, index, words};
use crate::domain::record::Record;
use crate::domain::search::Content;

/// A record with what its index shall hold.
#[derive(Clone, Debug)]
pub struct Indexed {
    /// The record as it was read.
    pub record: Record,
    /// Values of the kind's indexed paths.
    pub entries: Vec<(String, String)>,
    /// Words.
    pub content: Content,
}

impl Store {
    /// Lets the records of the kinds wait for their index whose layout (slug, and what is indexed) is not the one by which
    /// the index was made; gives how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn follow_layouts(&self, layouts: Vec<(String, String)>) -> Result<u64, StoreError> {
        let mut tx = self.read().await?;
        let known = fetch_all!(&mut tx, (String, String), "SELECT kind, layout FROM index_layouts")?;
        drop(tx);
        let changed: Vec<_> = layouts.into_iter().filter(|layout| !known.contains(layout)).collect();
        if changed.is_empty() {
            return Ok(0);
        }
        self.write(move |tx| {
            Box::pin(async move {
                const WAIT: &str = "INSERT INTO reindex (record_id) SELECT id FROM records WHERE true";
                let mut waiting = 0;
                if known.is_empty() {
                    waiting += execute!(&mut *tx, sqlx::AssertSqlSafe(format!("{WAIT} ON CONFLICT DO NOTHING")))?;
                }
                for (kind, layout) in &changed {
                    if !known.is_empty() {
                        let sql = format!("{WAIT} AND kind = $1 ON CONFLICT DO NOTHING");
                        waiting += execute!(&mut *tx, sqlx::AssertSqlSafe(sql), kind)?;
                    }
                    execute!(
                        &mut *tx,
                        "INSERT INTO index_layouts (kind, layout) VALUES ($1, $2)
                         ON CONFLICT (kind) DO UPDATE SET layout = EXCLUDED.layout",
                        kind,
                        layout
                    )?;
                }
                Ok(waiting)
            })
        })
        .await
    }

    /// Some of the records that wait for their index.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_for_index(&self, limit: i64) -> Result<Vec<Record>, StoreError> {
        let mut tx = self.read().await?;
        // A cross join: few records wait, most often none, which SQLite does not guess.
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT r.id, r.org, r.kind, r.number, r.title, r.state, r.owner, r.revision,
                    r.created_at, r.created_by, r.updated_at, r.data, r.kind_version
             FROM reindex w CROSS JOIN records r WHERE r.id = w.record_id LIMIT $1",
            limit
        )?;
        rows.into_iter().map(record).collect()
    }

    /// Makes the index of these records anew. One that has changed since it was read goes on waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn index_anew(&self, all: Vec<Indexed>) -> Result<(), StoreError> {
        let backend = self.backend();
        self.write(move |tx| {
            Box::pin(async move {
                for Indexed { record, entries, content } in &all {
                    // First, so that whoever makes it wait again meanwhile comes after this.
                    execute!(&mut *tx, "DELETE FROM reindex WHERE record_id = $1", &record.id)?;
                    let key = fetch_optional!(
                        &mut *tx,
                        (i64,),
                        "SELECT key FROM records WHERE org = $1 AND id = $2 AND revision = $3",
                        &record.org,
                        &record.id,
                        record.revision
                    )?;
                    match key {
                        Some((key,)) => {
                            index::update(tx, record, key, Some(entries)).await?;
                            words::update(tx, backend, record, key, content).await?;
                        }
                        None => wait(tx, &record.org, &record.number).await?,
                    }
                }
                Ok(())
            })
        })
        .await
    }
}

/// Lets a record wait for its index: what belongs to it, such as a comment, has changed.
pub(super) async fn wait(tx: &mut Tx, org: &str, number: &str) -> Result<(), StoreError> {
    // The update locks a row that waits already: whoever is about to take it sees what was written before this.
    execute!(
        tx,
        "INSERT INTO reindex (record_id) SELECT id FROM records WHERE org = $1 AND number = $2
         ON CONFLICT (record_id) DO UPDATE SET record_id = EXCLUDED.record_id",
        org,
        number
    )?;
    Ok(())
}
