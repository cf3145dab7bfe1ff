//! Figures over the decisions of components.

use super::Lens;
use crate::domain::Instant;
use crate::domain::decision::Status;
use crate::store::tx::{Bind, fetch_all, fetch_built, fetch_optional};
use crate::store::{Store, StoreError};

/// The decisions of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecisionFigures {
    /// All of them.
    pub all: i64,
    /// Those whose component failed.
    pub failed: i64,
    /// The time they took, in microseconds.
    pub took_us: i64,
    /// Those after which the record waited for a person.
    pub waited: i64,
}

impl Store {
    /// The figures of the decisions of a period.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decision_figures(&self, lens: Lens<'_>) -> Result<DecisionFigures, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (i64, i64, i64, i64),
            "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN d.status = $4 THEN 1 ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(d.took_us), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM manual_queue m WHERE m.org = d.org
                    AND m.number = d.number AND m.decision = d.id) THEN 1 ELSE 0 END), 0) AS BIGINT)
             FROM decisions d WHERE d.org = $1 AND d.at >= $2 AND d.at < $3",
            lens.org,
            lens.span.from.0,
            lens.span.to.0,
            Status::Failed.as_str()
        )?;
        Ok(row.map_or_else(DecisionFigures::default, |(all, failed, took_us, waited)| DecisionFigures {
            all,
            failed,
            took_us,
            waited,
        }))
    }

    /// How many records of a kind are in one of these states since before an instant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn resting(&self, org: &str, kind: &str, state: &str, before: i64) -> Result<i64, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (i64,),
            "SELECT COUNT(*) FROM records WHERE org = $1 AND kind = $2 AND state = $3 AND updated_at < $4",
            org,
            kind,
            state,
            before
        )?;
        Ok(row.map_or(0, |(count,)| count))
    }
}

/// A decision in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionNote {
    /// Identifier.
    pub id: String,
    /// Number of the record.
    pub number: String,
    /// Process.
    pub process: String,
    /// What happened to the record.
    pub event: String,
    /// When.
    pub at: Instant,
    /// SHA-256 of the component.
    pub component: String,
    /// Its name and version.
    pub component_name: String,
    /// `ok`, `refused` or `failed`.
    pub status: String,
    /// Whether the last good version decided in the place of the responsible one.
    pub fallback: bool,
}

type NoteRow = (String, String, String, String, i64, String, String, String, i64);

const NOTE: &str = "id, number, process, event, at, component, component_name, status, fallback";

fn note((id, number, process, event, at, component, component_name, status, fallback): NoteRow) -> DecisionNote {
    DecisionNote {
        id,
        number,
        process,
        event,
        at: Instant(at),
        component,
        component_name,
        status,
        fallback: fallback != 0,
    }
}

impl Store {
    /// The newest decisions about each of these records, at most `each` of them for a record.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decision_notes(
        &self,
        org: &str,
        numbers: &[String],
        each: i64,
    ) -> Result<Vec<DecisionNote>, StoreError> {
        const CHUNK: usize = 200;
        let mut found = Vec::new();
        let mut tx = self.read().await?;
        for chunk in numbers.chunks(CHUNK) {
            let places: Vec<String> = (3..chunk.len() + 3).map(|n| format!("${n}")).collect();
            let sql = format!(
                "SELECT {NOTE} FROM (SELECT {NOTE}, ROW_NUMBER() OVER (PARTITION BY number ORDER BY id DESC) AS n
                 FROM decisions WHERE org = $1 AND number IN ({})) d WHERE n <= $2 ORDER BY number, id DESC",
                places.join(", ")
            );
            let mut binds = vec![Bind::Text(org.to_owned()), Bind::Int(each)];
            binds.extend(chunk.iter().cloned().map(Bind::Text));
            found.extend(fetch_built::<NoteRow>(&mut tx, sql, binds).await?.into_iter().map(note));
        }
        Ok(found)
    }

    /// How many decisions of a process (of any, without one) a period has, and the newest of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decisions_within(
        &self,
        lens: Lens<'_>,
        process: Option<&str>,
        limit: i64,
    ) -> Result<(i64, Vec<DecisionNote>), StoreError> {
        let process = process.unwrap_or_default();
        let mut tx = self.read().await?;
        let count = fetch_optional!(
            &mut tx,
            (i64,),
            "SELECT COUNT(*) FROM decisions WHERE org = $1 AND at >= $2 AND at < $3 AND ($4 = '' OR process = $4)",
            lens.org,
            lens.span.from.0,
            lens.span.to.0,
            process
        )?;
        let rows = fetch_all!(
            &mut tx,
            NoteRow,
            "SELECT id, number, process, event, at, component, component_name, status, fallback FROM decisions
             WHERE org = $1 AND at >= $2 AND at < $3 AND ($4 = '' OR process = $4) ORDER BY id DESC LIMIT $5",
            lens.org,
            lens.span.from.0,
            lens.span.to.0,
            process,
            limit
        )?;
        Ok((count.map_or(0, |(count,)| count), rows.into_iter().map(note).collect()))
    }

    /// When the organisation's audit trail begins.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit_begins(&self, org: &str) -> Result<Option<Instant>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(&mut tx, (i64,), "SELECT at FROM audit WHERE org = $1 ORDER BY seq LIMIT 1", org)?;
        Ok(row.map(|(at,)| Instant(at)))
    }
}
