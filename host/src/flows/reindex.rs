//! Making the index of records anew, when the form of the index or a kind has changed.

use std::time::Duration;

use super::working::index_rows;
use super::{Desk, FlowError};
use crate::domain::{Kind, Kinds, canonical, search};
use crate::store::reindex::Indexed;

/// Records a transaction.
const BATCH: i64 = 500;

/// After how many records it is said how far it has come.
const TOLD: usize = 50_000;

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

/// Lets records wait for their index where this version's kinds have other indexed fields than those by which it was made.
///
/// # Errors
/// When the database fails.
pub async fn follow_kinds(desk: &Desk) -> Result<(), FlowError> {
    let layout = |kind: &Kind| {
        let mut paths: Vec<String> = kind.indexed_paths().map(|(path, ty)| format!("{path} {ty}")).collect();
        paths.sort_unstable();
        canonical::sha256(paths.join("\n").as_bytes())
    };
    let layouts = Kinds::builtin().iter().map(|kind| (kind.slug.clone(), layout(kind))).collect();
    let records = desk.store.follow_layouts(layouts).await?;
    if records > 0 {
        tracing::info!(records, "the index is made anew before the server answers: kinds have other indexed fields");
    }
    Ok(())
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
        if done % TOLD == 0 {
            tracing::info!(records = done, "index made anew so far");
        }
    }
}
