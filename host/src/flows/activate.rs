//! Making a component live for a scope, and going back.

use mortise_types::Process;
use serde_json::{Value, json};

use super::{Desk, FlowError};
use crate::domain::component::{Activation, Scope};
use crate::domain::refusal::{FieldProblem, Refusal};
use crate::domain::{Actor, Role, canonical};
use crate::store::components::ComponentRow;
use crate::store::unit::{AuditDraft, EventDraft};

/// What shall be live for what.
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
    /// The generation the caller looked at; none = whatever it is.
    pub expected_generation: Option<i64>,
    /// Why, for the audit trail.
    pub reason: String,
}

/// Makes a component live: the settings are checked now, not when a ticket waits; the process's generation is
/// compared and set; this node follows at once.
///
/// # Errors
/// Not allowed (an administrator's right; a publisher does not activate what he submitted), no such component,
/// another process, refused settings, a scope that names nothing, a stale generation; the database's errors.
pub async fn run(desk: &Desk, actor: &Actor, wish: Wish) -> Result<Activation, FlowError> {
    may_activate(actor)?;
    let missing = || Refusal::invalid("reference", "component", format!("there is no component {}", wish.digest));
    let component = desk.store.component(&actor.org, &wish.digest).await?.ok_or_else(missing)?;
    if component.process != wish.process.slug() {
        let message = format!("{} decides for {}, not for {}", component.name, component.process, wish.process);
        return Err(Refusal::invalid("wrong-process", "process", message).into());
    }
    if component.uploaded_as == Role::Pub.code() && component.uploaded_by == actor.user {
        let message = "a publisher does not activate a component that he submitted himself";
        return Err(Refusal::forbidden("separation-of-duties", message).into());
    }
    may_decide(desk, &component)?;
    check_scope(desk, actor, &wish.scope).await?;
    let settings = settings_text(&wish.settings)?;
    if let Err(refused) = desk.catalog.check_settings(&actor.org, &wish.digest, &settings).await? {
        let problems = refused
            .problems
            .into_iter()
            .map(|p| FieldProblem::new(format!("settings{}", p.path), "settings", p.message))
            .collect();
        return Err(Refusal::fields(problems).into());
    }
    write(desk, actor, wish, settings, "activate").await
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
    let history = desk.store.activations(&actor.org, Some(process.slug())).await?;
    let mut of_scope = history.into_iter().filter(|a| a.scope == scope);
    let nothing = || {
        let message = format!("nothing is active for {process} in scope {} {}", scope.kind(), scope.value());
        Refusal::conflict("nothing-active", message)
    };
    let live = of_scope.next().filter(|a| a.ended_generation.is_none()).ok_or_else(nothing)?;
    // The newest earlier activation of this scope that is not what runs now.
    let earlier = of_scope.find(|a| a.digest != live.digest || a.settings_hash != live.settings_hash);
    let Some(earlier) = earlier else {
        if scope == Scope::Organisation {
            let message = format!("{process} has no earlier activation to go back to");
            return Err(Refusal::conflict("nothing-to-roll-back-to", message).into());
        }
        end(desk, actor, live, expected_generation, reason).await?;
        return Ok(None);
    };
    if let Some(component) = desk.store.component(&actor.org, &earlier.digest).await? {
        may_decide(desk, &component)?;
    }
    let settings = desk.store.settings_text(&actor.org, &earlier.settings_hash).await?;
    let settings = settings.ok_or_else(|| Refusal::conflict("settings-gone", "the earlier settings are gone"))?;
    let wish = Wish {
        process,
        scope,
        digest: earlier.digest,
        settings: Value::Null,
        expected_generation,
        reason: reason.to_owned(),
    };
    write(desk, actor, wish, settings, "rollback").await.map(Some)
}

async fn write(
    desk: &Desk,
    actor: &Actor,
    wish: Wish,
    settings: String,
    action: &str,
) -> Result<Activation, FlowError> {
    let generation = next_generation(desk, actor, wish.process, wish.expected_generation).await?;
    let activation = Activation {
        id: desk.clock.id(),
        org: actor.org.clone(),
        process: wish.process,
        scope: wish.scope,
        digest: wish.digest,
        settings_hash: canonical::sha256(settings.as_bytes()),
        generation,
        at: desk.clock.now(),
        actor: actor.user.clone(),
        reason: wish.reason,
        ended_generation: None,
    };
    commit(desk, activation.clone(), settings, false, action).await?;
    Ok(activation)
}

async fn end(
    desk: &Desk,
    actor: &Actor,
    live: Activation,
    expected_generation: Option<i64>,
    reason: &str,
) -> Result<(), FlowError> {
    let generation = next_generation(desk, actor, live.process, expected_generation).await?;
    let ending =
        Activation { generation, at: desk.clock.now(), actor: actor.user.clone(), reason: reason.to_owned(), ..live };
    let settings = desk.store.settings_text(&actor.org, &ending.settings_hash).await?.unwrap_or_default();
    commit(desk, ending, settings, true, "rollback").await
}

async fn next_generation(
    desk: &Desk,
    actor: &Actor,
    process: Process,
    expected: Option<i64>,
) -> Result<i64, FlowError> {
    let now = desk.store.generation(&actor.org, process.slug()).await?;
    match expected {
        Some(expected) if expected != now => Err(stale(process, now, expected).into()),
        _ => Ok(now + 1),
    }
}

fn stale(process: Process, now: i64, expected: i64) -> Refusal {
    let message = format!("{process} is at generation {now}, you looked at {expected}; look again");
    Refusal::conflict("stale-generation", message).about("expected_generation")
}

async fn commit(
    desk: &Desk,
    activation: Activation,
    settings: String,
    remove: bool,
    action: &str,
) -> Result<(), FlowError> {
    let (process, generation) = (activation.process, activation.generation);
    let about = activation.to_json();
    let audit = AuditDraft {
        at: activation.at,
        number: activation.digest.clone(),
        actor: activation.actor.clone(),
        role: Role::Adm.code().to_owned(),
        action: action.to_owned(),
        before: json!({}),
        after: about.clone(),
        reason: activation.reason.clone(),
    };
    let word = match (action, remove) {
        (_, true) => "component.deactivated",
        ("rollback", _) => "component.rolled-back",
        _ => "component.activated",
    };
    let event = EventDraft { at: activation.at, kind: word.to_owned(), number: activation.digest.clone(), data: about };
    match desk.store.activate(activation, settings, remove, audit, event).await {
        Err(e) if e.is_lost_race() => return Err(stale(process, generation, generation - 1).into()),
        other => other?,
    }
    desk.catalog.refresh().await?;
    tracing::info!(process = process.slug(), generation, action, "activation changed");
    Ok(())
}

fn may_activate(actor: &Actor) -> Result<(), Refusal> {
    if actor.has(Role::Adm) {
        return Ok(());
    }
    Err(Refusal::forbidden("role", "activating a component needs the role ADM (administrator)"))
}

/// Refuses a component whose life does not let it decide (guide, P57).
fn may_decide(desk: &Desk, component: &ComponentRow) -> Result<(), Refusal> {
    let ComponentRow { number, name, state, .. } = component;
    let good = match state.as_str() {
        "rejected" | "retired" => false,
        "approved" | "active" | "suspended" => true,
        _ => !desk.policy.component.approval_required,
    };
    if good {
        return Ok(());
    }
    let message = format!("{number} ({name}) is {state} and cannot be activated");
    Err(Refusal::conflict("component-state", message))
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
