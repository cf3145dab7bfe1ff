//! Promoting what was tried: from shadow to a canary, from either to active, and a planned activation before its time.

use super::change::{Making, Turn};
use super::{explain, may_activate, may_decide, not_his_own};
use crate::domain::Actor;
use crate::domain::component::{Activation, Mode, OnFailure};
use crate::domain::refusal::{Refusal, rule};
use crate::flows::{Desk, FlowError, retry};

/// How something is promoted; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Promotion {
    /// To a canary for this percentage of records; none = to active.
    pub percent: Option<u8>,
    /// Whether records that were opened before keep their judge.
    pub opened_after: Option<bool>,
    /// What the breaker does.
    pub on_failure: Option<OnFailure>,
    /// Why it may decide although decisions flip.
    pub explanation: Option<String>,
    /// A dry run of the candidate, whose flips count.
    pub backtest: Option<String>,
    /// The generation the caller looked at; none = whatever it is.
    pub expected_generation: Option<i64>,
    /// Why, for the audit trail.
    pub reason: String,
}

/// Promotes a candidate or a planned activation. Promoting is activating: whoever may not activate it may not promote it.
///
/// # Errors
/// Not allowed, not there, ended or active already, not approved, flips without an explanation, a stale generation; the
/// database's errors.
pub async fn run(desk: &Desk, actor: &Actor, id: &str, how: Promotion) -> Result<Activation, FlowError> {
    may_activate(actor)?;
    retry::until_won(|| attempt(desk, actor, id, how.clone())).await
}

async fn attempt(desk: &Desk, actor: &Actor, id: &str, how: Promotion) -> Result<Activation, FlowError> {
    let candidate = super::revert::known(desk, actor, id).await?;
    let turn = Turn::begin(desk, actor, candidate.process, how.expected_generation).await?;
    let candidate = turn.find(id).cloned().ok_or_else(|| super::revert::ended(&candidate))?;
    if candidate.mode == Mode::Active {
        return Err(Refusal::conflict("already-active", format!("activation {id} is active already")).into());
    }
    if how.percent.is_some() && candidate.mode == Mode::Planned {
        let message = "what is planned becomes active, not a canary";
        return Err(Refusal::invalid(rule::UNKNOWN_FIELD, "percent", message).into());
    }
    let missing =
        || Refusal::conflict("component-state", format!("there is no component {} any more", candidate.digest));
    let component = desk.store.component(&actor.org, &candidate.digest).await?.ok_or_else(missing)?;
    not_his_own(actor, &component)?;
    let basis = may_decide(desk, &component).await?;
    let settings = desk.store.settings_text(&actor.org, &candidate.settings_hash).await?;
    let settings = settings.ok_or_else(|| Refusal::conflict("settings-gone", "the candidate's settings are gone"))?;
    let new = Activation {
        id: desk.clock.id(),
        mode: how.percent.map_or(Mode::Active, Mode::Canary),
        effective_from: None,
        opened_after: how.opened_after.unwrap_or(candidate.opened_after),
        before_generation: turn.generation - 1,
        on_failure: how.on_failure.unwrap_or(candidate.on_failure),
        explanation: how.explanation.filter(|text| !text.trim().is_empty()).unwrap_or(candidate.explanation),
        generation: turn.generation,
        at: desk.clock.now(),
        actor: actor.user.clone(),
        reason: how.reason,
        ..candidate
    };
    explain::check(desk, actor, &new, &settings, how.backtest.as_deref()).await?;
    let mut ends = turn.same_place(&new);
    if !ends.iter().any(|ended| ended == id) {
        ends.push(id.to_owned());
    }
    turn.make(Making { new, settings, basis, ends, action: "promote", word: "component.promoted" }).await
}
