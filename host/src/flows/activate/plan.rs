//! Planned activations: active from their instant on.

use std::time::Duration;

use super::change::{Making, Turn};
use super::may_decide;
use crate::domain::Actor;
use crate::domain::component::{Activation, Mode};
use crate::domain::refusal::Refusal;
use crate::flows::{Desk, FlowError};
use crate::store::activations::Basis;

/// How often a node looks for plans whose instant has come: within a second of it they are active on every node.
const POLL: Duration = Duration::from_millis(250);

/// Makes active what was planned for now or earlier; gives how many. Where several nodes try, one does it: the others
/// find the generation moved.
///
/// # Errors
/// When the database fails. A plan that may not be carried out any more ends, and an event says why.
pub async fn run(desk: &Desk) -> Result<usize, FlowError> {
    let mut made = 0;
    for plan in desk.store.due_plans(desk.clock.now()).await? {
        match carry_out(desk, &plan).await {
            Ok(true) => made += 1,
            Ok(false) => {}
            // Somebody else changed the process meanwhile; whether the plan still stands is seen at the next look.
            Err(FlowError::Refused(refusal)) if refusal.rule == "stale-generation" => {}
            Err(error) if error.is_lost_race() => {}
            Err(FlowError::Store(error)) => return Err(error.into()),
            // What is wrong with one plan holds up no other.
            Err(error) => {
                tracing::error!(activation = %plan.id, %error, "a planned activation could not be carried out")
            }
        }
    }
    Ok(made)
}

/// Carries plans out as their instants come, until the task is dropped.
pub async fn forever(desk: Desk) {
    let mut poll = tokio::time::interval(POLL);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        poll.tick().await;
        if let Err(error) = run(&desk).await {
            tracing::error!(%error, "planned activations could not be carried out; trying again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn carry_out(desk: &Desk, plan: &Activation) -> Result<bool, FlowError> {
    let host = Actor::host(&plan.org);
    let turn = Turn::begin(desk, &host, plan.process, None).await?;
    if turn.find(&plan.id).is_none() {
        return Ok(false);
    }
    let (settings, basis) = match allowed(desk, plan).await? {
        Ok(allowed) => allowed,
        Err(refusal) => {
            tracing::warn!(activation = %plan.id, %refusal, "a planned activation is not carried out");
            turn.end(plan.clone(), &refusal.message, "plan-refused", "component.plan-refused").await?;
            return Ok(false);
        }
    };
    let new = Activation {
        id: desk.clock.id(),
        mode: Mode::Active,
        before_generation: turn.generation - 1,
        generation: turn.generation,
        at: desk.clock.now(),
        ..plan.clone()
    };
    let mut ends = turn.same_place(&new);
    ends.push(plan.id.clone());
    turn.make(Making { new, settings, basis, ends, action: "activate", word: "component.activated" }).await?;
    Ok(true)
}

/// The settings' text, if the component may still decide, and what that rests on.
async fn allowed(desk: &Desk, plan: &Activation) -> Result<Result<(String, Basis), Refusal>, FlowError> {
    let Some(component) = desk.store.component(&plan.org, &plan.digest).await? else {
        return Ok(Err(Refusal::conflict(
            "component-state",
            format!("there is no component {} any more", plan.digest),
        )));
    };
    let basis = match may_decide(desk, &component).await {
        Ok(basis) => basis,
        Err(FlowError::Refused(refusal)) => return Ok(Err(refusal)),
        Err(error) => return Err(error),
    };
    let settings = desk.store.settings_text(&plan.org, &plan.settings_hash).await?;
    Ok(settings
        .map(|settings| (settings, basis))
        .ok_or_else(|| Refusal::conflict("settings-gone", "the planned settings are gone")))
}
