//! Taking jobs up: each by one node at a time, and to its end by whichever nodes there are.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::{Run, audit, event, work};
use crate::domain::role::HOST_USER;
use crate::domain::{Job, JobState};
use crate::flows::{Desk, FlowError, reach};
use crate::store::StoreError;
use crate::store::jobs::ClaimedJob;

/// How long a job stays with a node that says nothing before another may take it up.
pub(super) const LEASE_MS: i64 = 30_000;
/// How often a node says that it still works on a job.
const BEAT: Duration = Duration::from_secs(10);
/// How long a job waits after the database failed under it.
const RETRY_MS: i64 = 5_000;
/// How often a job is taken up without settling an item before it is given up: it would bring down one node after
/// the other.
const TRIES: i64 = 5;
/// How often an idle node looks for jobs of others; it hears of its own at once.
const POLL: Duration = Duration::from_millis(500);

/// Does every job that waits, one after the other; gives how many were taken up.
///
/// # Errors
/// When the database fails.
pub async fn run(desk: &Desk) -> Result<usize, FlowError> {
    let mut taken = 0;
    while one(desk).await? {
        taken += 1;
    }
    Ok(taken)
}

/// Does jobs as they come, until the task is dropped.
pub async fn forever(desk: Desk) {
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = poll.tick() => {}
            () = desk.jobs.notified() => {}
        }
        if let Err(e) = run(&desk).await {
            tracing::error!(error = %e, "jobs could not be read; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Takes one job up; false when none waits.
async fn one(desk: &Desk) -> Result<bool, FlowError> {
    let now = desk.clock.now();
    // Not the node's name alone: a node that lost a job and got it again must not take itself for the first.
    let claim = format!("{}/{}", desk.node, desk.clock.id());
    let Some(ClaimedJob { job, tries }) = desk.store.claim_job(&claim, now, now.plus(LEASE_MS)).await? else {
        return Ok(false);
    };
    if tries > TRIES {
        let result = json!({ "rule": "internal", "message": "the job was given up: it failed at the same place again and again" });
        end(desk, job, &claim, JobState::Failed, result).await?;
        return Ok(true);
    }
    tracing::info!(job = %job.id, what = %job.what, place = job.done, "job taken up");
    let actor = job.acts_as();
    let actor = reach::look_up(desk, &actor).await?.unwrap_or(actor);
    let mut run = Run::new(desk.clone(), job.clone(), actor, claim.clone());
    let result = tokio::select! {
        result = AssertUnwindSafe(work(&mut run)).catch_unwind() => result,
        lost = beat(desk, &job, &claim) => Ok(Err(lost)),
    };
    match result {
        Ok(Ok(result)) => {
            let state = if run.stopped() { JobState::Cancelled } else { JobState::Done };
            end(desk, job, &claim, state, result).await?;
        }
        Ok(Err(FlowError::Refused(refusal))) => {
            let result = json!({ "rule": refusal.rule, "field": refusal.field, "message": refusal.message });
            end(desk, job, &claim, JobState::Failed, result).await?;
        }
        Ok(Err(FlowError::Store(StoreError::LostClaim(_)))) => {
            tracing::warn!(job = %job.id, "another node has taken the job up");
        }
        Ok(Err(error)) => {
            tracing::error!(job = %job.id, %error, "a job stopped half-way; it is taken up again");
            desk.store.release_job(&job.id, &claim, desk.clock.now().plus(RETRY_MS)).await?;
        }
        Err(_) => {
            tracing::error!(job = %job.id, "a job panicked; it is taken up again");
            desk.store.release_job(&job.id, &claim, desk.clock.now().plus(RETRY_MS)).await?;
        }
    }
    Ok(true)
}

/// Keeps the claim alive while an item takes long; ends only when the claim is lost.
async fn beat(desk: &Desk, job: &Job, claim: &str) -> FlowError {
    let mut beat = tokio::time::interval(BEAT);
    beat.tick().await;
    loop {
        beat.tick().await;
        match desk.store.renew_job(&job.id, claim, desk.clock.now().plus(LEASE_MS)).await {
            Ok(true) => {}
            Ok(false) => return StoreError::LostClaim(job.id.clone()).into(),
            // The work itself meets the same database; what it does is its own business.
            Err(error) => tracing::warn!(job = %job.id, %error, "a job's lease could not be renewed"),
        }
    }
}

async fn end(desk: &Desk, job: Job, claim: &str, state: JobState, result: Value) -> Result<(), FlowError> {
    let now = desk.clock.now();
    // The figures as they are now; nobody else settles items under this claim.
    let current = desk.store.job(&job.org, &job.id).await?.unwrap_or(job);
    let ended = Job { state, result, ended_at: Some(now), ..current };
    let audit = audit(&ended, HOST_USER, "auto", "job:end", now);
    let event = event(&ended, &format!("job.{}", state.as_str()), now);
    tracing::info!(job = %ended.id, state = state.as_str(), done = ended.done, failed = ended.failed, "job ended");
    match desk.store.end_job(ended, claim, audit, event).await {
        Err(StoreError::LostClaim(_)) => Ok(()),
        other => Ok(other?),
    }
}
