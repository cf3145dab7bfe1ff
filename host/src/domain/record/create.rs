//! Making a record.

use serde_json::{Map, Value};

use super::input::{apply, check, check_conditions, missing};
use super::{Record, Stamp};
use crate::domain::access::{self, Action};
use crate::domain::field::{ACTOR_DEFAULT, Field, FieldType};
use crate::domain::kind::Kind;
use crate::domain::refusal::Refusal;
use crate::domain::role::Actor;

/// A new record of the kind from what the actor sent, in its first state and with defaults filled
/// in. It belongs to the actor unless the input names another owner.
///
/// # Errors
///
/// `role` when the actor may not create records of the kind; otherwise every field that is wrong
/// or missing.
pub fn create(kind: &Kind, actor: &Actor, input: Map<String, Value>, stamp: Stamp) -> Result<Record, Refusal> {
    access::permit(kind, actor, Action::Create, None)?;
    let entries = check(kind, &input)?;
    let mut record = Record {
        id: stamp.id,
        org: actor.org.clone(),
        kind: kind.slug.clone(),
        number: stamp.number,
        title: String::new(),
        state: kind.initial.clone(),
        owner: actor.user.clone(),
        revision: 1,
        created_at: stamp.now,
        created_by: actor.user.clone(),
        updated_at: stamp.now,
        kind_version: kind.version,
        data: Map::new(),
    };
    for field in kind.all_fields() {
        if let Some(value) = default(field, actor) {
            record.data.insert(field.name.clone(), value);
        }
    }
    // Null for a field that nobody has filled yet says nothing.
    apply(&mut record, entries.into_iter().filter(|(_, value)| value.is_some()).collect())?;
    let needed = kind.all_fields().filter(|field| field.on_create).map(|field| field.name.as_str());
    let missing = missing(kind, &record, needed, "to create the record");
    if !missing.is_empty() {
        return Err(Refusal::fields(missing));
    }
    check_conditions(kind, &record)?;
    Ok(record)
}

fn default(field: &Field, actor: &Actor) -> Option<Value> {
    let value = field.default.as_ref()?;
    if field.ty == FieldType::User && value == ACTOR_DEFAULT {
        return Some(actor.user.as_str().into());
    }
    Some(value.clone())
}
