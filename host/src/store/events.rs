//! The event stream of an organisation.

use serde_json::Value;

use super::tx::{fetch_all, fetch_optional};
use super::unit::{AuditDraft, EventDraft};
use super::{Store, StoreError, unit};
use crate::domain::time::Instant;

/// An event as readers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the stream; ascending without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Instant,
    /// `record.inc.resolved`, `sla.warning` …
    pub kind: String,
    /// Record number, or what else it is about.
    pub number: String,
    /// Details.
    pub data: Value,
}

/// A stored event.
pub(super) fn event((seq, at, kind, number, data): (i64, i64, String, String, String)) -> Result<Event, StoreError> {
    let data = serde_json::from_str(&data).map_err(|e| StoreError::corrupt(format!("event {seq}"), e))?;
    Ok(Event { seq, at: Instant(at), kind, number, data })
}

impl Store {
    /// Events after a place in the stream, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_after(&self, org: &str, after: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
        let mut tx = self.read().await?;
        let rows = fetch_all!(
            &mut tx,
            (i64, i64, String, String, String),
            "SELECT seq, at, type, number, data FROM events WHERE org = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            org,
            after,
            limit
        )?;
        rows.into_iter().map(event).collect()
    }

    /// The place of the newest event; 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_head(&self, org: &str) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(&mut tx, (i64,), "SELECT event_seq FROM organisations WHERE id = $1", org)?;
        Ok(row.map_or(0, |(seq,)| seq))
    }

    /// Appends audit entries and events that no record write goes with.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn append(&self, org: &str, audit: Vec<AuditDraft>, events: Vec<EventDraft>) -> Result<(), StoreError> {
        let org = org.to_owned();
        self.write(move |tx| Box::pin(async move { unit::append(tx, &org, &audit, &events).await })).await
    }
}
