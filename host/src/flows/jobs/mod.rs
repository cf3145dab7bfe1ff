//! Jobs: work on many things that goes on after the request was answered, on whichever node has time.
//!
//! # A new sort of job
//!
//! 1. A file with `pub(super) const WHAT: &str` and `pub(super) async fn work(run: &mut Run) -> Result<Value, FlowError>`,
//!    and one line for it in [`work`].
//! 2. The use case that starts it calls [`start`].
//! 3. `work` goes over its items in a fixed order, **from [`Run::place`] on**, and asks [`Run::goes_on`] before each:
//!
//! ```text
//! while run.place() < total && run.goes_on().await? {
//!     let number = …;                                  // item run.place() of the plan, counted from 0
//!     let desk = run.desk(number);                     // whatever this desk commits also settles the item
//!     let result = update_record::run(&desk, &run.actor(), …).await.map(drop);
//!     run.settle(number, result).await?;               // a refusal becomes the item's outcome
//! }
//! Ok(json!({}))                                        // the job's `result`
//! ```
//!
//! An item is settled in the unit that does it, so a node that dies between two items, or inside one, is followed by
//! another that goes on where it stopped and does nothing twice. An item that writes nothing, or several at once that
//! commit together, are settled with [`Run::note`] and [`Run::mark`].
//!
//! A refusal that ends `work` itself ends the job as failed; when the database fails, the job is taken up again later.

mod run;
mod runner;

use serde_json::{Value, json};

use super::{Desk, FlowError};
use super::{backtest, bulk, recompute};
use crate::domain::refusal::Refusal;
use crate::domain::role::HOST_USER;
use crate::domain::{Actor, Instant, Job, JobState, Role};
use crate::store::unit::{AuditDraft, EventDraft, Unit};
use crate::store::work::WorkChange;

pub use run::Run;
pub use runner::{forever, run};

/// A job that is to be started.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its sort.
    pub what: &'static str,
    /// How many items it has, where that is known.
    pub total: Option<i64>,
    /// What was asked, as people see it later; an object.
    pub input: Value,
    /// What the work needs beside that; not shown.
    pub plan: Value,
}

/// Does a job's items, by its sort.
async fn work(run: &mut Run) -> Result<Value, FlowError> {
    match run.job().what.as_str() {
        backtest::WHAT => backtest::work(run).await,
        bulk::WHAT => bulk::work(run).await,
        recompute::WHAT => recompute::work(run).await,
        what => {
            Err(Refusal::conflict("unknown-job", format!("this server does not know jobs of the sort '{what}'")).into())
        }
    }
}

/// Starts a job that acts as `actor`, in the roles he has now.
///
/// # Errors
/// When the database fails.
pub async fn start(desk: &Desk, actor: &Actor, order: Order) -> Result<Job, FlowError> {
    let mut unit = Unit { org: actor.org.clone(), ..Unit::default() };
    let job = begin(desk, actor, order, &mut unit);
    desk.commit(unit).await?;
    desk.jobs.notify_one();
    Ok(job)
}

/// Adds a job to a unit.
fn begin(desk: &Desk, actor: &Actor, order: Order, unit: &mut Unit) -> Job {
    let Order { what, total, input, plan } = order;
    let job = Job {
        id: desk.clock.id(),
        org: actor.org.clone(),
        what: what.to_owned(),
        state: JobState::Queued,
        total,
        done: 0,
        failed: 0,
        input,
        plan,
        result: json!({}),
        actor: actor.user.clone(),
        roles: actor.roles.clone(),
        created_at: desk.clock.now(),
        started_at: None,
        ended_at: None,
        cancelled_by: None,
    };
    unit.audit.push(audit(&job, &job.actor, &role(actor), "job:start", job.created_at));
    unit.events.push(event(&job, "job.started", job.created_at));
    unit.work.push(WorkChange::Job(job.clone()));
    job
}

/// Roles that see every job of their organisation; everybody sees his own.
const SEE_ALL: [Role; 3] = [Role::Adm, Role::Aud, Role::Mr];

/// Whether the actor sees every job of his organisation.
pub fn sees_all(actor: &Actor) -> bool {
    SEE_ALL.iter().any(|role| actor.has(*role))
}

/// The job with this identifier, if the actor may see it.
///
/// # Errors
/// Not found; the database's errors.
pub async fn read(desk: &Desk, actor: &Actor, id: &str) -> Result<Job, FlowError> {
    let job = desk.store.job(&actor.org, id).await?.filter(|job| job.actor == actor.user || sees_all(actor));
    Ok(job.ok_or_else(|| Refusal::not_found(format!("there is no job {id}")))?)
}

/// Asks a job to stop; what it has done until then stays. Whoever started it may, and an administrator.
///
/// # Errors
/// Not found, not allowed, `job-ended`; the database's errors.
pub async fn cancel(desk: &Desk, actor: &Actor, id: &str) -> Result<Job, FlowError> {
    let job = read(desk, actor, id).await?;
    if job.actor != actor.user && !actor.has(Role::Adm) {
        let message = "a job is cancelled by whoever started it, or by the role ADM (administrator)";
        return Err(Refusal::forbidden("role", message).into());
    }
    let now = desk.clock.now();
    let audit = audit(&job, &actor.user, &role(actor), "job:cancel", now);
    let asked = desk.store.cancel_job(&job.id, now, audit, &actor.org).await?;
    let job = read(desk, actor, id).await?;
    if !asked && job.state.ended() && job.state != JobState::Cancelled {
        let message = format!("the job is {} already", job.state.as_str());
        return Err(Refusal::conflict("job-ended", message).into());
    }
    Ok(job)
}

/// The capacity in which somebody acts on jobs, for the audit trail.
fn role(actor: &Actor) -> String {
    if actor.user == HOST_USER {
        return "auto".to_owned();
    }
    actor.staff_role().unwrap_or(Role::Cus).to_string()
}

fn audit(job: &Job, user: &str, role: &str, action: &str, at: Instant) -> AuditDraft {
    AuditDraft {
        at,
        number: job.id.clone(),
        actor: user.to_owned(),
        role: role.to_owned(),
        action: action.to_owned(),
        before: json!({}),
        after: Value::Object(job.figures()),
        reason: String::new(),
    }
}

fn event(job: &Job, kind: &str, at: Instant) -> EventDraft {
    let mut data = job.figures();
    data.insert("actor".to_owned(), json!(job.actor));
    EventDraft { at, kind: kind.to_owned(), number: job.id.clone(), data: Value::Object(data) }
}
