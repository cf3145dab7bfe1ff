//! A job in the hands of this node.

use std::sync::Arc;

use crate::domain::{Actor, Job, JobItem, Outcome};
use crate::flows::{Desk, FlowError};
use crate::store::StoreError;
use crate::store::jobs::JobMark;
use crate::store::unit::Unit;
use crate::store::work::WorkChange;

use super::runner::LEASE_MS;

/// A job in the hands of this node; what [`super::work`] works with.
pub struct Run {
    desk: Desk,
    job: Job,
    actor: Actor,
    claim: String,
    place: i64,
    stopped: bool,
}

impl Run {
    pub(super) fn new(desk: Desk, job: Job, actor: Actor, claim: String) -> Self {
        let place = job.done;
        Self { desk, job, actor, claim, place, stopped: false }
    }

    /// The job, as it was when this node took it up.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Whom the job acts as.
    pub fn actor(&self) -> Actor {
        self.actor.clone()
    }

    /// How many items are settled: also the index, from 0, of the next one.
    pub fn place(&self) -> i64 {
        self.place
    }

    /// Whether somebody asked the job to stop, as far as this node has noticed.
    pub(super) fn stopped(&self) -> bool {
        self.stopped
    }

    /// Whether to go on with the next item: not when somebody asked the job to stop.
    ///
    /// # Errors
    /// [`StoreError::LostClaim`] when another node has taken the job up; the database's errors.
    pub async fn goes_on(&mut self) -> Result<bool, FlowError> {
        let (done, asked) = self.progress().await?;
        self.place = done;
        self.stopped = asked;
        Ok(!asked)
    }

    /// Whether somebody asked the job to stop, for work that does not go item by item; [`Self::place`] stays.
    ///
    /// # Errors
    /// As [`Self::goes_on`].
    pub async fn is_asked_to_stop(&mut self) -> Result<bool, FlowError> {
        (_, self.stopped) = self.progress().await?;
        Ok(self.stopped)
    }

    /// A desk for the next item: whatever it commits first also settles the item, as `ok`, or as `skipped` where
    /// nothing changed. The item must commit one unit only.
    pub fn desk(&self, number: &str) -> Desk {
        let mark = self.mark(vec![self.item(number, Outcome::Ok, "", "")]);
        Desk { item: Some(Arc::new(mark)), ..self.desk.clone() }
    }

    /// A desk for reading, and for asking what would happen: nothing it commits settles anything.
    pub fn plain_desk(&self) -> &Desk {
        &self.desk
    }

    /// The next item with this outcome.
    pub fn item(&self, number: &str, outcome: Outcome, rule: &str, message: &str) -> JobItem {
        JobItem {
            n: self.place + 1,
            number: number.to_owned(),
            outcome,
            rule: rule.to_owned(),
            message: message.to_owned(),
        }
    }

    /// Items to be settled by a unit of the caller's own ([`Unit::work`]); they follow the last settled one, in order.
    pub fn mark(&self, items: Vec<JobItem>) -> JobMark {
        JobMark {
            job: self.job.id.clone(),
            claim: self.claim.clone(),
            lease_until: self.desk.clock.now().plus(LEASE_MS),
            items,
        }
    }

    /// Settles items that write nothing; they follow the last settled one, in order.
    ///
    /// # Errors
    /// [`StoreError::LostClaim`] when another node has taken the job up; the database's errors.
    pub async fn note(&mut self, items: Vec<JobItem>) -> Result<(), FlowError> {
        let Some(last) = items.last().map(|item| item.n) else { return Ok(()) };
        let work = vec![WorkChange::Items(self.mark(items))];
        self.desk.store.commit(Unit { org: self.job.org.clone(), work, ..Unit::default() }).await?;
        self.place = last;
        Ok(())
    }

    /// Settles the item that [`Self::desk`] was for, by what its use case came to: what it wrote has settled it
    /// already, a refusal or a failure of the server's own becomes the item's outcome.
    ///
    /// # Errors
    /// What ends the work for now: a lost claim, a database that cannot be used.
    pub async fn settle(&mut self, number: &str, result: Result<(), FlowError>) -> Result<(), FlowError> {
        let item = match result {
            Ok(()) => {
                let (done, _) = self.progress().await?;
                if done > self.place {
                    self.place = done;
                    return Ok(());
                }
                self.item(number, Outcome::Skipped, "", "there was nothing to do")
            }
            Err(error) => self.outcome(number, error)?,
        };
        self.note(vec![item]).await
    }

    /// The next item as an error leaves it.
    ///
    /// # Errors
    /// The error itself, when it is not the item's own.
    pub fn outcome(&self, number: &str, error: FlowError) -> Result<JobItem, FlowError> {
        match error {
            FlowError::Refused(refusal) => Ok(self.item(number, Outcome::Refused, &refusal.rule, &refusal.message)),
            FlowError::Catalog(_) | FlowError::Store(StoreError::Corrupt { .. } | StoreError::Exists(_)) => {
                tracing::error!(job = %self.job.id, record = number, %error, "an item of a job failed");
                let message = "the server failed at it; its log has the reason under the job's id";
                Ok(self.item(number, Outcome::Failed, "internal", message))
            }
            other => Err(other),
        }
    }

    async fn progress(&self) -> Result<(i64, bool), FlowError> {
        let progress = self.desk.store.job_progress(&self.job.id, &self.claim).await?;
        Ok(progress.ok_or_else(|| StoreError::LostClaim(self.job.id.clone()))?)
    }
}
