//! Giving a component a say in a scope: active at once or at an instant, in shadow, as a canary; promoting what is tried,
//! and going back. Each is one step of the process's generation, compared and set.

mod change;
mod explain;
pub mod plan;
pub mod promote;
pub mod revert;

use mortise_types::Process;
use serde_json::Value;

use self::change::{Making, Turn};
use super::{Desk, FlowError, retry, trust};
use crate::domain::component::{APPROVED, Activation, ENDED, Mode, OnFailure, Scope};
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::domain::time::Instant;
use crate::domain::{Actor, Role, canonical};
use crate::store::activations::Basis;
use crate::store::components::ComponentRow;

/// What shall have a say in what.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Process.
    pub process: Process,
    /// Scope.
    pub scope: Scope,
    /// SHA-256 of a component of the organisation.
    pub digest: String,
    /// Settings; an empty object = the component's defaults.
    pub settings: Value,
    /// As what; see [`Wish::mode`].
    pub mode: Mode,
    /// For a planned activation, from when on it is active.
    pub effective_from: Option<Instant>,
    /// Whether records that were opened before keep the judge they had.
    pub opened_after: bool,
    /// What the breaker does when the component keeps failing.
    pub on_failure: OnFailure,
    /// Why it may decide although decisions flip.
    pub explanation: String,
    /// A dry run of this component with these settings, whose flips count.
    pub backtest: Option<String>,
    /// The generation the caller looked at; none = whatever it is.
    pub expected_generation: Option<i64>,
    /// Why, for the audit trail.
    pub reason: String,
}

impl Wish {
    /// Active at once for all records of a scope, with the component's default settings.
    pub fn new(process: Process, scope: Scope, digest: impl Into<String>) -> Self {
        Self {
            process,
            scope,
            digest: digest.into(),
            settings: Value::Null,
            mode: Mode::Active,
            effective_from: None,
            opened_after: false,
            on_failure: OnFailure::default(),
            explanation: String::new(),
            backtest: None,
            expected_generation: None,
            reason: String::new(),
        }
    }

    /// The mode that somebody asks for: `active` (the default), `shadow`, `canary` with a percentage; an instant makes
    /// an active one planned.
    ///
    /// # Errors
    /// Another word, a percentage without a canary or out of range, an instant for a candidate.
    pub fn mode(word: Option<&str>, percent: Option<i64>, from: Option<Instant>) -> Result<Mode, Refusal> {
        let word = word.unwrap_or("active");
        if !["active", "shadow", "canary"].contains(&word) {
            let message = format!("mode must be one of active, shadow, canary, not '{word}'");
            return Err(Refusal::invalid(rule::ENUM, "mode", message));
        }
        let percent = match (word, percent) {
            ("canary", None) => {
                let message = "a canary needs a percentage of records, 1 to 99";
                return Err(Refusal::invalid(rule::REQUIRED, "percent", message));
            }
            ("canary", Some(percent)) => {
                let share = u8::try_from(percent).ok().filter(|percent| (1..=99).contains(percent));
                Some(share.ok_or_else(|| Refusal::invalid(rule::RANGE, "percent", "percent must be 1 to 99"))?)
            }
            (_, Some(_)) => {
                return Err(Refusal::invalid(rule::UNKNOWN_FIELD, "percent", "only a canary has a percentage"));
            }
            (_, None) => None,
        };
        match (word, from) {
            ("active", Some(_)) => Ok(Mode::Planned),
            (_, Some(_)) => {
                let message = "only what is to be active can be planned for an instant";
                Err(Refusal::invalid(rule::UNKNOWN_FIELD, "effective_from", message))
            }
            // The words and the percentage were looked at above.
            (_, None) => Ok(Mode::from_parts(word, percent).unwrap_or(Mode::Active)),
        }
    }
}

/// Gives a component a say: the settings are checked now, not when a ticket waits; the process's generation is compared
/// and set; this node follows at once.
///
/// # Errors
/// Not allowed (an administrator's right; a publisher does not activate what he submitted), no such component,
/// another process, not approved, not trusted, refused settings, a scope that names nothing, flips without an
/// explanation, an instant that has passed, a stale generation; the database's errors.
pub async fn run(desk: &Desk, actor: &Actor, wish: Wish) -> Result<Activation, FlowError> {
    may_activate(actor)?;
    retry::until_won(|| attempt(desk, actor, wish.clone())).await
}

async fn attempt(desk: &Desk, actor: &Actor, wish: Wish) -> Result<Activation, FlowError> {
    let missing = || Refusal::invalid("reference", "component", format!("there is no component {}", wish.digest));
    let component = desk.store.component(&actor.org, &wish.digest).await?.ok_or_else(missing)?;
    if component.process != wish.process.slug() {
        let message = format!("{} decides for {}, not for {}", component.name, component.process, wish.process);
        return Err(Refusal::invalid("wrong-process", "process", message).into());
    }
    not_his_own(actor, &component)?;
    let basis = match wish.mode {
        Mode::Shadow => may_be_tried(desk, &component).await?,
        Mode::Active | Mode::Canary(_) | Mode::Planned => may_decide(desk, &component).await?,
    };
    check_scope(desk, actor, &wish.scope).await?;
    let now = desk.clock.now();
    if let Some(from) = wish.effective_from.filter(|from| *from <= now) {
        let message = format!("{from} has passed; leave effective_from out to activate now");
        return Err(Refusal::invalid(rule::RANGE, "effective_from", message).into());
    }
    let settings = settings_text(&wish.settings)?;
    if let Err(refused) = desk.catalog.check_settings(&actor.org, &wish.digest, &settings).await? {
        let problems = refused
            .problems
            .into_iter()
            .map(|p| FieldProblem::new(format!("settings{}", p.path), "settings", p.message))
            .collect();
        return Err(Refusal::fields(problems).into());
    }
    let turn = Turn::begin(desk, actor, wish.process, wish.expected_generation).await?;
    let new = Activation {
        id: desk.clock.id(),
        org: actor.org.clone(),
        process: wish.process,
        scope: wish.scope,
        digest: wish.digest,
        settings_hash: canonical::sha256(settings.as_bytes()),
        mode: wish.mode,
        effective_from: wish.effective_from,
        opened_after: wish.opened_after,
        before_generation: turn.generation - 1,
        on_failure: wish.on_failure,
        explanation: wish.explanation,
        generation: turn.generation,
        at: now,
        actor: actor.user.clone(),
        reason: wish.reason,
        ended_generation: None,
    };
    if new.mode != Mode::Shadow {
        explain::check(desk, actor, &new, &settings, wish.backtest.as_deref()).await?;
    }
    let word = match new.mode {
        Mode::Active => "component.activated",
        Mode::Shadow => "component.shadowed",
        Mode::Canary(_) => "component.canary",
        Mode::Planned => "component.planned",
    };
    let ends = turn.same_place(&new);
    turn.make(Making { new, settings, basis, ends, action: "activate", word }).await
}

/// Goes back: makes live again, for the same scope, what the present activation of that scope replaced. Where it
/// replaced nothing, the scope's activation ends and the next less specific one decides.
///
/// # Errors
/// Not allowed, nothing live for the scope, a stale generation; the database's errors.
pub async fn rollback(
    desk: &Desk,
    actor: &Actor,
    process: Process,
    scope: Scope,
    expected_generation: Option<i64>,
    reason: &str,
) -> Result<Option<Activation>, FlowError> {
    may_activate(actor)?;
    let attempt = || async {
        let turn = Turn::begin(desk, actor, process, expected_generation).await?;
        revert::go_back(turn, &scope, reason).await
    };
    retry::until_won(attempt).await
}

fn may_activate(actor: &Actor) -> Result<(), Refusal> {
    if actor.has(Role::Adm) {
        return Ok(());
    }
    Err(Refusal::forbidden("role", "activating a component needs the role ADM (administrator)"))
}

/// Four eyes: a publisher does not give what he submitted a say.
fn not_his_own(actor: &Actor, component: &ComponentRow) -> Result<(), Refusal> {
    if component.uploaded_as == Role::Pub.code() && component.uploaded_by == actor.user {
        let message = "a publisher does not activate a component that he submitted himself";
        return Err(Refusal::forbidden("separation-of-duties", message));
    }
    Ok(())
}

/// Refuses a component that has not come so far in its life that it may decide (guide, P57), or that the organisation
/// does not trust. Gives what that rests on.
async fn may_decide(desk: &Desk, component: &ComponentRow) -> Result<Basis, FlowError> {
    let approved = APPROVED.contains(&component.state.as_str());
    if desk.policy.component.approval_required && !approved {
        return Err(state_refused(component).into());
    }
    may_be_tried(desk, component).await
}

/// Refuses a component whose life has ended, or that the organisation does not trust: it does not run at all. Gives what
/// that rests on.
pub(in crate::flows) async fn may_be_tried(desk: &Desk, component: &ComponentRow) -> Result<Basis, FlowError> {
    if ENDED.contains(&component.state.as_str()) {
        return Err(state_refused(component).into());
    }
    trust::permit(desk, component).await
}

/// Why a component may not have a say, and what comes first.
fn state_refused(component: &ComponentRow) -> Refusal {
    let ComponentRow { number, name, state, .. } = component;
    let first = match state.as_str() {
        "submitted" => "; an administrator verifies it and a process owner approves it first",
        "verified" => "; a process owner approves it first",
        _ => " and cannot be activated",
    };
    Refusal::conflict("component-state", format!("{number} ({name}) is {state}{first}"))
}

async fn check_scope(desk: &Desk, actor: &Actor, scope: &Scope) -> Result<(), FlowError> {
    let refused = |message: String| Err(Refusal::invalid("reference", "scope.value", message).into());
    match scope {
        Scope::Organisation => Ok(()),
        Scope::Kind(slug) if desk.kinds(&actor.org).get(slug).is_some() => Ok(()),
        Scope::Kind(slug) => refused(format!("there is no kind '{slug}'")),
        Scope::Service(number) | Scope::Customer(number) | Scope::Contract(number) => {
            let kinds: &[&str] = match scope {
                Scope::Service(_) => &["service"],
                Scope::Customer(_) => &["customer"],
                _ => &["contract", "sla", "underpinning-contract"],
            };
            match desk.store.record(&actor.org, number).await? {
                Some(record) if kinds.contains(&record.kind.as_str()) => Ok(()),
                _ => refused(format!("there is no {} {number}", kinds.join(" or "))),
            }
        }
    }
}

/// The settings' text: canonical, so that equal settings have one hash.
pub(super) fn settings_text(settings: &Value) -> Result<String, Refusal> {
    match settings {
        Value::Null => Ok("{}".to_owned()),
        Value::Object(_) => Ok(canonical::text(settings)),
        _ => Err(Refusal::invalid("type", "settings", "settings are a JSON object")),
    }
}
