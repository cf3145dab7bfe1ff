//! How the samples of each source and metric run.

use super::tx::fetch_optional;
use super::{Store, StoreError};
use crate::domain::sample::Side;
use crate::domain::time::Instant;

/// A sample, as far as counting goes.
#[derive(Clone, Debug)]
pub struct SampleNote {
    /// Organisation.
    pub org: String,
    /// What was measured.
    pub source: String,
    /// Which of its measures.
    pub metric: String,
    /// When.
    pub at: Instant,
    /// Where the value lies.
    pub side: Side,
    /// So many low samples in a row end an episode.
    pub clear_after: i64,
    /// Identifier of the episode that begins, if one does.
    pub episode: String,
}

/// Where the samples of a source and metric stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleRun {
    /// High samples in a row.
    pub high: i64,
    /// Low samples in a row.
    pub low: i64,
    /// High samples of the present episode.
    pub total: i64,
    /// Identifier of the present episode; it ends when enough samples in a row were low.
    pub episode: String,
}

impl Store {
    /// Counts a sample; gives where its source and metric stand now, or nothing when a later one was counted already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_sample(&self, note: SampleNote) -> Result<Option<SampleRun>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let (high, low) = (i64::from(note.side == Side::High), i64::from(note.side == Side::Low));
                let row = fetch_optional!(
                    tx,
                    (i64, i64, i64, String),
                    "INSERT INTO sample_runs (org, source, metric, at, high, low, total, episode)
                     VALUES ($1, $2, $3, $4, $5, $6, $5, $7)
                     ON CONFLICT (org, source, metric) DO UPDATE SET
                         at = $4,
                         high = (sample_runs.high + 1) * $5,
                         low = (sample_runs.low + 1) * $6,
                         total = CASE WHEN (sample_runs.low + 1) * $6 = $8 THEN 0 ELSE sample_runs.total + $5 END,
                         episode = CASE WHEN (sample_runs.low + 1) * $6 = $8 THEN $7 ELSE sample_runs.episode END
                     WHERE sample_runs.at <= $4
                     RETURNING high, low, total, episode",
                    &note.org,
                    &note.source,
                    &note.metric,
                    note.at.0,
                    high,
                    low,
                    &note.episode,
                    note.clear_after
                )?;
                Ok(row.map(|(high, low, total, episode)| SampleRun { high, low, total, episode }))
            })
        })
        .await
    }
}
