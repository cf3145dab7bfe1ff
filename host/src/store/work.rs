//! What belongs to a unit beside records: jobs, and work on records. One line for each sort of row.

use super::backtests::{self, Batch};
use super::jobs::{self, JobMark};
use super::{StoreError, Tx};
use crate::domain::Job;

/// A row that a unit writes along with its records.
#[derive(Clone, Debug)]
pub enum WorkChange {
    /// A job to be done.
    Job(Job),
    /// Items of a job, settled by this unit.
    Items(JobMark),
    /// A part of a dry run.
    Backtest(Batch),
}

pub(super) async fn apply(tx: &mut Tx, change: &WorkChange) -> Result<(), StoreError> {
    match change {
        WorkChange::Job(job) => jobs::insert(tx, job).await,
        WorkChange::Items(mark) => jobs::mark(tx, mark).await,
        WorkChange::Backtest(batch) => backtests::insert(tx, batch).await,
    }
}
