//! Breakers: a component that fails too often decides no more, until an administrator says so.
//!
//! Tripping is a step of the process's generation with an audit entry and an event, so that every node follows. What
//! decides meanwhile is the activation's own choice (`on_failure`); `flows::decide` asks for it.

use serde_json::json;

use super::{Desk, FlowError};
use crate::catalog::Live;
use crate::domain::breaker::{Breaker, State, Step, Tally};
use crate::domain::component::{Activation, OnFailure};
use crate::domain::refusal::Refusal;
use crate::domain::role::HOST_USER;
use crate::domain::{Actor, Role};
use crate::store::unit::{AuditDraft, EventDraft};

/// What is named as the cause where somebody opened a breaker.
const BY_HAND: &str = "by-hand";
/// What is named as the cause where a component does not load on a node.
const DOES_NOT_LOAD: &str = "does-not-load";

/// Does what an administrator says of the breaker of an activation.
///
/// # Errors
/// Not allowed; no such activation, or one that decides nothing; a breaker that does not stand so that the step leads
/// anywhere; the database's errors.
pub async fn set(desk: &Desk, actor: &Actor, id: &str, step: Step, reason: &str) -> Result<Breaker, FlowError> {
    if !actor.has(Role::Adm) {
        let message = "setting a breaker needs the role ADM (administrator)";
        return Err(Refusal::forbidden("role", message).into());
    }
    let missing = || Refusal::not_found(format!("there is no activation {id}"));
    let rows = desk.store.activations(&actor.org, None).await?;
    let activation = rows.iter().find(|row| row.id == id).ok_or_else(missing)?;
    if activation.ended_generation.is_some() {
        let message = "the activation has ended: its breaker decides nothing any more";
        return Err(Refusal::conflict("activation-ended", message).into());
    }
    let stands = desk.store.breakers(Some(&actor.org)).await?.into_iter().find(|breaker| breaker.activation == id);
    let (from, to) = step.leads();
    let mut new = stands.unwrap_or_else(|| closed(desk, activation));
    let state = new.state;
    let no_way = |state: State| {
        let message = format!("the breaker is {}: {} leads nowhere from there", state.as_str(), step.as_str());
        Refusal::conflict("breaker-state", message)
    };
    if !from.contains(&state) {
        return Err(no_way(state).into());
    }
    if step == Step::Open {
        let tally = desk.catalog.watch().tally(id, desk.clock.now());
        (new.cause, new.message) = (BY_HAND.to_owned(), "an administrator opened it".to_owned());
        (new.failures, new.calls) = figures(tally);
    }
    new.state = to;
    (new.actor, new.reason) = (actor.user.clone(), reason.to_owned());
    let word = match step {
        Step::Probe => "component.probing",
        Step::Close => "component.recovered",
        Step::Open => "component.tripped",
    };
    match write(desk, activation, new, from, &format!("breaker:{}", step.as_str()), word).await {
        Err(FlowError::Store(e)) if e.is_lost_race() => Err(no_way(state).into()),
        other => other,
    }
}

/// Opens the breaker of an activation that fails; nothing happens where another call, or another node, was faster.
pub(super) async fn trip(desk: &Desk, live: &Live, cause: &str, message: &str, tally: Tally) {
    let Activation { org, process, id, .. } = &live.activation;
    let stands = desk.catalog.snapshot().find(org, *process, id).map(|known| known.stands());
    if stands == Some(State::Open) {
        return;
    }
    let (failures, calls) = figures(tally);
    let new = Breaker {
        state: State::Open,
        cause: cause.to_owned(),
        message: message.to_owned(),
        failures,
        calls,
        ..closed(desk, &live.activation)
    };
    settle(desk, live, new, &[State::Closed, State::Probing], "breaker:trip", "component.tripped").await;
}

/// Closes the breaker of an activation whose probes went well.
pub(super) async fn recover(desk: &Desk, live: &Live) {
    let Some(breaker) = &live.breaker else { return };
    let new = Breaker {
        state: State::Closed,
        actor: HOST_USER.to_owned(),
        reason: "enough probes in a row went well".to_owned(),
        ..breaker.clone()
    };
    settle(desk, live, new, &[State::Probing], "breaker:recover", "component.recovered").await;
}

/// Trips the breakers of what does not load on this node, so that its start and every decision go on without it.
pub async fn trip_unloaded(desk: &Desk) {
    for live in desk.catalog.snapshot().unloaded() {
        let message = live.prepared.as_ref().err().map(ToString::to_string).unwrap_or_default();
        trip(desk, &live, DOES_NOT_LOAD, &message, Tally::default()).await;
    }
}

async fn settle(desk: &Desk, live: &Live, new: Breaker, from: &'static [State], action: &str, word: &str) {
    match write(desk, &live.activation, new, from, action, word).await {
        Ok(_) => {}
        // Somebody else did the same: this node follows.
        Err(FlowError::Store(e)) if e.is_lost_race() => {
            if let Err(error) = desk.catalog.refresh().await {
                tracing::error!(%error, "this node could not follow a breaker");
            }
        }
        Err(error) => tracing::error!(activation = %live.activation.id, %error, "a breaker could not be set"),
    }
}

async fn write(
    desk: &Desk,
    activation: &Activation,
    mut new: Breaker,
    from: &'static [State],
    action: &str,
    word: &str,
) -> Result<Breaker, FlowError> {
    new.since = desk.clock.now();
    let fallback = match new.state {
        State::Closed => None,
        State::Open | State::Probing => fallback(desk, activation).await?,
    };
    let about = json!({
        "activation": activation.id,
        "process": activation.process.slug(),
        "scope": { "kind": activation.scope.kind(), "value": activation.scope.value() },
        "component": activation.digest,
        "state": new.state,
        "cause": new.cause,
        "message": new.message,
        "failures": new.failures,
        "calls": new.calls,
        "on_failure": activation.on_failure.as_str(),
        "fallback": fallback,
    });
    let role = if new.actor == HOST_USER { "auto" } else { Role::Adm.code() };
    let audit = AuditDraft {
        at: new.since,
        number: activation.digest.clone(),
        actor: new.actor.clone(),
        role: role.to_owned(),
        action: action.to_owned(),
        before: json!({}),
        after: about.clone(),
        reason: new.reason.clone(),
    };
    let event = EventDraft { at: new.since, kind: word.to_owned(), number: activation.digest.clone(), data: about };
    new.generation = desk.store.set_breaker(new.clone(), from, audit, event).await?;
    desk.catalog.watch().forget(&activation.id);
    desk.catalog.refresh().await?;
    tracing::warn!(
        process = activation.process.slug(), activation = %activation.id, digest = %activation.digest,
        state = new.state.as_str(), cause = %new.cause, failures = new.failures, calls = new.calls,
        generation = new.generation, fallback, "breaker set"
    );
    Ok(new)
}

/// Identifier of the activation that decides meanwhile: the last good version of the scope, else what is active for the
/// whole organisation; none where a person decides, or nobody.
async fn fallback(desk: &Desk, activation: &Activation) -> Result<Option<String>, FlowError> {
    if activation.on_failure != OnFailure::LastGood {
        return Ok(None);
    }
    let breakers = desk.store.breakers(Some(&activation.org)).await?;
    let stand_ins = desk.catalog.stand_ins(activation, &breakers).await?;
    let wider = || desk.catalog.snapshot().beyond(activation).map(|live| live.activation.id.clone());
    Ok(stand_ins.into_iter().next().map(|earlier| earlier.id).or_else(wider))
}

fn closed(desk: &Desk, activation: &Activation) -> Breaker {
    Breaker {
        org: activation.org.clone(),
        activation: activation.id.clone(),
        process: activation.process,
        state: State::Closed,
        cause: String::new(),
        message: String::new(),
        failures: 0,
        calls: 0,
        since: desk.clock.now(),
        generation: 0,
        actor: HOST_USER.to_owned(),
        reason: String::new(),
    }
}

fn figures(tally: Tally) -> (i64, i64) {
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    (whole(tally.failures), whole(tally.calls))
}
