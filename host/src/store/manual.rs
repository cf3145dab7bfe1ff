//! The manual-decision queue: what a person must decide because a component could not.

use super::tx::{Bind, execute, fetch_all, fetch_built};
use super::unit::ManualEntry;
use super::{Store, StoreError, Tx};
use crate::domain::time::Instant;

pub(super) async fn insert(tx: &mut Tx, org: &str, entry: &ManualEntry) -> Result<(), StoreError> {
    resolve(tx, org, &entry.number, &entry.process, entry.at, "").await?;
    execute!(
        tx,
        "INSERT INTO manual_queue (id, org, number, process, reason, decision, step, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &entry.id,
        org,
        &entry.number,
        &entry.process,
        &entry.reason,
        &entry.decision,
        &entry.step,
        entry.at.0
    )?;
    Ok(())
}

/// Takes a record out of a process's queue; `by` is the decision that did it, empty where there was none.
pub(super) async fn resolve(
    tx: &mut Tx,
    org: &str,
    number: &str,
    process: &str,
    at: Instant,
    by: &str,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE manual_queue SET resolved_at = $4, resolved_by = $5
         WHERE org = $1 AND number = $2 AND process = $3 AND resolved_at IS NULL",
        org,
        number,
        process,
        at.0,
        by
    )?;
    Ok(())
}

/// Which entries that wait to list, oldest first.
#[derive(Clone, Debug, Default)]
pub struct ManualFilter {
    /// Of this process.
    pub process: Option<String>,
    /// About this record.
    pub number: Option<String>,
    /// Younger than this entry.
    pub after: Option<String>,
    /// At most so many.
    pub limit: i64,
}

/// An entry of the queue with what its component was asked and what came back.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The entry.
    pub entry: ManualEntry,
    /// The request of the failed decision, as canonical JSON; none where no component was asked.
    pub request: Option<String>,
    /// What came of it, as canonical JSON.
    pub failure: Option<String>,
    /// When it left the queue; none while it waits.
    pub resolved_at: Option<Instant>,
    /// The decision that took it out; empty while it waits, and where none did.
    pub resolved_by: String,
}

type Row = (String, String, String, String, String, String, i64, Option<i64>, String, Option<String>, Option<String>);

const ENTRIES: &str = "SELECT q.id, q.number, q.process, q.reason, q.decision, q.step, q.created_at, q.resolved_at,
        q.resolved_by, d.input, d.output
     FROM manual_queue q LEFT JOIN decisions d ON d.id = q.decision AND d.org = q.org WHERE q.org = $1";

fn waiting(row: Row) -> Waiting {
    let (id, number, process, reason, decision, step, at, resolved_at, resolved_by, request, failure) = row;
    Waiting {
        entry: ManualEntry { id, number, process, reason, decision, step, at: Instant(at) },
        request,
        failure,
        resolved_at: resolved_at.map(Instant),
        resolved_by,
    }
}

impl Store {
    /// How many decisions wait for a person, by organisation and process.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn manual_counts(&self) -> Result<Vec<(String, String, i64)>, StoreError> {
        let mut tx = self.read().await?;
        Ok(fetch_all!(
            &mut tx,
            (String, String, i64),
            "SELECT org, process, COUNT(*) FROM manual_queue WHERE resolved_at IS NULL GROUP BY org, process"
        )?)
    }

    /// What waits for a person, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn manual_queue(&self, org: &str, filter: &ManualFilter) -> Result<Vec<Waiting>, StoreError> {
        let mut sql = format!("{ENTRIES} AND q.resolved_at IS NULL");
        let mut binds = vec![Bind::Text(org.to_owned())];
        for (condition, value) in
            [("q.process =", &filter.process), ("q.number =", &filter.number), ("q.id >", &filter.after)]
        {
            if let Some(value) = value {
                binds.push(Bind::Text(value.clone()));
                sql.push_str(&format!(" AND {condition} ${}", binds.len()));
            }
        }
        binds.push(Bind::Int(filter.limit));
        sql.push_str(&format!(" ORDER BY q.id LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        Ok(fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(waiting).collect())
    }

    /// One entry, waiting or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn manual_entry(&self, org: &str, id: &str) -> Result<Option<Waiting>, StoreError> {
        let binds = [org, id].map(|text| Bind::Text(text.to_owned())).to_vec();
        let mut tx = self.read().await?;
        let rows = fetch_built::<Row>(&mut tx, format!("{ENTRIES} AND q.id = $2"), binds).await?;
        Ok(rows.into_iter().next().map(waiting))
    }
}
