//! Figures over the decisions of components.

use super::Lens;
use crate::domain::decision::Status;
use crate::store::tx::fetch_optional;
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
