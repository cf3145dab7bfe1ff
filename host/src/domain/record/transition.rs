//! Moving a record through its lifecycle.

use serde_json::{Map, Value, json};

use super::input::{apply, check, check_conditions, check_editable, missing};
use super::update::check_apart;
use super::{Change, Record};
use crate::domain::kind::{Kind, Transition};
use crate::domain::lifecycle;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::role::{Acting, Actor, Role, Who};
use crate::domain::time::Instant;

pub use crate::domain::lifecycle::TransitionContext;

/// The record after a transition, with the fields of the input set on the way.
///
/// Where several roles must sign (`all_of`), each call collects one signature and the state moves
/// with the last one; see [`Change::signed`].
///
/// # Errors
///
/// The rule that refuses it: `unknown-transition` or `closed-record`, `role` or `own`,
/// `separation-of-duties`, `already-signed`, `reason-required`, `required`, or a rule about a field
/// of the input.
pub fn transition(
    kind: &Kind,
    actor: &Actor,
    record: &Record,
    name: &str,
    input: Map<String, Value>,
    context: &TransitionContext<'_>,
    now: Instant,
) -> Result<Change, Refusal> {
    let step = lifecycle::find(kind, record, name)?;
    let acting = lifecycle::permit(kind, actor, record, step, context)?;
    if step.reason && context.reason.is_none_or(|reason| reason.trim().is_empty()) {
        let message = format!("{} needs a reason", step.name);
        return Err(Refusal::invalid(rule::REASON, "reason", message));
    }
    let entries = check(kind, &input)?;
    check_editable(kind, record, &entries, &step.require)?;
    check_apart(kind, actor, record, &entries)?;
    let mut new = record.clone();
    apply(&mut new, entries)?;
    check_filled(kind, &new, step)?;
    check_conditions(kind, &new)?;

    let mut signed = None;
    if step.all_of.is_empty() {
        enter(kind, &mut new, step, actor);
    } else if let Acting::As(role) = acting {
        let pending = sign(&mut new, step, actor, role, now);
        if pending {
            signed = Some(role);
        } else {
            enter(kind, &mut new, step, actor);
        }
    } else {
        // Only people sign; a transition with `all_of` is never the host's.
        return Err(Refusal::forbidden(rule::ROLE, format!("{} has to be signed by people", step.name)));
    }
    Ok(Change { signed, ..Change::between(record, new, acting, now) })
}

/// Required fields before the first state is left, and the transition's own ones.
fn check_filled(kind: &Kind, record: &Record, step: &Transition) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    if record.state == kind.initial && step.to != kind.initial && !step.incomplete {
        let required = kind.all_fields().filter(|field| field.required && !field.computed);
        let why = format!("before the record leaves the state {}", kind.initial);
        problems.extend(missing(kind, record, required.map(|field| field.name.as_str()), &why));
    }
    let known = |name: &str| problems.iter().any(|problem| problem.field == name);
    let more = step.require.iter().map(String::as_str).filter(|name| !known(name));
    let more = missing(kind, record, more, &format!("for {}", step.name));
    problems.extend(more);
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems)) }
}

fn enter(kind: &Kind, record: &mut Record, step: &Transition, actor: &Actor) {
    record.state.clone_from(&step.to);
    if let Some(field) = &step.records_actor {
        record.data.insert(field.clone(), actor.user.as_str().into());
    }
    // Signatures of an earlier round do not count for the next one.
    drop_signatures(kind, record);
}

/// Adds a signature; whether others are still awaited.
fn sign(record: &mut Record, step: &Transition, actor: &Actor, role: Role, now: Instant) -> bool {
    let Some(field) = &step.signatures else {
        return true;
    };
    let signatures = record.data.entry(field.clone()).or_insert_with(|| json!([]));
    if let Value::Array(list) = signatures {
        list.push(json!({ "role": role, "user": actor.user, "at": now, "for": step.name }));
    }
    let signed = lifecycle::signatures(record, step);
    !step.all_of.iter().all(|who| signed.iter().any(|(role, _)| Who::Role(*role) == *who))
}

/// Removes the signatures collected for the transitions that start from the record's state.
pub(super) fn drop_signatures(kind: &Kind, record: &mut Record) {
    let state = record.state.clone();
    for step in kind.transitions_from(&state).filter(|step| !step.all_of.is_empty()) {
        let Some(field) = &step.signatures else {
            continue;
        };
        let Some(Value::Array(list)) = record.data.get_mut(field) else {
            continue;
        };
        list.retain(|signature| signature.get("for").and_then(Value::as_str) != Some(&step.name));
        if list.is_empty() {
            record.data.remove(field);
        }
    }
}
