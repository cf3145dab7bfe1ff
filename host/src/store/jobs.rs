//! Jobs: each is worked on by one node at a time, which holds it under a lease.

use std::collections::BTreeSet;

use serde_json::Value;

use super::tx::{Bind, execute, fetch_built, fetch_optional};
use super::unit::{self, AuditDraft, EventDraft, insert_rows};
use super::{Store, StoreError, Tx};
use crate::domain::{Instant, Job, JobItem, JobState, Outcome, Role};

/// Items of a job that a unit settles, under the claim of whoever works on it.
#[derive(Clone, Debug)]
pub struct JobMark {
    /// The job.
    pub job: String,
    /// The claim that must still hold.
    pub claim: String,
    /// Until when the claim holds from then on.
    pub lease_until: Instant,
    /// The items, in order; the first follows the last one that is settled already.
    pub items: Vec<JobItem>,
}

/// A job that a node has claimed.
#[derive(Clone, Debug)]
pub struct ClaimedJob {
    /// The job.
    pub job: Job,
    /// How often it has been claimed since an item was settled.
    pub tries: i64,
}

/// Which jobs to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Asked for by this user.
    pub actor: Option<String>,
    /// In this state.
    pub state: Option<JobState>,
    /// Of this sort.
    pub what: Option<String>,
    /// Older than this job.
    pub before: Option<String>,
    /// At most so many.
    pub limit: i64,
}

type Row = (
    String,
    String,
    String,
    String,
    Option<i64>,
    i64,
    i64,
    String,
    String,
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

const HEAD: &str = "SELECT id, org, what, state, total, done, failed, input";
const TAIL: &str = "result, actor, roles, created_at, started_at, ended_at, cancelled_by FROM jobs";

fn job(row: Row) -> Result<Job, StoreError> {
    let (
        id,
        org,
        what,
        state,
        total,
        done,
        failed,
        input,
        plan,
        result,
        actor,
        roles,
        created_at,
        started_at,
        ended_at,
        cancelled_by,
    ) = row;
    let name = || format!("job {id}");
    let json = |text: &str| serde_json::from_str::<Value>(text).map_err(|e| StoreError::corrupt(name(), e));
    // Written from roles; a word that is none grants nothing.
    let roles: BTreeSet<Role> = roles.split(',').filter_map(|role| role.parse().ok()).collect();
    Ok(Job {
        state: JobState::parse(&state).ok_or_else(|| StoreError::corrupt(name(), format!("state '{state}'")))?,
        input: json(&input)?,
        plan: json(&plan)?,
        result: json(&result)?,
        roles,
        id,
        org,
        what,
        total,
        done,
        failed,
        actor,
        created_at: Instant(created_at),
        started_at: started_at.map(Instant),
        ended_at: ended_at.map(Instant),
        cancelled_by,
    })
}

pub(super) async fn insert(tx: &mut Tx, job: &Job) -> Result<(), StoreError> {
    let roles = job.roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(",");
    execute!(
        tx,
        "INSERT INTO jobs
            (id, org, what, state, total, done, failed, input, plan, result, actor, roles, created_at, tries,
             claimed_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0)",
        &job.id,
        &job.org,
        &job.what,
        job.state.as_str(),
        job.total,
        job.done,
        job.failed,
        job.input.to_string(),
        job.plan.to_string(),
        job.result.to_string(),
        &job.actor,
        roles,
        job.created_at.0
    )?;
    Ok(())
}

/// Settles items: only under the claim that holds, and only as the next ones of the job. An item that another node
/// settled meanwhile is so never done twice.
pub(super) async fn mark(tx: &mut Tx, mark: &JobMark) -> Result<(), StoreError> {
    let Some(first) = mark.items.first() else { return Ok(()) };
    let count = i64::try_from(mark.items.len()).unwrap_or(i64::MAX);
    let bad = mark.items.iter().filter(|item| item.outcome.is_bad()).count();
    let rows = execute!(
        &mut *tx,
        "UPDATE jobs SET done = done + $3, failed = failed + $4, tries = 0, claimed_until = $5
         WHERE id = $1 AND claimed_by = $2 AND state = 'running' AND done = $6",
        &mark.job,
        &mark.claim,
        count,
        i64::try_from(bad).unwrap_or(i64::MAX),
        mark.lease_until.0,
        first.n - 1
    )?;
    if rows != 1 {
        return Err(StoreError::LostClaim(mark.job.clone()));
    }
    let rows = mark.items.iter().map(|item| {
        [
            Bind::Text(mark.job.clone()),
            Bind::Int(item.n),
            Bind::Text(item.number.clone()),
            Bind::Text(item.outcome.as_str().to_owned()),
            Bind::Text(item.rule.clone()),
            Bind::Text(item.message.clone()),
        ]
    });
    let head = "INSERT INTO job_items (job, n, number, outcome, rule, message) VALUES ";
    insert_rows(tx, head, rows.collect()).await
}

impl Store {
    /// Claims the oldest job that nobody works on, for `claim` until `lease_until`. The guard stands inside the
    /// sub-select and outside it: with it inside alone, two PostgreSQL nodes claim the same row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_job(
        &self,
        claim: &str,
        now: Instant,
        lease_until: Instant,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        {
            // Most polls find nothing to do; they must not queue for the writer.
            let mut tx = self.read().await?;
            let waiting = fetch_optional!(
                &mut tx,
                (String,),
                "SELECT id FROM jobs WHERE state IN ('queued', 'running') AND claimed_until < $1 LIMIT 1",
                now.0
            )?;
            if waiting.is_none() {
                return Ok(None);
            }
        }
        let claim = claim.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let claimed = fetch_optional!(
                    &mut *tx,
                    (String, i64),
                    "UPDATE jobs SET state = 'running', claimed_by = $1, claimed_until = $3, tries = tries + 1,
                            started_at = COALESCE(started_at, $2)
                     WHERE state IN ('queued', 'running') AND claimed_until < $2 AND id IN (
                         SELECT id FROM jobs WHERE state IN ('queued', 'running') AND claimed_until < $2
                         ORDER BY id LIMIT 1)
                     RETURNING id, tries",
                    claim,
                    now.0,
                    lease_until.0
                )?;
                let Some((id, tries)) = claimed else { return Ok(None) };
                let sql = format!("{HEAD}, plan, {TAIL} WHERE id = $1");
                let rows = fetch_built::<Row>(tx, sql, vec![Bind::Text(id)]).await?;
                let claimed = rows.into_iter().next().map(job).transpose()?;
                Ok(claimed.map(|job| ClaimedJob { job, tries }))
            })
        })
        .await
    }

    /// Keeps a claim alive until `lease_until`; false when it does not hold any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_job(&self, id: &str, claim: &str, lease_until: Instant) -> Result<bool, StoreError> {
        let (id, claim) = (id.to_owned(), claim.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    tx,
                    "UPDATE jobs SET claimed_until = $3 WHERE id = $1 AND claimed_by = $2 AND state = 'running'",
                    id,
                    claim,
                    lease_until.0
                )?;
                Ok(rows == 1)
            })
        })
        .await
    }

    /// How many items of a claimed job are settled, and whether somebody asked it to stop; none when the claim does
    /// not hold any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_progress(&self, id: &str, claim: &str) -> Result<Option<(i64, bool)>, StoreError> {
        let mut tx = self.read().await?;
        let row = fetch_optional!(
            &mut tx,
            (i64, Option<String>),
            "SELECT done, cancelled_by FROM jobs WHERE id = $1 AND claimed_by = $2 AND state = 'running'",
            id,
            claim
        )?;
        Ok(row.map(|(done, cancelled)| (done, cancelled.is_some())))
    }

    /// Gives up a claim: the job may be taken up again from `retry_at`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_job(&self, id: &str, claim: &str, retry_at: Instant) -> Result<(), StoreError> {
        let (id, claim) = (id.to_owned(), claim.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE jobs SET claimed_by = NULL, claimed_until = $3 WHERE id = $1 AND claimed_by = $2",
                    id,
                    claim,
                    retry_at.0
                )?;
                Ok(())
            })
        })
        .await
    }

    /// Ends a claimed job.
    ///
    /// # Errors
    /// [`StoreError::LostClaim`] when the claim does not hold any more.
    pub async fn end_job(
        &self,
        ended: Job,
        claim: &str,
        audit: AuditDraft,
        event: EventDraft,
    ) -> Result<(), StoreError> {
        let claim = claim.to_owned();
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    &mut *tx,
                    "UPDATE jobs SET state = $3, result = $4, ended_at = $5, claimed_by = NULL
                     WHERE id = $1 AND claimed_by = $2 AND state = 'running'",
                    &ended.id,
                    claim,
                    ended.state.as_str(),
                    ended.result.to_string(),
                    ended.ended_at.map(|at| at.0)
                )?;
                if rows != 1 {
                    return Err(StoreError::LostClaim(ended.id));
                }
                unit::append(tx, &ended.org, &[audit], &[event]).await
            })
        })
        .await
    }

    /// Asks a job to stop: one that no node has begun with ends at once, another one between two items. False when
    /// it has ended, or was asked before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel_job(&self, id: &str, at: Instant, audit: AuditDraft, org: &str) -> Result<bool, StoreError> {
        let (id, org) = (id.to_owned(), org.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let rows = execute!(
                    &mut *tx,
                    "UPDATE jobs SET cancelled_by = $3,
                            ended_at = CASE WHEN state = 'queued' THEN $4 ELSE ended_at END,
                            state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END
                     WHERE org = $1 AND id = $2 AND state IN ('queued', 'running') AND cancelled_by IS NULL",
                    &org,
                    &id,
                    &audit.actor,
                    at.0
                )?;
                if rows == 1 {
                    unit::append(tx, &org, &[audit], &[]).await?;
                }
                Ok(rows == 1)
            })
        })
        .await
    }

    /// The job with this identifier, without its plan.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job(&self, org: &str, id: &str) -> Result<Option<Job>, StoreError> {
        let sql = format!("{HEAD}, 'null', {TAIL} WHERE org = $1 AND id = $2");
        let mut tx = self.read().await?;
        let binds = vec![Bind::Text(org.to_owned()), Bind::Text(id.to_owned())];
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().next().map(job).transpose()
    }

    /// Jobs by filter, newest first, without their plans.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn jobs(&self, org: &str, filter: &JobFilter) -> Result<Vec<Job>, StoreError> {
        let mut sql = format!("{HEAD}, 'null', {TAIL} WHERE org = $1");
        let mut binds = vec![Bind::Text(org.to_owned())];
        let mut add = |condition: &str, value: Option<&str>| {
            if let Some(value) = value {
                binds.push(Bind::Text(value.to_owned()));
                sql.push_str(&format!(" AND {condition} ${}", binds.len()));
            }
        };
        add("actor =", filter.actor.as_deref());
        add("state =", filter.state.map(JobState::as_str));
        add("what =", filter.what.as_deref());
        add("id <", filter.before.as_deref());
        binds.push(Bind::Int(filter.limit));
        sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", binds.len()));
        let mut tx = self.read().await?;
        fetch_built::<Row>(&mut tx, sql, binds).await?.into_iter().map(job).collect()
    }

    /// The settled items of a job behind place `after`, in order; only those of one outcome where it is given.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn job_items(
        &self,
        job: &str,
        outcome: Option<Outcome>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<JobItem>, StoreError> {
        let mut sql = "SELECT n, number, outcome, rule, message FROM job_items WHERE job = $1 AND n > $2".to_owned();
        let mut binds = vec![Bind::Text(job.to_owned()), Bind::Int(after), Bind::Int(limit)];
        if let Some(outcome) = outcome {
            binds.push(Bind::Text(outcome.as_str().to_owned()));
            sql.push_str(" AND outcome = $4");
        }
        sql.push_str(" ORDER BY n LIMIT $3");
        let mut tx = self.read().await?;
        let rows = fetch_built::<(i64, String, String, String, String)>(&mut tx, sql, binds).await?;
        let item = |(n, number, outcome, rule, message): (i64, String, String, String, String)| {
            let known = Outcome::parse(&outcome);
            let outcome = known.ok_or_else(|| StoreError::corrupt("job item", format!("outcome '{outcome}'")))?;
            Ok(JobItem { n, number, outcome, rule, message })
        };
        rows.into_iter().map(item).collect()
    }
}
