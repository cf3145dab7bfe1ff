//! Approval by the roles that a record itself names: its kind works out in `approvers` who has to approve, and each of
//! them does so by taking the transition of the pseudo-role `route`, each by another person. The state moves with the
//! last approval; one rejection is enough. What they said is kept in `approvals`.

use serde_json::{Value, json};

use super::working::{Cause, Working};
use crate::domain::field::FieldType;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::role::Who;
use crate::domain::{Kind, Role};

/// Computed field of the roles that have to approve.
const APPROVERS: &str = "approvers";
/// Computed field of what they said, `{role, user, at, decision}`.
const APPROVALS: &str = "approvals";
/// State of what was not approved.
const REJECTED: &str = "rejected";

/// The roles that have to approve the record, where its kind works them out.
pub(super) fn approvers(kind: &Kind, record: &Record) -> Vec<Role> {
    let roles = FieldType::List(Box::new(FieldType::Role));
    if !kind.field(APPROVERS).is_some_and(|field| field.ty == roles && field.formula.is_some()) {
        return Vec::new();
    }
    let named = record.data.get(APPROVERS).and_then(Value::as_array);
    named.into_iter().flatten().filter_map(|role| role.as_str()?.parse().ok()).collect()
}

/// Notes an approval or a rejection; while others still have to approve, the record stays where it was.
///
/// # Errors
/// `already-signed` when this person, or each of his roles, has said it already.
pub(super) fn run(working: &mut Working<'_>) -> Result<(), Refusal> {
    let Cause::Transition { from, to } = working.cause.clone() else { return Ok(()) };
    let asked = approvers(working.kind, &working.record);
    let route = |step: &&crate::domain::kind::Transition| step.from == from && step.to == to;
    let step = working.kind.transitions.iter().find(route).filter(|step| step.roles.contains(&Who::Route));
    if asked.is_empty() || step.is_none() || working.actor.auto {
        return Ok(());
    }
    let mut given = match working.field(APPROVALS) {
        Some(Value::Array(given)) => given.clone(),
        _ => Vec::new(),
    };
    let said = |given: &[Value], key: &str, text: &str| given.iter().any(|one| one.get(key) == Some(&json!(text)));
    if said(&given, "user", &working.actor.user) {
        let message = "you have approved already; another person has to approve too";
        return Err(Refusal::forbidden(rule::SIGNED, message));
    }
    let open = asked.iter().find(|role| working.actor.has(**role) && !said(&given, "role", role.code()));
    let Some(role) = open else {
        let message = "your role has approved already; other roles have to approve";
        return Err(Refusal::forbidden(rule::SIGNED, message));
    };
    let decision = if to == REJECTED { "reject" } else { "approve" };
    given.push(json!({ "role": role, "user": working.actor.user, "at": working.now, "decision": decision }));
    let lacks = asked.iter().any(|role| !said(&given, "role", role.code()));
    working.role = role.to_string();
    working.set(APPROVALS, Value::Array(given));
    if to != REJECTED && lacks {
        working.record.state.clone_from(&from);
        working.cause = Cause::Transition { from: from.clone(), to: from };
    }
    Ok(())
}
