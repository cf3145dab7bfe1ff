//! What of a record is kept in the index, and which records it points to.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Record;
use crate::domain::field::{FieldType, encode};
use crate::domain::kind::Kind;
use crate::domain::number;

/// A record that another one points to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// How: the name of the reference field, the `type` of a link or relation, or the path
    /// `field.key` of a reference inside a map.
    pub rel: String,
    /// Number of the record pointed to.
    pub number: String,
    /// Its prefix.
    pub prefix: String,
    /// The redundancy group that the relation belongs to (key `group` beside a `type`); empty for none.
    pub group: String,
}

/// The indexed values of a record: path and sortable text (see
/// [`encode`](crate::domain::field::encode)), each pair once. A list gives one entry for each of
/// its items; what has no value gives none.
pub fn index_entries(kind: &Kind, record: &Record) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    for (path, ty) in kind.indexed_paths() {
        match record.at(path) {
            Some(Value::Array(items)) => {
                entries.extend(items.iter().filter_map(|item| Some((path.to_owned(), encode(ty, item)?))));
            }
            Some(value) => entries.extend(encode(ty, value).map(|text| (path.to_owned(), text))),
            None => {}
        }
    }
    let mut seen = BTreeSet::new();
    entries.retain(|entry| seen.insert(entry.clone()));
    entries
}

/// The records that a record points to, each relation once, in alphabetical order: its reference
/// fields, its links, and the references inside its maps. In a list of maps with the keys `type` and
/// one reference (links, relations of configuration items) the type is the relation.
pub fn references(kind: &Kind, record: &Record) -> Vec<Reference> {
    let mut found = BTreeSet::new();
    let mut add = |rel: &str, value: &Value, group: &str| {
        if let Some(number) = value.as_str().and_then(number::parse) {
            let (rel, prefix) = (rel.to_owned(), number.prefix.clone());
            found.insert(Reference { rel, number: number.to_string(), prefix, group: group.to_owned() });
        }
    };
    for field in kind.all_fields() {
        let Some(value) = record.data.get(&field.name) else {
            continue;
        };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        match (field.ty.item(), &field.shape) {
            (FieldType::Ref(_), _) => items.iter().for_each(|item| add(&field.name, item, "")),
            (FieldType::Map, Some(shape)) => {
                let refs = || shape.iter().filter(|(_, entry)| matches!(entry.ty.item(), FieldType::Ref(_)));
                let single = refs().count() == 1;
                for (item, (key, _)) in items.iter().flat_map(|item| refs().map(move |entry| (item, entry))) {
                    let Some(value) = item.get(key) else { continue };
                    match item.get("type").and_then(Value::as_str).filter(|_| single) {
                        Some(rel) => add(rel, value, item.get("group").and_then(Value::as_str).unwrap_or_default()),
                        None => add(&format!("{}.{key}", field.name), value, ""),
                    }
                }
            }
            _ => {}
        }
    }
    let mut found: Vec<Reference> = found.into_iter().collect();
    // Whatever the groups: a relation is there once.
    found.dedup_by(|later, first| later.rel == first.rel && later.number == first.number);
    found
}
