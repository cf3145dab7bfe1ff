//! What a client sends: a flat object of field values, null removing one.

use serde_json::{Map, Value};

use super::Record;
use crate::domain::field::{COLUMNS, Field, normalise};
use crate::domain::kind::Kind;
use crate::domain::nearest::hint;
use crate::domain::refusal::{FieldProblem, Refusal, rule};

/// One accepted entry of the input: the field, and its value or `None` to remove it.
pub(super) type Entry<'k> = (&'k Field, Option<Value>);

/// Checks every entry of an input against the kind, and reports everything that is wrong at once.
pub(super) fn check<'k>(kind: &'k Kind, input: &Map<String, Value>) -> Result<Vec<Entry<'k>>, Refusal> {
    let mut entries = Vec::with_capacity(input.len());
    let mut problems = Vec::new();
    for (name, value) in input {
        match field(kind, name) {
            Err(problem) => problems.push(problem),
            Ok(field) if value.is_null() => entries.push((field, None)),
            Ok(field) => match normalise(field, value) {
                Ok(value) => entries.push((field, Some(value))),
                Err(found) => problems.extend(found),
            },
        }
    }
    if problems.is_empty() { Ok(entries) } else { Err(Refusal::fields(problems)) }
}

/// Checks an input by itself, whatever record it may be meant for: that the kind has its fields, that a client may set
/// them, and that the values fit.
///
/// # Errors
///
/// Every field that is wrong.
pub fn accept(kind: &Kind, input: &Map<String, Value>) -> Result<(), Refusal> {
    check(kind, input).map(|_| ())
}

fn field<'k>(kind: &'k Kind, name: &str) -> Result<&'k Field, FieldProblem> {
    match kind.field(name) {
        Some(field) if field.computed => {
            let message = format!("{name} is filled by the host and cannot be set");
            Err(FieldProblem::new(name, rule::COMPUTED_FIELD, message))
        }
        Some(field) => Ok(field),
        None if COLUMNS.contains(&name) => {
            let message = match name {
                "state" => "state is changed by transitions only".to_owned(),
                _ => format!("{name} is kept by the host and cannot be set"),
            };
            Err(FieldProblem::new(name, rule::COMPUTED_FIELD, message))
        }
        None => {
            let writable = kind.all_fields().filter(|field| !field.computed);
            let hint = hint(name, writable.map(|field| field.name.as_str()));
            let message = format!("{} has no field '{name}'{hint}", kind.slug);
            Err(FieldProblem::new(name, rule::UNKNOWN_FIELD, message))
        }
    }
}

/// Refuses entries that may not be changed in the record's state, but for those in `needed`.
pub(super) fn check_editable(
    kind: &Kind,
    record: &Record,
    entries: &[Entry<'_>],
    needed: &[String],
) -> Result<(), Refusal> {
    let Some(state) = kind.state(&record.state) else {
        return Ok(());
    };
    if state.closed && !entries.is_empty() {
        return Err(closed_record(record));
    }
    let fixed = |name: &str| {
        let given = needed.iter().any(|field| field == name);
        (state.locks(name) && !given) || kind.is_of_the_host(&state.name, name)
    };
    let locked = entries.iter().filter(|(field, _)| fixed(&field.name)).map(|(field, _)| {
        let message = format!("{} cannot be changed while {} is {}", field.name, record.number, record.state);
        FieldProblem::new(field.name.as_str(), rule::LOCKED_FIELD, message)
    });
    let locked: Vec<_> = locked.collect();
    if locked.is_empty() { Ok(()) } else { Err(Refusal::fields(locked)) }
}

/// The refusal for a record that is read-only.
pub(super) fn closed_record(record: &Record) -> Refusal {
    Refusal::conflict(
        rule::CLOSED,
        format!("{} is {} and read-only; correct it by a new linked record", record.number, record.state),
    )
}

/// Writes accepted entries into a record. A field that must always have a value keeps its own.
pub(super) fn apply(record: &mut Record, entries: Vec<Entry<'_>>) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for (field, value) in entries {
        let name = field.name.as_str();
        match (name, value) {
            ("title" | "owner" | "confidentiality", None) => {
                let message = format!("{name} cannot be removed");
                problems.push(FieldProblem::new(name, rule::REQUIRED, message));
            }
            ("title", Some(value)) => record.title = value.as_str().unwrap_or_default().to_owned(),
            ("owner", Some(value)) => record.owner = value.as_str().unwrap_or_default().to_owned(),
            (_, None) => {
                record.data.remove(name);
            }
            (_, Some(value)) => {
                record.data.insert(name.to_owned(), value);
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems)) }
}

/// Refuses a record in which a field is empty that another field's value makes necessary.
pub(super) fn check_conditions(kind: &Kind, record: &Record) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for field in &kind.fields {
        let Some(when) = &field.required_when else {
            continue;
        };
        if record.text(&when.field) == Some(when.is.as_str()) {
            let why = format!("while {} is {}", when.field, when.is);
            problems.extend(missing(kind, record, [field.name.as_str()], &why));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems)) }
}

/// The fields among these that have no value yet, as problems. What holds nothing is no value.
pub(super) fn missing<'f>(
    kind: &Kind,
    record: &Record,
    fields: impl IntoIterator<Item = &'f str>,
    why: &str,
) -> Vec<FieldProblem> {
    let may_be_empty = |name: &str| kind.field(name).is_some_and(|field| field.may_be_empty);
    let empty = |name: &str| match name {
        "title" => record.title.is_empty(),
        "owner" => record.owner.is_empty(),
        name => record.data.get(name).is_none_or(|value| holds_nothing(value) && !may_be_empty(name)),
    };
    fields
        .into_iter()
        .filter(|name| empty(name))
        .map(|name| FieldProblem::new(name, rule::REQUIRED, format!("{name} is required {why}")))
        .collect()
}

/// Whether a list or map is empty, or a text blank.
fn holds_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
