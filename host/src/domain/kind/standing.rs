//! What was judged stays judged: which rules a record has behind it in a state, and which fields they read.
//!
//! A rule about a transition judges facts. In the states that a record comes into through that transition only, these
//! facts change no more without the rule being asked again.

use std::collections::BTreeSet;

use super::{Happening, Kind, Related, Rule, Transition};
use crate::domain::expression::Expression;
use crate::domain::field::COLUMNS;

impl Kind {
    /// Whether a record in this state has taken one of these transitions, whichever way it came there.
    pub fn only_through(&self, state: &str, steps: impl Fn(&Transition) -> bool) -> bool {
        state != self.initial && !self.reached(&self.initial, |step| !steps(step)).contains(state)
    }

    /// Whether a record in this state has been through this rule, and the rule says nothing of what comes later.
    pub fn stands(&self, rule: &Rule, state: &str) -> bool {
        rule.later.is_none() && self.only_through(state, |step| rule.is_about(step))
    }

    /// The states behind a rule's transitions from which the rule is not ahead once more, and in which it does not
    /// stand because there is a way there around it.
    pub fn behind(&self, rule: &Rule) -> Vec<&str> {
        let judged: BTreeSet<&str> = self
            .transitions
            .iter()
            .filter(|step| rule.is_about(step))
            .flat_map(|step| self.reached(&step.to, |_| true))
            .collect();
        let ahead = |state: &str| {
            let reached = self.reached(state, |_| true);
            self.transitions.iter().any(|step| rule.is_about(step) && reached.contains(step.from.as_str()))
        };
        let stands = |state: &str| self.only_through(state, |step| rule.is_about(step));
        judged.into_iter().filter(|state| !stands(state) && !ahead(state)).collect()
    }

    /// The fields that people fill and that a rule reads, through formulas as well.
    pub fn facts(&self, rule: &Rule) -> BTreeSet<String> {
        let mut open: Vec<String> = Vec::new();
        for expression in rule.guard.iter().chain([&rule.check]) {
            open.extend(of_record(expression));
        }
        open.extend(rule.related.values().flat_map(of_related));
        let (mut seen, mut facts) = (BTreeSet::new(), BTreeSet::new());
        while let Some(name) = open.pop() {
            if COLUMNS.contains(&name.as_str()) || !seen.insert(name.clone()) {
                continue;
            }
            let Some(field) = self.field(&name) else { continue };
            match &field.formula {
                Some(formula) => {
                    open.extend(of_record(&formula.expression));
                    open.extend(formula.related.values().flat_map(of_related));
                }
                None if field.computed => {}
                None => {
                    facts.insert(name);
                }
            }
        }
        facts
    }

    /// The states that transitions of a sort lead to from a state, that state among them.
    fn reached<'k>(&'k self, from: &'k str, steps: impl Fn(&Transition) -> bool) -> BTreeSet<&'k str> {
        let mut reached = BTreeSet::from([from]);
        let mut open = vec![from];
        while let Some(state) = open.pop() {
            for step in self.transitions_from(state).filter(|step| steps(step)) {
                if reached.insert(&step.to) {
                    open.push(&step.to);
                }
            }
        }
        reached
    }
}

impl Rule {
    /// Whether it is looked at when this transition is taken.
    fn is_about(&self, step: &Transition) -> bool {
        self.on.iter().any(|on| on.is(Happening::Transition(&step.from, &step.to)))
    }
}

/// The fields of the record that an expression names.
fn of_record(expression: &Expression) -> Vec<String> {
    expression.names().members.into_iter().filter(|(of, _)| of == "record").map(|(_, field)| field).collect()
}

/// The fields of the record that other records are found by.
fn of_related(related: &Related) -> Vec<String> {
    match related {
        Related::Field(by) => vec![by.first().to_owned()],
        Related::Back(_) => Vec::new(),
        Related::Where(by) => by.values.values().flat_map(of_record).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::{Kinds, State};

    fn is_locked(kind: &Kind, state: &State, field: &str) -> bool {
        state.closed || state.locks(field) || kind.is_of_the_host(&state.name, field)
    }

    /// Whatever a rule judged at a transition changes no more unless the rule is asked again: it stands in the states
    /// after it, it is ahead again, or the fields are locked. A rule that is done with says so by `later`.
    #[test]
    fn what_a_transition_judged_does_not_change_behind_its_back() {
        let mut open = Vec::new();
        let mut looked_at = 0;
        for kind in Kinds::builtin().iter() {
            let lasting = |rule: &&Rule| !rule.on.contains(&super::super::Moment::Update) && rule.later.is_none();
            for rule in kind.rules.iter().filter(lasting) {
                let facts = kind.facts(rule);
                for state in kind.behind(rule).into_iter().filter_map(|name| kind.state(name)) {
                    looked_at += 1;
                    let free: Vec<&String> = facts.iter().filter(|field| !is_locked(kind, state, field)).collect();
                    if !free.is_empty() {
                        open.push(format!("{} {}: {free:?} in {}", kind.slug, rule.name, state.name));
                    }
                }
            }
        }
        assert!(looked_at > 0);
        assert!(open.is_empty(), "{open:#?}");
    }

    /// An exception is explained, and there is something that it excepts.
    #[test]
    fn exceptions_have_a_reason_and_an_object() {
        for kind in Kinds::builtin().iter() {
            for rule in kind.rules.iter().filter(|rule| rule.later.is_some()) {
                assert!(rule.later.as_ref().is_some_and(|why| why.len() > 20), "{} {}", kind.slug, rule.name);
                let behind = |state: &&State| {
                    !state.closed && kind.only_through(&state.name, |step| rule.is_about(step))
                        || kind.behind(rule).contains(&state.name.as_str())
                };
                let free = |state: &State| kind.facts(rule).iter().any(|field| !is_locked(kind, state, field));
                assert!(kind.states.iter().filter(behind).any(free), "{} {}", kind.slug, rule.name);
            }
        }
    }

    #[test]
    fn a_rule_stands_where_its_transition_lies_behind() {
        let kinds = Kinds::builtin();
        let risk = kinds.get("risk").expect("a built-in kind");
        let rule = risk.rules.iter().find(|rule| rule.name == "acceptance-needs-top").expect("a rule of it");
        assert!(risk.stands(rule, "accepted"));
        assert!(!risk.stands(rule, "assessed"));
        // A treated risk is monitored, too.
        assert!(!risk.stands(rule, "monitored"));
        assert_eq!(risk.behind(rule), ["closed", "monitored"]);
        // The rule reads the rating; people fill what that is worked out from.
        assert_eq!(risk.facts(rule), BTreeSet::from(["impact".to_owned(), "likelihood".to_owned()]));
    }
}
