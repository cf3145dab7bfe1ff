//! Whether the kinds have what a definition names.

use std::collections::BTreeMap;

use super::condition::{Condition, Moment, Than};
use super::definition::Definition;
use super::formula::{Amount, Formula};
use super::population::{Lies, Population};
use crate::domain::field::Field;
use crate::domain::{Kind, Kinds};

/// What a measure names and no kind has, in words; nothing when it can be computed.
pub fn missing_in(definition: &Definition, kinds: &Kinds) -> Vec<String> {
    let mut looking = Looking { kinds, missing: BTreeMap::new() };
    let group = |looking: &mut Looking<'_>, of: &Population| {
        for dimension in &definition.by {
            looking.each(of, |looking, kind| looking.field(kind, dimension.as_str()));
        }
    };
    match &definition.formula {
        Formula::Share { of, items, that } | Formula::Count { of, items, that } => {
            looking.population(of);
            group(&mut looking, of);
            match items {
                None => looking.each(of, |looking, kind| looking.all(kind, that)),
                Some(list) => looking.each(of, |looking, kind| looking.items(kind, list, that)),
            }
        }
        Formula::Mean { of, amount } => {
            looking.population(of);
            group(&mut looking, of);
            looking.each(of, |looking, kind| looking.amount(kind, amount));
        }
        Formula::Ratio { top, bottom, .. } => {
            for term in top.iter().chain(bottom) {
                looking.population(&term.of);
                group(&mut looking, &term.of);
                looking.each(&term.of, |looking, kind| looking.amount(kind, &term.amount));
            }
        }
        Formula::Distribution { of, field } => {
            looking.population(of);
            group(&mut looking, of);
            looking.each(of, |looking, kind| looking.field(kind, field));
        }
        Formula::Special(_) => {}
    }
    looking.missing.into_keys().collect()
}

/// What a population names and no kind has, in words.
pub fn population_missing(of: &Population, kinds: &Kinds) -> Vec<String> {
    let mut looking = Looking { kinds, missing: BTreeMap::new() };
    looking.population(of);
    looking.missing.into_keys().collect()
}

struct Looking<'k> {
    kinds: &'k Kinds,
    missing: BTreeMap<String, ()>,
}

impl Looking<'_> {
    fn misses(&mut self, what: String) {
        self.missing.insert(what, ());
    }

    fn each(&mut self, of: &Population, look: impl Fn(&mut Self, &Kind)) {
        for prefix in &of.kinds {
            match self.kinds.by_prefix(prefix).cloned() {
                Some(kind) => look(self, &kind),
                None => self.misses(format!("there is no kind {prefix}")),
            }
        }
    }

    fn population(&mut self, of: &Population) {
        let kinds: Vec<_> = of.kinds.iter().filter_map(|prefix| self.kinds.by_prefix(prefix)).collect();
        let entered: &[String] = if let Lies::Entered(states) = &of.lies { states } else { &[] };
        // Of several kinds each has states of its own.
        for state in entered.iter().chain(&of.states) {
            if !kinds.is_empty() && kinds.iter().all(|kind| kind.state(state).is_none()) {
                self.misses(format!("{} has no state '{state}'", of.kinds.join(", ")));
            }
        }
        self.each(of, |looking, kind| {
            if let Lies::At(field) | Lies::Named(field) | Lies::Year(field) = &of.lies {
                looking.field(kind, field);
            }
            looking.all(kind, &of.that);
        });
    }

    fn states(&mut self, kind: &Kind, states: &[String]) {
        for state in states.iter().filter(|state| kind.state(state).is_none()) {
            self.misses(format!("{} has no state '{state}'", kind.prefix));
        }
    }

    fn field(&mut self, kind: &Kind, path: &str) {
        const COLUMNS: [&str; 5] = ["number", "title", "state", "owner", "created_by"];
        let name = path.split('.').next().unwrap_or(path);
        if !COLUMNS.contains(&name) && kind.field(name).is_none() {
            self.misses(format!("{} has no field '{name}'", kind.prefix));
        }
    }

    fn moment(&mut self, kind: &Kind, moment: &Moment) {
        match moment {
            Moment::First(states) | Moment::Last(states) => self.states(kind, states),
            Moment::Field(field) | Moment::AfterPeriod(field) => self.field(kind, field),
            Moment::Created | Moment::Updated | Moment::Start | Moment::End { .. } => {}
        }
    }

    fn amount(&mut self, kind: &Kind, amount: &Amount) {
        match amount {
            Amount::One => {}
            Amount::Field(field) | Amount::Money(field) => self.field(kind, field),
            Amount::ItemField { items, field } => {
                let key = Condition::Set { field: field.clone(), set: true };
                self.items(kind, items, std::slice::from_ref(&key));
            }
            Amount::Items { field, that } => self.items(kind, field, that),
            Amount::Gap(a, b) => [a, b].into_iter().for_each(|field| self.field(kind, field)),
            Amount::Duration(from, to) => [from, to].into_iter().for_each(|moment| self.moment(kind, moment)),
        }
    }

    fn items(&mut self, kind: &Kind, list: &str, that: &[Condition]) {
        self.field(kind, list);
        let Some(Field { shape: Some(shape), .. }) = kind.field(list) else { return };
        for condition in that {
            let (Condition::Value { field, .. } | Condition::Set { field, .. } | Condition::Number { field, .. }) =
                condition
            else {
                continue;
            };
            if !field.is_empty() && !shape.contains_key(field) {
                self.misses(format!("items of {} of {} have no '{field}'", list, kind.prefix));
            }
        }
    }

    fn all(&mut self, kind: &Kind, conditions: &[Condition]) {
        for condition in conditions {
            self.condition(kind, condition);
        }
    }

    fn condition(&mut self, kind: &Kind, condition: &Condition) {
        match condition {
            Condition::Value { field, .. } | Condition::Set { field, .. } => self.field(kind, field),
            Condition::Past(field) => self.field(kind, field),
            Condition::Refers { field, kind: prefix } => {
                self.field(kind, field);
                self.prefix(prefix);
            }
            Condition::Number { field, than, .. } => {
                self.field(kind, field);
                match than {
                    Than::Field { path, through: None, .. } => self.field(kind, path),
                    Than::Field { through: Some(through), .. } => self.field(kind, through),
                    Than::Number(_) => {}
                }
            }
            Condition::Contains { fields, .. } => fields.iter().for_each(|field| self.field(kind, field)),
            Condition::Moment { left, right, .. } => {
                self.moment(kind, left);
                self.moment(kind, right);
            }
            Condition::Entered { states, .. } => self.states(kind, states),
            Condition::Linked(prefix) => self.prefix(prefix),
            Condition::Related(related) => {
                self.population(&related.of);
                self.each(&related.of, |looking, other| {
                    looking.field(other, &related.by);
                    if let Some(state) = &related.entered {
                        looking.states(other, std::slice::from_ref(state));
                    }
                });
                self.field(kind, &related.is);
                if let Some(moment) = &related.not_after {
                    self.moment(kind, moment);
                }
            }
            Condition::Items { field, that, .. } => self.items(kind, field, that),
            Condition::Referred { by, .. } => self.field(kind, by),
            Condition::All(list) | Condition::Any(list) | Condition::Neither(list) => self.all(kind, list),
            Condition::Acted { .. } | Condition::Audited(_) => {}
        }
    }

    fn prefix(&mut self, prefix: &str) {
        if self.kinds.by_prefix(prefix).is_none() {
            self.misses(format!("there is no kind {prefix}"));
        }
    }
}
