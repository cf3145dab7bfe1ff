//! What the rules, formulas, reminders and made records of a kind file must be: everything that
//! they name exists.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::check::is_slug;
use super::parse::{Source, syntax};
use super::raw::{RawField, RawKind, RawMake, RawReminder, RawRule, Text};
use super::trial::{self, Wanted};
use super::{Kind, KindError, Kinds, Moment, Related};
use crate::domain::constant;
use crate::domain::expression::Expression;
use crate::domain::field::{COLUMNS, FieldType, Target};
use crate::domain::nearest::hint;

/// What a rule reads beside other records.
const OF_RULES: &[&str] = &["record", "before", "actor", "now", "today", "policy", FILES];
/// The files that are attached to the record: rules may read them, and pay for it.
pub(in crate::domain) const FILES: &str = "files";
/// What a formula reads: nothing of who made the change.
const OF_FORMULAS: &[&str] = &["record", "now", "today", "policy"];
/// What says when: nothing that changes without the record.
const OF_MOMENTS: &[&str] = &["record", "policy"];
/// The same for the n-th record made.
const OF_COUNTED: &[&str] = &["record", "policy", "n"];
/// What the fields of a made record are worked out from.
const OF_MAKES: &[&str] = &["record", "now", "today", "policy", "n"];
/// The members of `actor`.
const ACTOR: [&str; 3] = ["user", "roles", "host"];

/// Checks what a kind file says beyond fields and transitions.
pub(super) fn kind(kind: &Kind, raw: &RawKind, source: &Source<'_>) -> Result<(), KindError> {
    let check = Check { kind, source };
    for raw in &raw.fields {
        check.formula(raw)?;
    }
    check.names(raw.rules.iter().map(|rule| &rule.name), "rule")?;
    for raw in &raw.rules {
        check.rule(raw)?;
    }
    check.names(raw.reminders.iter().map(|reminder| &reminder.name), "reminder")?;
    for raw in &raw.reminders {
        check.reminder(raw)?;
    }
    check.names(raw.makes.iter().map(|make| &make.name), "makes")?;
    for raw in &raw.makes {
        check.make(raw)?;
    }
    Ok(())
}

/// Checks what expressions do: no formula reads itself, and none does with a value what cannot be done with its type.
pub(super) fn tried(kind: &Kind, raw: &RawKind, source: &Source<'_>) -> Result<(), KindError> {
    let check = Check { kind, source };
    if let Some(way) = trial::circle(kind)
        && let Some(first) = way.first()
        && let Some(formula) =
            raw.fields.iter().find(|raw| raw.name.get_ref() == first).and_then(|raw| raw.formula.as_ref())
    {
        let message = format!("the formula of '{first}' reads itself: {}", way.join(", which reads "));
        return check.wrong(&formula.span(), message);
    }
    let none = BTreeMap::new();
    for raw in &raw.fields {
        if let (Some(formula), Some(field)) = (&raw.formula, kind.field(raw.name.get_ref())) {
            check.tried(formula, Wanted::Of(&field.ty), &raw.related)?;
        }
    }
    for raw in &raw.rules {
        for expression in raw.guard.iter().chain([&raw.check]) {
            check.tried(expression, Wanted::Truth, &raw.related)?;
        }
    }
    for raw in &raw.reminders {
        check.tried(&raw.moment, Wanted::Moment, &none)?;
    }
    for raw in &raw.makes {
        let moment = raw.moment.iter().map(|moment| (moment, Wanted::Moment));
        let guard = raw.guard.iter().map(|guard| (guard, Wanted::Truth));
        for (expression, wanted) in moment.chain(guard).chain(raw.set.values().map(|value| (value, Wanted::Anything))) {
            check.tried(expression, wanted, &none)?;
        }
    }
    Ok(())
}

/// Checks what one kind says of other kinds and their fields, once all kinds of a set are known.
pub(super) fn across(text: &str, file: &str, kinds: &Kinds) -> Result<(), KindError> {
    let source = Source { text, file };
    let raw: RawKind = toml::from_str(text).map_err(|error| syntax(&error, text, file))?;
    let known = |slug: &str, at: &Text| {
        kinds.get(slug).ok_or_else(|| source.error(&at.span(), format!("there is no kind '{slug}'")))
    };
    let rules = raw.rules.iter().map(|rule| (&rule.name, &rule.related));
    let formulas = raw.fields.iter().map(|field| (&field.name, &field.related));
    for (name, related) in rules.chain(formulas).flat_map(|(name, all)| all.values().map(move |one| (name, one))) {
        if let Related::Field(by) = related
            && let Some(message) = leads_nowhere(kinds, raw.slug.get_ref(), &by.field)
        {
            return Err(source.error(&name.span(), message));
        }
        let Some(slug) = related.kind() else { continue };
        let other = known(slug, name)?;
        let fields: Vec<&String> = match related {
            Related::Field(_) => Vec::new(),
            Related::Back(back) => vec![&back.by],
            Related::Where(values) => values.values.keys().collect(),
        };
        if let Some(field) = fields.into_iter().find(|field| *field != "state" && other.indexed(field).is_none()) {
            return Err(source.error(&name.span(), format!("{slug} has no indexed field '{field}'")));
        }
    }
    for make in &raw.makes {
        let other = known(make.kind.get_ref(), &make.kind)?;
        let settable = |name: &str| other.field(name).is_some_and(|field| !field.computed);
        if let Some((field, value)) = make.set.iter().find(|(field, _)| !settable(field)) {
            let message = format!("{} has no field '{field}' that can be set", make.kind.get_ref());
            return Err(source.error(&value.span(), message));
        }
    }
    Ok(())
}

struct Check<'a> {
    kind: &'a Kind,
    source: &'a Source<'a>,
}

impl Check<'_> {
    fn wrong<T>(&self, span: &Range<usize>, message: impl Into<String>) -> Result<T, KindError> {
        Err(self.source.error(span, message))
    }

    fn names<'t>(&self, names: impl Iterator<Item = &'t Text>, what: &str) -> Result<(), KindError> {
        let mut seen = BTreeSet::new();
        for name in names {
            if !is_slug(name.get_ref()) {
                let message = "such a name is lower-case letters and digits, joined by hyphens";
                return self.wrong(&name.span(), message);
            }
            if !seen.insert(name.get_ref()) {
                return self.wrong(&name.span(), format!("the {what} '{}' is there twice", name.get_ref()));
            }
        }
        Ok(())
    }

    fn formula(&self, raw: &RawField) -> Result<(), KindError> {
        let Some(formula) = &raw.formula else {
            return match raw.related.is_empty() {
                true => Ok(()),
                false => self.wrong(&raw.name.span(), "only a formula reads related records"),
            };
        };
        if raw.on_create || raw.default.is_some() {
            return self
                .wrong(&raw.name.span(), "a formula is worked out: the field cannot be given or have a default");
        }
        self.expression(formula, OF_FORMULAS, &raw.related)
    }

    /// Tries an expression on sample records.
    fn tried(
        &self,
        expression: &Spanned<Expression>,
        wanted: Wanted<'_>,
        related: &BTreeMap<String, Related>,
    ) -> Result<(), KindError> {
        let fault = trial::fault(self.kind, expression.get_ref(), wanted, related.keys());
        fault.map_or(Ok(()), |message| self.wrong(&expression.span(), message))
    }

    fn rule(&self, raw: &RawRule) -> Result<(), KindError> {
        for moment in raw.on.iter().flatten() {
            let known = match moment.get_ref() {
                Moment::Entered(state) => self.kind.state(state).is_some(),
                Moment::Step(from, to) => self.kind.transitions_from(from).any(|step| step.to == *to),
                _ => true,
            };
            if !known {
                let message = format!(
                    "'{}' is neither create, update or transition nor a state or FROM>TO transition of the kind",
                    moment.get_ref()
                );
                return self.wrong(&moment.span(), message);
            }
        }
        if let Some(field) = &raw.field
            && self.kind.field(field.get_ref()).is_none()
        {
            return self.wrong(&field.span(), format!("the kind has no field '{}'", field.get_ref()));
        }
        for expression in raw.guard.iter().chain([&raw.check]) {
            self.expression(expression, OF_RULES, &raw.related)?;
        }
        Ok(())
    }

    fn reminder(&self, raw: &RawReminder) -> Result<(), KindError> {
        self.states(&raw.states)?;
        if raw.states.is_empty() || raw.every == Some(0) {
            return self.wrong(&raw.name.span(), "a reminder needs states, and every is 1 day or more");
        }
        self.expression(&raw.moment, OF_MOMENTS, &BTreeMap::new())
    }

    fn make(&self, raw: &RawMake) -> Result<(), KindError> {
        self.states(&raw.on)?;
        self.states(&raw.states)?;
        let on_states = !raw.on.is_empty() && raw.moment.is_none() && raw.states.is_empty();
        let at_moments = raw.on.is_empty() && raw.moment.is_some() && !raw.states.is_empty();
        if !on_states && !at_moments {
            return self.wrong(&raw.name.span(), "records are made either on states, or at a moment while in states");
        }
        if let Some(into) = &raw.into
            && (raw.on.is_empty() || !self.is_reference(into.get_ref()))
        {
            return self.wrong(&into.span(), "into is a reference field of the kind, for records made on states");
        }
        if let Some(moment) = &raw.moment {
            self.expression(moment, OF_COUNTED, &BTreeMap::new())?;
        }
        for expression in raw.guard.iter().chain(raw.set.values()) {
            self.expression(expression, OF_MAKES, &BTreeMap::new())?;
        }
        Ok(())
    }

    fn states(&self, states: &[Text]) -> Result<(), KindError> {
        match states.iter().find(|state| self.kind.state(state.get_ref()).is_none()) {
            None => Ok(()),
            Some(state) => self.wrong(&state.span(), format!("the kind has no state '{}'", state.get_ref())),
        }
    }

    fn expression(
        &self,
        expression: &Spanned<Expression>,
        known: &[&str],
        related: &BTreeMap<String, Related>,
    ) -> Result<(), KindError> {
        let span = expression.span();
        for (name, other) in related {
            if OF_RULES.contains(&name.as_str()) {
                return self.wrong(&span, format!("'{name}' cannot be the name of related records"));
            }
            match other {
                Related::Field(by) if !self.is_reference(by.first()) => {
                    return self.wrong(&span, format!("'{}' is not a reference field of the kind", by.first()));
                }
                Related::Where(values) => {
                    for value in values.values.values() {
                        self.named(value, &span, OF_FORMULAS, &BTreeMap::new())?;
                    }
                }
                _ => {}
            }
        }
        self.named(expression.get_ref(), &span, known, related)
    }

    fn named(
        &self,
        expression: &Expression,
        span: &Range<usize>,
        known: &[&str],
        related: &BTreeMap<String, Related>,
    ) -> Result<(), KindError> {
        unnamed(self.kind, expression, known, related).map_or(Ok(()), |message| self.wrong(span, message))
    }

    fn is_reference(&self, name: &str) -> bool {
        self.kind.field(name).is_some_and(|field| matches!(field.ty.item(), FieldType::Ref(_)))
    }
}

/// Why some fields, parted by dots, do not lead from reference to reference.
fn leads_nowhere(kinds: &Kinds, slug: &str, path: &str) -> Option<String> {
    let mut kind = kinds.get(slug)?;
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        let target = match kind.field(step).map(|field| field.ty.item()) {
            Some(FieldType::Ref(target)) => target,
            _ => return Some(format!("'{path}': {} has no reference field '{step}'", kind.slug)),
        };
        match target {
            _ if steps.peek().is_none() => break,
            Target::Kind(prefix) => kind = kinds.by_prefix(prefix)?,
            Target::Any => return Some(format!("'{path}': '{step}' may point to records of any kind")),
        }
    }
    None
}

/// What an expression that says when names and the kind does not have.
pub(super) fn unnamed_moment(kind: &Kind, expression: &Expression) -> Option<String> {
    unnamed(kind, expression, OF_MOMENTS, &BTreeMap::new())
}

/// What the expression names and there is not.
fn unnamed(
    kind: &Kind,
    expression: &Expression,
    known: &[&str],
    related: &BTreeMap<String, Related>,
) -> Option<String> {
    let names = expression.names();
    let is_known = |name: &&String| known.contains(&name.as_str()) || related.contains_key(*name);
    if let Some(name) = names.variables.iter().find(|name| !is_known(name)) {
        let all = known.iter().copied().chain(related.keys().map(String::as_str));
        return Some(format!("there is no variable '{name}'{}", hint(name, all)));
    }
    names.members.iter().find_map(|(variable, member)| match variable.as_str() {
        "record" | "before" => {
            let exists = kind.field(member).is_some() || COLUMNS.contains(&member.as_str());
            let fields = || kind.all_fields().map(|field| field.name.as_str());
            (!exists).then(|| format!("{} has no field '{member}'{}", kind.slug, hint(member, fields())))
        }
        "policy" => {
            let names = || constant::builtin().keys().map(String::as_str);
            let exists = constant::builtin().contains_key(member);
            (!exists).then(|| format!("there is no constant '{member}'{}", hint(member, names())))
        }
        "actor" => (!ACTOR.contains(&member.as_str())).then(|| format!("an actor has no '{member}'")),
        _ => None,
    })
}
