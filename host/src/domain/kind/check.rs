//! What a kind file must be beyond being readable: everything it names exists.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;

use super::parse::Source;
use super::raw::{RawField, RawKind, RawTransition, Text};
use super::{Kind, KindError, Transition, Trigger, check_rules};
use crate::domain::automatic::{Automatic, Distance, Moment};
use crate::domain::field::{ACTOR_DEFAULT, COLUMNS, Field, FieldType, Since, Target, normalise};
use crate::domain::number::is_prefix;
use crate::domain::role::Who;

/// Checks a kind against itself.
pub(super) fn kind(kind: &Kind, raw: &RawKind, source: &Source<'_>) -> Result<(), KindError> {
    let check = Check { kind, source };
    check.head(raw)?;
    check.states(raw)?;
    for (field, raw) in kind.fields.iter().zip(&raw.fields) {
        check.field(field, raw)?;
    }
    check.unique(raw.fields.iter().map(|field| &field.name), "field")?;
    for (index, raw) in kind.indexes.iter().zip(&raw.indexes) {
        let root = index.path.split_once('.').and_then(|(root, rest)| kind.field(root).filter(|_| !rest.is_empty()));
        check.that(root.is_some_and(|field| field.ty == FieldType::Map), &raw.path, || {
            format!("'{}' does not lead into a map field of the kind", index.path)
        })?;
        check.that(index.ty.is_sortable(), &raw.ty, || format!("{} cannot be indexed", index.ty))?;
    }
    check.unique(raw.indexes.iter().map(|index| &index.path), "index")?;
    let mut taken = BTreeSet::new();
    for (step, raw) in kind.transitions.iter().zip(&raw.transitions) {
        check.transition(raw)?;
        check.that(taken.insert((&step.from, &step.name)), raw.name.as_ref().unwrap_or(&raw.to), || {
            format!("the state {} has two transitions named '{}'", step.from, step.name)
        })?;
    }
    for (hook, raw) in kind.decisions.iter().zip(&raw.decisions) {
        for (event, text) in hook.on.iter().zip(&raw.on) {
            let known = match event {
                Trigger::Entered(state) => kind.state(state).is_some(),
                _ => true,
            };
            check.that(known, text, || {
                format!("'{event}' is neither create, update or transition nor a state of the kind")
            })?;
        }
    }
    Ok(())
}

/// Checks that references name kinds that exist, once all kinds of a set are known.
pub(super) fn references(kind: &Kind, text: &str, file: &str, known: impl Fn(&str) -> bool) -> Result<(), KindError> {
    let shapes = kind.fields.iter().flat_map(|field| field.shape.iter().flat_map(|shape| shape.values()));
    let types = kind.fields.iter().map(|field| &field.ty).chain(shapes.map(|entry| &entry.ty));
    for ty in types {
        let FieldType::Ref(Target::Kind(prefix)) = ty.item() else {
            continue;
        };
        if !known(prefix) {
            let reference = format!("ref({prefix})");
            let line = text.lines().position(|line| line.contains(&reference)).map_or(1, |line| line + 1);
            let message = format!("there is no kind with the prefix '{prefix}'");
            return Err(KindError { file: file.to_owned(), line, message });
        }
    }
    Ok(())
}

struct Check<'a> {
    kind: &'a Kind,
    source: &'a Source<'a>,
}

impl Check<'_> {
    fn that(&self, holds: bool, at: &Text, message: impl FnOnce() -> String) -> Result<(), KindError> {
        if holds { Ok(()) } else { Err(self.source.error(&at.span(), message())) }
    }

    fn unique<'t>(&self, names: impl Iterator<Item = &'t Text>, what: &str) -> Result<(), KindError> {
        let mut seen = BTreeSet::new();
        for name in names {
            self.that(seen.insert(name.get_ref()), name, || format!("the {what} '{}' is there twice", name.get_ref()))?;
        }
        Ok(())
    }

    fn head(&self, raw: &RawKind) -> Result<(), KindError> {
        self.that(is_prefix(&self.kind.prefix), &raw.prefix, || "a prefix is two to five capital letters".to_owned())?;
        self.that(is_slug(&self.kind.slug), &raw.slug, || {
            "a slug is lower-case letters and digits, joined by hyphens".to_owned()
        })?;
        let process = self.kind.process.strip_prefix('P');
        let numbered = process.is_some_and(|number| number.len() == 2 && number.parse::<u8>().is_ok());
        self.that(numbered, &raw.process, || "a process is P and two digits, as in the domain guide".to_owned())?;
        for name in &raw.owner_fields {
            let field = self.kind.field(name.get_ref());
            let fits = field.is_some_and(|field| field.ty == FieldType::User && field.indexed);
            self.that(fits, name, || format!("'{}' is not an indexed user field of the kind", name.get_ref()))?;
        }
        Ok(())
    }

    fn states(&self, raw: &RawKind) -> Result<(), KindError> {
        self.unique(raw.states.iter().map(|state| &state.name), "state")?;
        self.state(&raw.initial)?;
        for state in &raw.states {
            self.that(is_name(state.name.get_ref()), &state.name, || {
                "a state's name is lower-case letters, digits and underscores".to_owned()
            })?;
            for name in state.editable.iter().flatten().chain(&state.locked) {
                self.field_named(name)?;
            }
            self.that(state.editable.is_none() || state.locked.is_empty(), &state.name, || {
                "a state says either what is editable or what is locked".to_owned()
            })?;
        }
        Ok(())
    }

    fn state(&self, name: &Text) -> Result<(), KindError> {
        self.that(self.kind.state(name.get_ref()).is_some(), name, || {
            format!("the kind has no state '{}'", name.get_ref())
        })
    }

    fn field_named(&self, name: &Text) -> Result<&Field, KindError> {
        let missing = || self.source.error(&name.span(), format!("the kind has no field '{}'", name.get_ref()));
        self.kind.field(name.get_ref()).ok_or_else(missing)
    }

    fn field(&self, field: &Field, raw: &RawField) -> Result<(), KindError> {
        let name = &raw.name;
        self.that(is_name(&field.name), name, || {
            "a field's name is lower-case letters, digits and underscores".to_owned()
        })?;
        self.that(!COLUMNS.contains(&field.name.as_str()), name, || {
            format!("'{}' is a column of every record", field.name)
        })?;
        // The columns title and owner are not kept among the other fields.
        self.that(!matches!(field.name.as_str(), "title" | "owner"), name, || {
            format!("'{}' is common to all kinds and cannot be replaced", field.name)
        })?;
        let item = field.ty.item();
        self.that(!field.indexed || item.is_sortable(), &raw.ty, || format!("{} cannot be indexed", field.ty))?;
        let bounded = field.min.is_some() || field.max.is_some();
        let number = matches!(item, FieldType::Int | FieldType::Dec | FieldType::Money);
        self.that(!bounded || number, name, || "only numbers and amounts have limits".to_owned())?;
        let ordered = !matches!((field.min, field.max), (Some(min), Some(max)) if min > max);
        self.that(ordered, name, || "min is greater than max".to_owned())?;
        self.that(field.format.is_none() || *item == FieldType::Str, name, || "only a str has a format".to_owned())?;
        self.that(field.shape.is_none() || *item == FieldType::Map, name, || "only a map has a shape".to_owned())?;
        let holds = matches!(field.ty, FieldType::List(_) | FieldType::Map);
        self.that(!field.may_be_empty || (field.required && holds), name, || {
            "only a required list or map may be empty".to_owned()
        })?;
        self.that(!field.known || *item == FieldType::User, name, || "only users are known".to_owned())?;
        if let Some(since) = &field.happened {
            self.that(field.ty == FieldType::Instant, name, || "only an instant has happened".to_owned())?;
            let reference = |of: &str| self.kind.field(of).is_some_and(|f| matches!(f.ty, FieldType::Ref(_)));
            self.that(!matches!(since, Since::Of(of) if !reference(of)), name, || {
                "happened is 'ever', 'created' or a reference field of the kind".to_owned()
            })?;
        }
        self.that(!(field.on_create && field.computed), name, || {
            "a computed field cannot be needed at creation".to_owned()
        })?;
        if let Some(when) = &raw.required_when {
            self.condition(&when.get_ref().field, &when.get_ref().is, &when.span())?;
        }
        let actor = |value: &serde_json::Value| field.ty == FieldType::User && value == ACTOR_DEFAULT;
        match &field.default {
            Some(value) if !actor(value) => match normalise(field, value) {
                Ok(same) if same == *value => Ok(()),
                Ok(other) => self.that(false, name, || format!("the default must be written {other}")),
                Err(problems) => self
                    .that(false, name, || problems.first().map_or_else(String::new, |problem| problem.message.clone())),
            },
            _ => Ok(()),
        }
    }

    /// The field exists and can have the value.
    fn condition(&self, field: &str, is: &str, span: &Range<usize>) -> Result<(), KindError> {
        let possible = match self.kind.field(field).map(|field| &field.ty) {
            Some(FieldType::Enum(options)) => options.iter().any(|option| option == is),
            Some(FieldType::Str) => true,
            _ => false,
        };
        if possible {
            return Ok(());
        }
        Err(self.source.error(span, format!("the kind has no text field '{field}' that can be '{is}'")))
    }

    fn transition(&self, raw: &RawTransition) -> Result<(), KindError> {
        self.state(&raw.from)?;
        self.state(&raw.to)?;
        self.that(raw.from.get_ref() != raw.to.get_ref(), &raw.to, || {
            "a transition leads to another state".to_owned()
        })?;
        self.that(raw.roles.is_empty() != raw.all_of.is_empty(), &raw.from, || {
            "a transition has either roles or all_of".to_owned()
        })?;
        for name in &raw.require {
            self.field_named(name)?;
        }
        for name in &raw.separate {
            let column = matches!(name.get_ref().as_str(), "owner" | "created_by");
            let user = column || self.field_named(name)?.ty == FieldType::User;
            self.that(user, name, || format!("'{}' does not name a user", name.get_ref()))?;
        }
        for only in &raw.only {
            self.condition(only.field.get_ref(), &only.is, &only.field.span())?;
        }
        if let Some(name) = &raw.records_actor {
            let user = self.field_named(name)?.ty == FieldType::User;
            self.that(user, name, || format!("'{}' does not hold a user", name.get_ref()))?;
        }
        for who in &raw.all_of {
            let person = matches!(who.get_ref().parse(), Ok(Who::Role(_)));
            self.that(person, who, || "only roles sign".to_owned())?;
        }
        if let Some(when) = &raw.when {
            self.automatic(raw, when)?;
        }
        for name in &raw.waits_for {
            let waits = raw.when.as_ref().is_some_and(|when| *when.get_ref() == Automatic::Immediately);
            self.that(waits && self.kind.indexed(name.get_ref()).is_some(), name, || {
                "only what the host does immediately waits for others, found by indexed fields".to_owned()
            })?;
        }
        if !raw.all_of.is_empty() {
            let field = raw.signatures.as_ref().map_or("signatures", |name| name.get_ref().as_str());
            let list = FieldType::List(Box::new(FieldType::Map));
            let fits = self.kind.field(field).is_some_and(|field| field.ty == list && field.computed);
            self.that(fits, &raw.from, || format!("all_of needs a computed list<map> field '{field}'"))?;
        }
        Ok(())
    }

    /// What the host does by itself, it may do, and it knows when.
    fn automatic(&self, raw: &RawTransition, when: &Spanned<Automatic>) -> Result<(), KindError> {
        let wrong = |message: String| Err(self.source.error(&when.span(), message));
        let auto = |who: &Text| matches!(who.get_ref().parse(), Ok(Who::Auto));
        if !raw.roles.iter().any(auto) {
            return wrong("only a transition of the role auto has a time of its own".to_owned());
        }
        match when.get_ref() {
            Automatic::Immediately => {
                let at_once = |step: &&Transition| step.when == Some(Automatic::Immediately);
                let mut state = raw.to.get_ref();
                for _ in &self.kind.states {
                    match self.kind.transitions_from(state).find(at_once) {
                        Some(step) => state = &step.to,
                        None => return Ok(()),
                    }
                }
                wrong("the transitions that follow at once go round in a circle".to_owned())
            }
            Automatic::Answered => Ok(()),
            Automatic::Computed(moment) => match check_rules::unnamed_moment(self.kind, moment) {
                Some(message) => wrong(message),
                None => Ok(()),
            },
            Automatic::Replaced(fields) => match fields.iter().find(|field| self.kind.indexed(field).is_none()) {
                Some(field) => wrong(format!("'{field}' is not an indexed field of the kind")),
                None => Ok(()),
            },
            Automatic::At(Moment { at: Some(field), .. }) => match self.kind.field(field) {
                Some(field) if Moment::can_count_from(&field.ty) => Ok(()),
                _ => wrong(format!("'{field}' is not a date or instant field of the kind")),
            },
            Automatic::At(Moment { at: None, days }) => match days {
                Distance::Days(days) if *days <= 0 => wrong("days from entering the state are 1 or more".to_owned()),
                _ => Ok(()),
            },
        }
    }
}

fn is_name(text: &str) -> bool {
    words(text, b'_')
}

pub(super) fn is_slug(text: &str) -> bool {
    words(text, b'-')
}

/// Whether the text is a lower-case letter, then lower-case letters and digits, in words joined by
/// single separators. Enum-like names such as `24x7` are values, not names.
fn words(text: &str, separator: u8) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == separator;
    text.len() <= 60
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && text.bytes().all(allowed)
        && text.split(char::from(separator)).all(|word| !word.is_empty())
}
