//! Making the index of records anew, when the form of the index or a kind has changed.

use std::time::Duration;

use super::working::index_rows;
use super::{Desk, FlowError};
use crate::domain::search;
use crate::store::reindex::Indexed;

/// Records a transaction.
const BATCH: i64 = 500;

/// How often it is looked whether a record waits: a comment is found so soon after it was written.
const EVERY: Duration = Duration::from_secs(1);

/// Makes the index of waiting records anew, again and again, until the task is dropped.
pub async fn forever(desk: Desk) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(e) = run(&desk).await {
            tracing::error!(error = %e, "records wait for their index");
        }
    }
}

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
            let kinds = desk.kinds(&record.org);
            // A kind that is gone has no fields; the common columns stay.
            let (entries, content) = kinds
                .get(&record.kind)
                .map(|kind| (index_rows(kind, &record), search::content(kind, &record)))
                .unwrap_or_default();
            Indexed { record, entries, content }
        });
        desk.store.index_anew(indexed.collect()).await?;
    }
}
