//! Changing the fields of a record.

use serde_json::{Map, Value};

use super::input::{Entry, apply, check, check_conditions, check_editable, closed_record, missing};
use super::transition::drop_signatures;
use super::{Change, Record};
use crate::domain::access::{self, Action};
use crate::domain::field::ALWAYS_EDITABLE;
use crate::domain::kind::Kind;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::role::Actor;
use crate::domain::time::Instant;

/// Refuses that somebody who may not take the next step, because a field names him, takes himself out of that field.
pub(super) fn check_apart(kind: &Kind, actor: &Actor, record: &Record, entries: &[Entry<'_>]) -> Result<(), Refusal> {
    let named = |name: &str| record.text(name) == Some(actor.user.as_str());
    let out = |value: &Option<Value>| value.as_ref().and_then(Value::as_str) != Some(actor.user.as_str());
    for (field, _) in entries.iter().filter(|(field, value)| named(&field.name) && out(value)) {
        if let Some(step) = kind.transitions_from(&record.state).find(|step| step.separate.contains(&field.name)) {
            let message = format!(
                "{} names you, so that somebody else takes {}; who is named there is for another person to change",
                field.name, step.name
            );
            return Err(Refusal::forbidden(rule::SEPARATION, message).about(field.name.as_str()));
        }
    }
    Ok(())
}

/// The record with a patch merged in: each field named in it is replaced as a whole, null removes
/// one. Once the record has left its first state, a required field keeps having a value.
///
/// A change to what was agreed makes signatures collected for a pending transition void.
///
/// # Errors
///
/// `role` or `own` when the actor may not change it, `closed-record` or `locked-field` when its
/// state forbids it; otherwise every field that is wrong.
pub fn update(
    kind: &Kind,
    actor: &Actor,
    record: &Record,
    patch: Map<String, Value>,
    now: Instant,
) -> Result<Change, Refusal> {
    let acting = access::permit(kind, actor, Action::Update, Some(record))?;
    if kind.state(&record.state).is_some_and(|state| state.closed) {
        return Err(closed_record(record));
    }
    let entries = check(kind, &patch)?;
    check_editable(kind, record, &entries, &[])?;
    check_apart(kind, actor, record, &entries)?;
    let mut new = record.clone();
    apply(&mut new, entries)?;
    let required = kind.all_fields().filter(|field| {
        let demanded = || kind.only_through(&record.state, |step| step.require.contains(&field.name));
        let always = field.on_create || (field.required && record.state != kind.initial) || demanded();
        // What was empty before is another rule's business.
        always && !field.computed && patch.contains_key(&field.name)
    });
    let missing = missing(kind, &new, required.map(|field| field.name.as_str()), "and cannot be removed");
    if !missing.is_empty() {
        return Err(Refusal::fields(missing));
    }
    check_conditions(kind, &new)?;
    let mut change = Change::between(record, new, acting, now);
    if change.changed.iter().any(|name| !ALWAYS_EDITABLE.contains(&name.as_str())) {
        drop_signatures(kind, &mut change.record);
        change.refresh(record, now);
    }
    Ok(change)
}
