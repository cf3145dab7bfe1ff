//! Records: made, changed and moved through their lifecycle by pure functions.
//!
//! [`create`], [`update`] and [`transition`] check one request against the record's kind and answer
//! with what would be written, or with a refusal. The flows add what a component decided (with
//! [`Record::set_computed`]) and write it.

mod create;
mod index;
mod input;
mod rules;
#[cfg(test)]
mod tests;
mod transition;
mod update;

use serde::Serialize;
use serde_json::{Map, Value};

use super::role::{Acting, Role};
use super::time::Instant;

pub use create::create;
pub use index::{Reference, index_entries, references};
pub use input::accept;
pub use rules::broken;
pub use transition::{TransitionContext, transition};
pub use update::update;

/// A record of any kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Identifier (UUIDv7), unique in the database.
    pub id: String,
    /// Id of the organisation it belongs to.
    pub org: String,
    /// Slug of its kind.
    pub kind: String,
    /// Number, `PREFIX-YYYY-NNNNNN`.
    pub number: String,
    /// What it is about, in one line.
    pub title: String,
    /// State of its lifecycle.
    pub state: String,
    /// User who looks after it.
    pub owner: String,
    /// Counts the changes, from 1 (optimistic locking).
    pub revision: i64,
    /// When it was made.
    pub created_at: Instant,
    /// Who made it.
    pub created_by: String,
    /// When it was changed last.
    pub updated_at: Instant,
    /// The version of its kind that it was written under last; 0 is the built-in kind.
    pub kind_version: i64,
    /// Every other field that has a value, by name.
    pub data: Map<String, Value>,
}

/// What the host hands to a new record from outside the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its identifier.
    pub id: String,
    /// Its number.
    pub number: String,
    /// The time now.
    pub now: Instant,
}

/// A change that a record accepted: the record as it shall be, and how it differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The record as it shall be, its revision advanced if anything changed.
    pub record: Record,
    /// Names of the changed fields (also `state`, `title` and `owner`), in alphabetical order.
    pub changed: Vec<String>,
    /// Their values before; a field that had none is absent.
    pub before: Map<String, Value>,
    /// Their values after; a field that was removed is absent.
    pub after: Map<String, Value>,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// In which capacity the actor was allowed to make it.
    pub acting: Acting,
    /// The role for which a signature was collected while others are still awaited: the state has
    /// not moved.
    pub signed: Option<Role>,
}

impl Change {
    /// Whether anything is different at all.
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// Whether the record is in another state now.
    pub fn moved(&self) -> bool {
        self.from != self.to
    }

    /// Compares `old` with `new` and advances the new revision if they differ.
    pub fn between(old: &Record, mut new: Record, acting: Acting, now: Instant) -> Self {
        let (before, after) = difference(Some(old), &new);
        let mut changed: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
        changed.sort_unstable();
        changed.dedup();
        new.revision = old.revision;
        new.updated_at = old.updated_at;
        if !changed.is_empty() {
            new.revision += 1;
            new.updated_at = now;
        }
        let (from, to) = (old.state.clone(), new.state.clone());
        Self { record: new, changed, before, after, from, to, acting, signed: None }
    }

    /// Compares again with the record it started from, after computed values were set.
    pub fn refresh(&mut self, old: &Record, now: Instant) {
        let signed = self.signed;
        *self = Self { signed, ..Self::between(old, self.record.clone(), self.acting, now) };
    }
}

/// The values in which two revisions of a record differ, as they were and as they are: title, state,
/// owner and fields. A field that has no value is absent. Before a record is made it has none.
pub fn difference(old: Option<&Record>, new: &Record) -> (Map<String, Value>, Map<String, Value>) {
    let columns = ["title", "state", "owner"].into_iter();
    let fields = old.into_iter().chain([new]).flat_map(|record| record.data.keys()).map(String::as_str);
    let (mut before, mut after) = (Map::new(), Map::new());
    for name in columns.chain(fields) {
        let (was, is) = (old.and_then(|old| old.get(name)), new.get(name));
        if was != is {
            before.extend(was.map(|value| (name.to_owned(), value)));
            after.extend(is.map(|value| (name.to_owned(), value)));
        }
    }
    (before, after)
}

/// The columns of a record that its JSON form shows.
const COLUMNS_SHOWN: [&str; 10] =
    ["id", "number", "title", "state", "owner", "revision", "created_at", "created_by", "updated_at", "kind_version"];

impl Record {
    /// The value of a column or field; `None` where there is no such field or it has no value.
    pub fn get(&self, name: &str) -> Option<Value> {
        Some(match name {
            "id" => self.id.as_str().into(),
            "number" => self.number.as_str().into(),
            "title" => self.title.as_str().into(),
            "state" => self.state.as_str().into(),
            "owner" => self.owner.as_str().into(),
            "revision" => self.revision.into(),
            "created_at" => self.created_at.to_string().into(),
            "created_by" => self.created_by.as_str().into(),
            "updated_at" => self.updated_at.to_string().into(),
            "kind_version" => self.kind_version.into(),
            name => return self.data.get(name).cloned(),
        })
    }

    /// The text of a field, or of a column that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match name {
            "title" => Some(&self.title),
            "state" => Some(&self.state),
            "owner" => Some(&self.owner),
            "created_by" => Some(&self.created_by),
            "number" => Some(&self.number),
            name => self.data.get(name)?.as_str(),
        }
    }

    /// The value at a path inside the data, keys joined by dots: `sla.resolution.level`.
    pub fn at(&self, path: &str) -> Option<&Value> {
        let mut keys = path.split('.');
        let first = self.data.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    }

    /// Sets what the host computed, at a path inside the data. Objects on the way are made where
    /// they are missing; null removes the value.
    pub fn set_computed(&mut self, path: &str, value: Value) {
        match path.split_once('.') {
            None => put(&mut self.data, path, value),
            Some((field, rest)) => {
                let mut map = match self.data.remove(field) {
                    Some(Value::Object(map)) => map,
                    _ => Map::new(),
                };
                set_in(&mut map, rest, value);
                self.data.insert(field.to_owned(), Value::Object(map));
            }
        }
    }

    /// The record as one flat object: its columns and its fields. The organisation is left out, since
    /// whoever reads it is in that organisation, and so is the kind, which the number tells: some
    /// kinds have a field of that name (cost entries, suppliers).
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        for name in COLUMNS_SHOWN {
            map.extend(self.get(name).map(|value| (name.to_owned(), value)));
        }
        map.extend(self.data.clone());
        Value::Object(map)
    }
}

impl Serialize for Record {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

fn set_in(map: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => put(map, path, value),
        Some((key, rest)) => {
            let inner = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            if let Value::Object(inner) = inner {
                set_in(inner, rest, value);
            }
        }
    }
}

fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    if value.is_null() {
        map.remove(key);
    } else {
        map.insert(key.to_owned(), value);
    }
}
