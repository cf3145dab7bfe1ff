//! Moving a component through its life (guide, P57), beside what its activations do.

use serde_json::json;

use super::{Desk, FlowError, retry};
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::domain::role::HOST_USER;
use crate::domain::{Actor, Kind, TransitionContext, lifecycle, trust};
use crate::store::components::ComponentRow;
use crate::store::unit::{AuditDraft, EventDraft};

/// A step that somebody wants to take with a component.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// Name of the transition.
    pub name: &'a str,
    /// The revision the caller read (If-Match).
    pub expected: Option<i64>,
    /// Why.
    pub reason: &'a str,
}

/// Takes a transition of a component.
///
/// # Errors
/// Not there, not allowed, an unlisted transition, a stale revision; `component-live` for a step that only an
/// activation, or its end, takes.
pub async fn run(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, step: Step<'_>) -> Result<(), FlowError> {
    retry::until_won(|| attempt(desk, actor, kind, number, &step)).await
}

async fn attempt(desk: &Desk, actor: &Actor, kind: &Kind, number: &str, step: &Step<'_>) -> Result<(), FlowError> {
    let missing = || Refusal::not_found(format!("there is no {} {number}", kind.slug));
    let component = desk.store.component_numbered(&actor.org, number).await?.ok_or_else(missing)?;
    let record = as_record(kind, &component);
    if step.expected.is_some_and(|revision| revision != record.revision) {
        let message = format!("{number} is at revision {}; read it again", record.revision);
        return Err(Refusal::stale(message).into());
    }
    let found = lifecycle::find(kind, &record, step.name)?;
    let context = TransitionContext { reason: Some(step.reason).filter(|r| !r.is_empty()), ..Default::default() };
    let acting = lifecycle::permit(kind, actor, &record, found, &context)?;
    if found.reason && step.reason.is_empty() {
        return Err(Refusal::invalid("reason-required", "reason", format!("{} needs a reason", found.name)).into());
    }
    if found.to == "active" {
        let message = "a component becomes active by an activation for a scope: POST /api/v1/activations";
        return Err(Refusal::conflict("component-live", message).into());
    }
    if record.state == "active" {
        let message = format!("{number} decides for some scope; roll its activations back first");
        return Err(Refusal::conflict("component-live", message).into());
    }
    write(desk, component, &found.to, (&actor.user, &acting.to_string()), step.reason).await
}

/// Approves what the host itself offers at a first start: whoever configures the server answers for it, and there is
/// nobody yet who could. What has gone further already, or has come to its end, stays as it is.
///
/// # Errors
/// The database's.
pub(super) async fn approve_by_host(desk: &Desk, org: &str, digest: &str, reason: &str) -> Result<(), FlowError> {
    retry::until_won(|| async move {
        match desk.store.component(org, digest).await? {
            Some(component) if ["submitted", "verified"].contains(&component.state.as_str()) => {
                write(desk, component, "approved", (HOST_USER, "auto"), reason).await
            }
            _ => Ok(()),
        }
    })
    .await
}

/// Writes the step, with who takes it: user and role.
async fn write(
    desk: &Desk,
    component: ComponentRow,
    to: &str,
    (user, role): (&str, &str),
    reason: &str,
) -> Result<(), FlowError> {
    let at = desk.clock.now();
    let audit = AuditDraft {
        at,
        number: component.digest.clone(),
        actor: user.to_owned(),
        role: role.to_owned(),
        action: format!("transition:{to}"),
        before: json!({ "state": component.state }),
        after: json!({ "state": to }),
        reason: reason.to_owned(),
    };
    let data = json!({ "number": component.number, "name": component.name, "state": to });
    let event = EventDraft { at, kind: format!("component.{to}"), number: component.digest.clone(), data };
    Ok(desk.store.move_component(component, to, audit, event).await?)
}

/// Who vouches for a component: the keys that signed it, or nobody.
fn signed_by(component: &ComponentRow) -> String {
    let keys: Vec<String> = trust::signatures(&component.signatures).into_iter().map(|signed| signed.key).collect();
    if keys.is_empty() { "unsigned".to_owned() } else { keys.join(", ") }
}

/// A component as a record of its kind.
pub fn as_record(kind: &Kind, component: &ComponentRow) -> Record {
    use crate::domain::time::Instant;
    let data = json!({
        "interface": component.process,
        "version": component.version,
        "sha256": component.digest,
        "publisher": component.uploaded_by,
        "signature": signed_by(component),
        "confidentiality": "internal",
    });
    Record {
        id: component.digest.clone(),
        org: component.org.clone(),
        kind: kind.slug.clone(),
        number: component.number.clone(),
        title: format!("{}@{}", component.name, component.version),
        state: component.state.clone(),
        owner: component.uploaded_by.clone(),
        revision: component.revision,
        created_at: Instant(component.uploaded_at),
        created_by: component.uploaded_by.clone(),
        updated_at: Instant(component.changed_at),
        kind_version: kind.version,
        data: data.as_object().cloned().unwrap_or_default(),
    }
}
