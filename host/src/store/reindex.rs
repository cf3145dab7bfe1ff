//! Records whose index is to be made anew: their values or words were kept in another form before.

use super::records::{Row, record};
use super::tx::{execute, fetch_all, fetch_optional};
use super::{Store, StoreError, index};
use crate::domain::record::Record;

/// A record with what its index shall hold.
#[derive(Clone, Debug)]
pub struct Indexed {
    /// The record as it was read.
    pub record: Record,
    /// Values of the kind's indexed paths.
    pub entries: Vec<(String, String)>,
}

impl Store {
    /// Some of the records that wait for their index.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_for_index(&self, limit: i64) -> Result<Vec<Record>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            Row,
            "SELECT r.id, r.org, r.kind, r.number, r.title, r.state, r.owner, r.revision,
                    r.created_at, r.created_by, r.updated_at, r.data, r.kind_version
             FROM reindex w JOIN records r ON r.id = w.record_id LIMIT $1",
            limit
        )?;
        rows.into_iter().map(record).collect()
    }

    /// Makes the index of these records anew. One that has changed since it was read goes on waiting.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn index_anew(&self, all: Vec<Indexed>) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for Indexed { record, entries } in &all {
                    let key = fetch_optional!(
                        &mut *tx,
                        (i64,),
                        "SELECT key FROM records WHERE org = $1 AND id = $2 AND revision = $3",
                        &record.org,
                        &record.id,
                        record.revision
                    )?;
                    if let Some((key,)) = key {
                        index::update(tx, record, key, Some(entries)).await?;
                        execute!(&mut *tx, "DELETE FROM reindex WHERE record_id = $1", &record.id)?;
                    }
                }
                Ok(())
            })
        })
        .await
    }
}
