//! Making the index of records anew, when the form of the index or a kind has changed.

use super::working::index_rows;
use super::{Desk, FlowError};
use crate::store::reindex::Indexed;

/// Records a transaction.
const BATCH: i64 = 500;

/// Brings the index of every record that waits for it up to date; gives how many there were.
///
/// # Errors
/// When the database fails.
pub async fn run(desk: &Desk) -> Result<usize, FlowError> {
    let mut done = 0;
    loop {
        let waiting = desk.store.waiting_for_index(BATCH).await?;
        if waiting.is_empty() {
            return Ok(done);
        }
        done += waiting.len();
        let indexed = waiting.into_iter().map(|record| {
            // A kind that is gone has no indexed fields; the common columns stay.
            let entries =
                desk.kinds(&record.org).get(&record.kind).map(|kind| index_rows(kind, &record)).unwrap_or_default();
            Indexed { record, entries }
        });
        desk.store.index_anew(indexed.collect()).await?;
    }
}
