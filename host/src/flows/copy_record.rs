//! Making a record like another one.

use serde_json::{Map, Value, json};

use super::create_record::{self, Created};
use super::{Desk, FlowError, read_record};
use crate::domain::field::{Field, FieldType};
use crate::domain::{Actor, Kind, Record};

/// The link from a copy to what it was made from.
const COPY_OF: &str = "copy-of";
/// Number in a foreign system: it stands for one record only.
const EXTERNAL: &str = "external_id";

/// Makes a record with the fields of another one that the actor may read; `changes` wins over them, null leaves a
/// field out. The copy is a new record in every way: its maker, owner, number, state, clocks and decisions are its
/// own, and a link `copy-of` says where it comes from.
///
/// # Errors
/// Not found, not allowed; what making a record refuses; the database's errors.
pub async fn run(
    desk: &Desk,
    actor: &Actor,
    kind: &Kind,
    number: &str,
    changes: Map<String, Value>,
) -> Result<Created, FlowError> {
    let source = read_record::run(desk, actor, kind, number).await?;
    let mut input = copied(kind, &source);
    let mut links = match changes.get("links") {
        Some(Value::Array(links)) => links.clone(),
        _ => Vec::new(),
    };
    links.push(json!({ "type": COPY_OF, "ref": source.number }));
    input.extend(changes);
    input.insert("links".to_owned(), Value::Array(links));
    create_record::run(desk, actor, kind, input, None).await
}

/// The fields of a record that say what it is about, not what became of it.
fn copied(kind: &Kind, source: &Record) -> Map<String, Value> {
    let fields = kind.all_fields().filter(|field| is_copied(kind, field));
    let values = fields.filter_map(|field| Some((field.name.clone(), source.get(&field.name)?)));
    values.filter(|(_, value)| !value.is_null()).collect()
}

/// Left out are: what the host computes, the owner, links, the number in a foreign system; what a transition asks for,
/// records or collects, unless every record has it (a solution, an approver, signatures); and moments that not every
/// record has: they say when something happened to this one.
fn is_copied(kind: &Kind, field: &Field) -> bool {
    let name = field.name.as_str();
    if field.computed || matches!(name, "owner" | "links" | EXTERNAL) {
        return false;
    }
    let result = kind.transitions.iter().any(|step| {
        step.require.iter().any(|required| required == name)
            || step.records_actor.as_deref() == Some(name)
            || step.signatures.as_deref() == Some(name)
    });
    field.required || field.on_create || !(result || field.ty == FieldType::Instant)
}
