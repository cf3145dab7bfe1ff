//! Two states of some records compared: what was added, what is gone, and which fields differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A field that differs. A field without a value is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// Its value before.
    pub was: Option<Value>,
    /// Its value after.
    pub is: Option<Value>,
}

/// What differs between two states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Numbers of records that only the later state has.
    pub added: Vec<String>,
    /// Numbers of records that only the earlier state has.
    pub removed: Vec<String>,
    /// Records that both have, with the fields that differ.
    pub changed: Vec<(String, Vec<FieldChange>)>,
    /// How many are the same in both.
    pub same: usize,
}

/// What changes with every edit, whatever was edited.
const BOOKKEEPING: [&str; 2] = ["revision", "updated_at"];

/// Compares two states of records, each by number in the records' own form.
pub fn compare(was: BTreeMap<String, Value>, is: BTreeMap<String, Value>) -> Compared {
    let mut compared = Compared::default();
    for (number, before) in &was {
        let Some(after) = is.get(number) else {
            compared.removed.push(number.clone());
            continue;
        };
        let changes = fields(before, after);
        if changes.is_empty() {
            compared.same += 1;
        } else {
            compared.changed.push((number.clone(), changes));
        }
    }
    compared.added = is.into_keys().filter(|number| !was.contains_key(number)).collect();
    compared
}

fn fields(was: &Value, is: &Value) -> Vec<FieldChange> {
    let names = |value: &Value| value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect::<Vec<_>>();
    let all: BTreeSet<String> = names(was).into_iter().chain(names(is)).collect();
    let value = |of: &Value, name: &str| of.get(name).filter(|value| !value.is_null()).cloned();
    all.into_iter()
        .filter(|name| !BOOKKEEPING.contains(&name.as_str()))
        .map(|field| FieldChange { was: value(was, &field), is: value(is, &field), field })
        .filter(|change| change.was != change.is)
        .collect()
}
