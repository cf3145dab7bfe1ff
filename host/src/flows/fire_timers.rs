//! Firing timers: each once, on whichever node claims it first.

use std::time::Duration;

use super::working::{Cause, Working};
use super::{Desk, FlowError, hooks, retry};
use crate::domain::Actor;
use crate::domain::time::Instant;
use crate::store::timers::Timer;
use crate::store::unit::Unit;

/// How long a claimed timer stays with its node before another may take it.
const LEASE_MS: i64 = 30_000;
/// How long a timer whose firing failed waits before it is tried again.
const RETRY_MS: i64 = 5_000;
/// Timers claimed at once.
const BATCH: i64 = 64;
/// How often a node looks for due timers; a timer fires within a second of its time.
const POLL: Duration = Duration::from_millis(250);

/// Fires every timer that is due now; gives how many fired.
///
/// # Errors
/// When the database fails. A timer whose firing fails is tried again later and does not stop the others.
pub async fn run(desk: &Desk) -> Result<usize, FlowError> {
    let mut fired = 0;
    loop {
        let now = desk.clock.now();
        let timers = desk.store.claim_timers(&desk.node, now, now.plus(LEASE_MS), BATCH).await?;
        if timers.is_empty() {
            return Ok(fired);
        }
        for timer in timers {
            match retry::until_won(|| fire(desk, &timer, now)).await {
                Ok(()) => fired += 1,
                Err(e) => {
                    tracing::error!(record = %timer.number, timer = %timer.name, error = %e, "a timer did not fire");
                    desk.store.release_timer(&timer.id, &desk.node, desk.clock.now().plus(RETRY_MS)).await?;
                }
            }
        }
    }
}

/// Fires timers as they fall due, until the task is dropped.
pub async fn forever(desk: Desk) {
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        poll.tick().await;
        if let Err(e) = run(&desk).await {
            tracing::error!(error = %e, "timers could not be read; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn fire(desk: &Desk, timer: &Timer, now: Instant) -> Result<(), FlowError> {
    // Another process of this record may have moved or cleared the timer since it was claimed; then there is
    // nothing to fire.
    let current = desk.store.timers_of(&timer.org, &timer.number).await?;
    if !current.iter().any(|t| t.id == timer.id) {
        return Ok(());
    }
    let record = desk.store.record(&timer.org, &timer.number).await?;
    let kinds = desk.kinds(&timer.org);
    let Some((kind, record)) = record.and_then(|r| kinds.get(&r.kind).map(|k| (k, r))) else {
        return Ok(desk.store.drop_timer(&timer.id, &desk.node).await?);
    };
    let host = Actor::host(&timer.org);
    let cause = Cause::Timer(timer.name.clone());
    let mut working = Working::new(desk, kind, &host, cause, now, Some(record.clone()), record);
    working.fires = Some((timer.id.clone(), desk.node.to_string()));
    hooks::run(&mut working).await?;
    let unit: Unit = working.into_unit();
    desk.commit(unit).await?;
    Ok(())
}
