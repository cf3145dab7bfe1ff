//! Whether a record that was written under one version of its kind can live on under another.

use std::collections::BTreeSet;

use super::{Kind, Rule};
use crate::domain::field::{Field, encode, normalise, same_order};
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, rule};

/// What changes for existing records when a kind is replaced by another version of it. Only what differs is looked
/// at: a record that was let pass under the old version is not judged again for the rest.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Fields whose values may no longer fit, as they are to be.
    changed: Vec<Field>,
    /// Fields that every new record has to have from now on.
    needed: Vec<String>,
    /// Fields that are needed under a condition from now on.
    conditional: Vec<Field>,
    /// States that are gone.
    states: Vec<String>,
    /// Fields that are gone.
    gone: Vec<String>,
    /// Paths that are to be indexed and were not.
    indexed: Vec<String>,
    /// Paths that are no longer indexed.
    dropped: Vec<String>,
    /// A path that stays indexed, but whose values would be ordered otherwise.
    reordered: Option<String>,
    /// Whether values of fields that are gone may stay behind in the records.
    keep_values: bool,
    /// The rules about what a record is that are new or say something else.
    rules: Vec<Rule>,
    new: Kind,
}

/// The rule for a state that a kind no longer has.
pub const STATE_GONE: &str = "state-in-use";
/// The rule for a field that a kind no longer has.
pub const FIELD_GONE: &str = "field-in-use";

impl Passage {
    /// Compares two versions of a kind; `old` is none for a kind that is new to the organisation. `earlier` names the
    /// fields of versions before that: records may still hold values of them.
    pub fn between(old: Option<&Kind>, new: &Kind, earlier: &BTreeSet<String>, keep_values: bool) -> Self {
        let before = |name: &str| old.and_then(|old| old.field(name));
        let same = |field: &Field| {
            before(&field.name).is_some_and(|old| {
                let rules = |f: &Field| (f.ty.clone(), f.min, f.max, f.format, f.shape.clone());
                rules(old) == rules(field)
            })
        };
        let held = |field: &&Field| before(&field.name).is_some() || earlier.contains(&field.name);
        let changed = new.fields.iter().filter(|field| !same(field)).filter(held).cloned().collect();
        let needed = new.fields.iter().filter(|field| {
            field.on_create && field.default.is_none() && before(&field.name).is_none_or(|old| !old.on_create)
        });
        let needed = needed.map(|field| field.name.clone()).collect();
        let conditional = new.fields.iter().filter(|field| {
            let was = before(&field.name).and_then(|old| old.required_when.as_ref());
            field.required_when.is_some() && field.required_when.as_ref() != was
        });
        let conditional = conditional.cloned().collect();
        let gone = old.into_iter().flat_map(|old| &old.fields).filter(|field| new.field(&field.name).is_none());
        let gone = gone.map(|field| field.name.clone()).collect();
        let states = old.into_iter().flat_map(|old| &old.states).map(|state| &state.name);
        let states = states.filter(|name| new.state(name).is_none()).cloned().collect();
        let was = old.into_iter().flat_map(Kind::indexed_paths).map(|(path, _)| path);
        let dropped = was.filter(|path| new.indexed(path).is_none()).map(str::to_owned).collect();
        let added = |path: &str| old.is_none_or(|old| old.indexed(path).is_none());
        let indexed = new.indexed_paths().map(|(path, _)| path).filter(|path| added(path)).map(str::to_owned).collect();
        let reordered = new
            .indexed_paths()
            .find(|(path, ty)| old.and_then(|old| old.indexed(path)).is_some_and(|before| !same_order(before, ty)));
        let reordered = reordered.map(|(path, _)| path.to_owned());
        let said = |rule: &Rule| old.is_some_and(|old| old.rules.contains(rule));
        let rules = new.rules.iter().filter(|rule| !said(rule) && rule.is_about_what_is()).cloned().collect();
        let new = new.clone();
        Self { changed, needed, conditional, states, gone, indexed, dropped, reordered, keep_values, rules, new }
    }

    /// The kind with those of its rules only that are new or say something else, and are about what a record is; none
    /// when there is no such rule.
    pub fn ruled(&self) -> Option<Kind> {
        (!self.rules.is_empty()).then(|| Kind { rules: self.rules.clone(), ..self.new.clone() })
    }

    /// Whether no record needs to be looked at.
    pub fn is_free(&self) -> bool {
        let Self { changed, needed, conditional, states, gone, indexed, rules, .. } = self;
        changed.is_empty()
            && rules.is_empty()
            && conditional.is_empty()
            && needed.is_empty()
            && states.is_empty()
            && gone.is_empty()
            && indexed.is_empty()
    }

    /// Paths whose index has to be filled before the new version can be used.
    pub fn indexed(&self) -> &[String] {
        &self.indexed
    }

    /// Paths whose index is of no use under the new version.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// A path that is indexed under both versions, but with values of types whose order differs: the index can serve
    /// only one of them at a time, and the records are in use.
    pub fn reordered(&self) -> Option<&str> {
        self.reordered.as_deref()
    }

    /// Fields that are gone and of which this record has a value that stays behind.
    pub fn left_behind<'p>(&'p self, record: &'p Record) -> impl Iterator<Item = &'p str> {
        self.gone.iter().map(String::as_str).filter(|name| record.data.contains_key(*name))
    }

    /// Everything about the record that the new version would not let pass; what its rules say, which may be about
    /// other records too, is asked with [`Self::ruled`].
    pub fn breaks(&self, record: &Record) -> Vec<FieldProblem> {
        let mut found = Vec::new();
        if self.states.contains(&record.state) {
            let message = format!("the record is {}, a state that the kind would no longer have", record.state);
            found.push(FieldProblem::new("state", STATE_GONE, message));
        }
        for field in &self.changed {
            if let Some(Err(problems)) = record.data.get(&field.name).map(|value| normalise(field, value)) {
                found.extend(problems);
            }
        }
        for name in self.needed.iter().filter(|name| !record.data.contains_key(*name)) {
            let message = format!("{name} would be needed in every record, and this one has none");
            found.push(FieldProblem::new(name.as_str(), rule::REQUIRED, message));
        }
        for field in &self.conditional {
            let met = field.required_when.as_ref().filter(|w| record.text(&w.field) == Some(w.is.as_str()));
            if let Some(when) = met.filter(|_| !record.data.contains_key(&field.name)) {
                let message = format!("{} would be needed while {} is {}", field.name, when.field, when.is);
                found.push(FieldProblem::new(field.name.as_str(), rule::REQUIRED, message));
            }
        }
        if !self.keep_values {
            found.extend(self.left_behind(record).map(|name| {
                let message = format!("the record has a value of {name}, a field that the kind would no longer have");
                FieldProblem::new(name, FIELD_GONE, message)
            }));
        }
        // A path inside a map has no field whose type guards it.
        for path in self.indexed.iter().filter(|path| self.new.field(path).is_none()) {
            if let (Some(ty), Some(value)) = (self.new.indexed(path), record.at(path))
                && !value.is_array()
                && encode(ty, value).is_none()
            {
                let message = format!("the value at {path} is not {ty} and could not be indexed");
                found.push(FieldProblem::new(path.as_str(), rule::TYPE, message));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
