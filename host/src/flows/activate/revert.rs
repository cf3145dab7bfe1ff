//! Going back: what is active gives way to what it replaced, what is tried or planned ends.

use super::change::{Making, Turn};
use super::{may_activate, may_be_tried};
use crate::domain::Actor;
use crate::domain::component::{Activation, Mode, Scope};
use crate::domain::refusal::Refusal;
use crate::flows::{Desk, FlowError, retry};

/// Takes an activation back: a candidate or a plan ends, an active one gives way to what its scope had before. Gives
/// what is active in the scope from now on; `None` when a less specific one decides.
///
/// # Errors
/// Not allowed, not there, ended already, nothing to go back to, a stale generation; the database's errors.
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    expected_generation: Option<i64>,
    reason: &str,
) -> Result<(Activation, Option<Activation>), FlowError> {
    may_activate(actor)?;
    retry::until_won(|| attempt(desk, actor, id, expected_generation, reason)).await
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    id: &str,
    expected_generation: Option<i64>,
    reason: &str,
) -> Result<(Activation, Option<Activation>), FlowError> {
    let activation = known(desk, actor, id).await?;
    let turn = Turn::begin(desk, actor, activation.process, expected_generation).await?;
    let activation = turn.find(id).cloned().ok_or_else(|| ended(&activation))?;
    if activation.mode == Mode::Active {
        let back = go_back(turn, &activation.scope, reason).await?;
        return Ok((activation, back));
    }
    let active = turn.active(&activation.scope).cloned();
    turn.end(activation.clone(), reason, "revert", "component.reverted").await?;
    Ok((activation, active))
}

/// An activation of the actor's organisation.
pub(super) async fn known(desk: &Desk, actor: &Actor, id: &str) -> Result<Activation, FlowError> {
    let missing = || Refusal::not_found(format!("there is no activation {id}"));
    Ok(desk.store.activation(&actor.org, id).await?.ok_or_else(missing)?)
}

/// The refusal about an activation that is over.
pub(super) fn ended(activation: &Activation) -> Refusal {
    let Activation { id, ended_generation, .. } = activation;
    let at = ended_generation.map_or(String::new(), |generation| format!(" with generation {generation}"));
    Refusal::conflict("activation-ended", format!("activation {id} has ended{at}"))
}

/// Makes active again what the present activation of a scope replaced; where it replaced nothing, ends it.
pub(super) async fn go_back(turn: Turn<'_>, scope: &Scope, reason: &str) -> Result<Option<Activation>, FlowError> {
    let (desk, actor) = (turn.desk, turn.actor);
    let Some(live) = turn.active(scope).cloned() else {
        let message = format!("nothing is active in scope {} {}", scope.kind(), scope.value());
        return Err(Refusal::conflict("nothing-active", message).into());
    };
    let history = desk.store.activations(&actor.org, Some(live.process.slug())).await?;
    // The newest earlier activation of this scope that is not what runs now.
    let mut earlier = history.into_iter().filter(|one| one.scope == *scope && one.mode == Mode::Active);
    let Some(earlier) = earlier.find(|one| one.generation < live.generation && !one.same_policy(&live)) else {
        if *scope == Scope::Organisation {
            let message = format!("{} has no earlier activation to go back to", live.process);
            return Err(Refusal::conflict("nothing-to-roll-back-to", message).into());
        }
        turn.end(live, reason, "rollback", "component.deactivated").await?;
        return Ok(None);
    };
    let missing = || Refusal::conflict("component-state", format!("there is no component {} any more", earlier.digest));
    let component = desk.store.component(&actor.org, &earlier.digest).await?.ok_or_else(missing)?;
    // It decided before: going back waits for nobody's approval.
    let basis = may_be_tried(desk, &component).await?;
    let settings = desk.store.settings_text(&actor.org, &earlier.settings_hash).await?;
    let settings = settings.ok_or_else(|| Refusal::conflict("settings-gone", "the earlier settings are gone"))?;
    let new = Activation {
        id: desk.clock.id(),
        // Records that it left alone then it leaves alone again.
        effective_from: earlier.opened_after.then(|| earlier.since()),
        generation: turn.generation,
        at: desk.clock.now(),
        actor: actor.user.clone(),
        reason: reason.to_owned(),
        ended_generation: None,
        ..earlier
    };
    let ends = vec![live.id];
    turn.make(Making { new, settings, basis, ends, action: "rollback", word: "component.rolled-back" }).await.map(Some)
}
