//! Reading a kind file. Every complaint names the file and the line.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use toml::Spanned;

use super::raw::{
    RawDecision, RawField, RawGrant, RawKind, RawMake, RawReminder, RawRule, RawState, RawTransition, Text,
};
use super::rules::{Formula, Make, Moment, Reminder, Rule};
use super::{
    Access, Condition, DecisionHook, Extent, Grant, Index, Kind, KindError, Only, State, Transition, Trigger, check,
    check_rules, happened,
};
use crate::domain::field::Field;
use crate::domain::role::Who;

/// Reads one kind file. That its references name kinds of the set it is loaded into is checked by
/// [`Kinds::load`](super::Kinds::load).
///
/// # Errors
///
/// The first thing that is wrong in it.
pub fn parse(text: &str, file: &str) -> Result<Kind, KindError> {
    read(text, file, true)
}

/// Reads the file of a kind that is in force already, without trying its expressions: what only later servers find wrong
/// in them does not keep these from starting.
pub(super) fn parse_in_force(text: &str, file: &str) -> Result<Kind, KindError> {
    read(text, file, false)
}

fn read(text: &str, file: &str, tries: bool) -> Result<Kind, KindError> {
    let source = Source { text, file };
    let raw: RawKind = toml::from_str(text).map_err(|error| syntax(&error, text, file))?;
    let mut kind = Kind {
        version: 0,
        prefix: raw.prefix.get_ref().clone(),
        slug: raw.slug.get_ref().clone(),
        view: raw.view,
        name: raw.name.clone(),
        process: raw.process.get_ref().clone(),
        clause: raw.clause.clone(),
        access: Access::default(),
        owner_fields: strings(&raw.owner_fields),
        initial: raw.initial.get_ref().clone(),
        states: raw.states.iter().map(state).collect(),
        fields: raw.fields.iter().map(|field| source.field(field)).collect::<Result<_, _>>()?,
        indexes: raw
            .indexes
            .iter()
            .map(|index| Ok(Index { path: index.path.get_ref().clone(), ty: source.read(&index.ty)? }))
            .collect::<Result<_, KindError>>()?,
        transitions: raw.transitions.iter().map(|step| source.transition(step)).collect::<Result<_, _>>()?,
        decisions: raw.decisions.iter().map(|hook| source.decision(hook)).collect::<Result<_, _>>()?,
        rules: Vec::new(),
        reminders: raw.reminders.iter().map(reminder).collect(),
        makes: raw.makes.iter().map(make).collect(),
    };
    let happened = happened::rules(&kind.fields).map_err(|why| source.error(&raw.slug.span(), why))?;
    kind.rules = raw.rules.iter().map(rule).chain(happened).collect();
    check::kind(&kind, &raw, &source)?;
    // Conditions name fields and states, which are known to be sound only now.
    kind.access = source.access(&kind, &raw)?;
    check_rules::kind(&kind, &raw, &source)?;
    if tries {
        check_rules::tried(&kind, &raw, &source)?;
    }
    Ok(kind)
}

/// The line of a kind file on which the name of a field stands.
pub fn line_of_field(text: &str, name: &str) -> Option<usize> {
    let raw: RawKind = toml::from_str(text).ok()?;
    let field = raw.fields.iter().find(|field| field.name.get_ref() == name)?;
    Some(Source { text, file: "" }.line(&field.name.span()))
}

/// What the TOML reader complains about, with its line.
pub(super) fn syntax(error: &toml::de::Error, text: &str, file: &str) -> KindError {
    let line = error.span().map_or(1, |span| Source { text, file }.line(&span));
    KindError { file: file.to_owned(), line, message: error.message().trim().to_owned() }
}

/// The file being read.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) file: &'a str,
}

impl Source<'_> {
    pub(super) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> KindError {
        KindError { file: self.file.to_owned(), line: self.line(span), message: message.into() }
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().iter().take(span.start);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    fn read<T: std::str::FromStr<Err: std::fmt::Display>>(&self, text: &Text) -> Result<T, KindError> {
        text.get_ref().parse().map_err(|error: T::Err| self.error(&text.span(), error.to_string()))
    }

    fn all<T: std::str::FromStr<Err: std::fmt::Display>>(&self, texts: &[Text]) -> Result<Vec<T>, KindError> {
        texts.iter().map(|text| self.read(text)).collect()
    }

    fn access(&self, kind: &Kind, raw: &RawKind) -> Result<Access, KindError> {
        let of = |grants: &[RawGrant]| -> Result<Vec<Grant>, KindError> {
            let read = |raw: &RawGrant| grant(kind, raw.get_ref()).map_err(|why| self.error(&raw.span(), why));
            grants.iter().map(read).collect()
        };
        let create = of(&raw.access.create)?;
        for (grant, raw) in create.iter().zip(&raw.access.create) {
            // There is no record yet that a condition could hold of.
            if matches!(grant.extent, Extent::Where(_)) {
                return Err(self.error(&raw.span(), "who may create cannot depend on a condition"));
            }
        }
        Ok(Access { create, read: of(&raw.access.read)?, update: of(&raw.access.update)? })
    }

    fn field(&self, raw: &RawField) -> Result<Field, KindError> {
        let shape = match &raw.shape {
            None => None,
            Some(entries) => {
                let entries = entries.iter().map(|(key, ty)| Ok((key.clone(), self.read(ty)?)));
                Some(entries.collect::<Result<BTreeMap<_, _>, KindError>>()?)
            }
        };
        Ok(Field {
            name: raw.name.get_ref().clone(),
            ty: self.read(&raw.ty)?,
            required: raw.required,
            required_when: raw.required_when.as_ref().map(|when| when.get_ref().clone()),
            on_create: raw.on_create,
            may_be_empty: raw.may_be_empty,
            known: raw.known,
            happened: raw.happened.clone(),
            indexed: raw.indexed,
            computed: raw.computed || raw.formula.is_some(),
            default: raw.default.as_ref().map(|value| self.json(value)).transpose()?,
            min: raw.min,
            max: raw.max,
            format: raw.format,
            shape,
            formula: raw
                .formula
                .as_ref()
                .map(|formula| Formula { expression: formula.get_ref().clone(), related: raw.related.clone() }),
            label: raw.label.clone(),
        })
    }

    fn json(&self, value: &Spanned<toml::Value>) -> Result<Value, KindError> {
        serde_json::to_value(value.get_ref()).map_err(|error| self.error(&value.span(), error.to_string()))
    }

    fn transition(&self, raw: &RawTransition) -> Result<Transition, KindError> {
        let only = raw.only.iter().map(|only| {
            let (field, is) = (only.field.get_ref().clone(), only.is.clone());
            Ok(Only { field, is, roles: self.all(&only.roles)? })
        });
        let signatures = match &raw.signatures {
            Some(field) => Some(field.get_ref().clone()),
            None if raw.all_of.is_empty() => None,
            None => Some("signatures".to_owned()),
        };
        Ok(Transition {
            name: raw.name.as_ref().unwrap_or(&raw.to).get_ref().clone(),
            from: raw.from.get_ref().clone(),
            to: raw.to.get_ref().clone(),
            roles: self.all(&raw.roles)?,
            require: strings(&raw.require),
            separate: strings(&raw.separate),
            all_of: self.all(&raw.all_of)?,
            signatures,
            records_actor: raw.records_actor.as_ref().map(|field| field.get_ref().clone()),
            only: only.collect::<Result<_, KindError>>()?,
            reason: raw.reason,
            incomplete: raw.incomplete,
            when: raw.when.as_ref().map(|when| when.get_ref().clone()),
            waits_for: strings(&raw.waits_for),
        })
    }

    fn decision(&self, raw: &RawDecision) -> Result<DecisionHook, KindError> {
        let on = raw.on.iter().map(|event| match event.get_ref().as_str() {
            "create" => Trigger::Create,
            "update" => Trigger::Update,
            "transition" => Trigger::Transition,
            state => Trigger::Entered(state.to_owned()),
        });
        Ok(DecisionHook { process: self.read(&raw.process)?, on: on.collect() })
    }
}

/// Reads an entry of an access list; says what is wrong with it.
fn grant(kind: &Kind, raw: &toml::Value) -> Result<Grant, String> {
    let who = |word: &str| match word.parse() {
        Ok(who @ (Who::Role(_) | Who::Any)) => Ok(who),
        _ => Err(format!("'{word}' is not a role that can be granted access")),
    };
    let table = match raw {
        toml::Value::String(text) => {
            return match text.strip_suffix(":own") {
                Some(word) => Ok(Grant { who: who(word)?, extent: Extent::Own }),
                None => Ok(Grant { who: who(text)?, extent: Extent::All }),
            };
        }
        toml::Value::Table(table) => table,
        _ => return Err("access is granted to a role, or to a role with a condition".to_owned()),
    };
    if let Some(key) = table.keys().find(|key| !matches!(key.as_str(), "role" | "where")) {
        return Err(format!("a grant has no key '{key}'; it has role and where"));
    }
    let word = table.get("role").and_then(toml::Value::as_str).ok_or("a grant with a condition names its role")?;
    let conditions = table.get("where").and_then(toml::Value::as_table).filter(|conditions| !conditions.is_empty());
    let conditions = conditions.ok_or("a grant with a role names in 'where' what has to hold")?;
    let conditions = conditions.iter().map(|(field, value)| {
        let value = serde_json::to_value(value).map_err(|error| error.to_string())?;
        Condition::read(kind, field, &value)
    });
    Ok(Grant { who: who(word)?, extent: Extent::Where(conditions.collect::<Result<_, _>>()?) })
}

fn state(raw: &RawState) -> State {
    State {
        name: raw.name.get_ref().clone(),
        label: raw.label.clone(),
        closed: raw.closed,
        editable: raw.editable.as_deref().map(strings),
        locked: strings(&raw.locked),
    }
}

fn rule(raw: &RawRule) -> Rule {
    let on = match &raw.on {
        Some(on) => on.iter().map(|moment| moment.get_ref().clone()).collect(),
        None => vec![Moment::Create, Moment::Update, Moment::Transition],
    };
    Rule {
        name: raw.name.get_ref().clone(),
        on,
        field: raw.field.as_ref().map(|field| field.get_ref().clone()),
        guard: raw.guard.as_ref().map(|guard| guard.get_ref().clone()),
        check: raw.check.get_ref().clone(),
        message: raw.message.clone(),
        later: raw.later.clone(),
        source: raw.source.clone(),
        related: raw.related.clone(),
    }
}

fn reminder(raw: &RawReminder) -> Reminder {
    Reminder {
        name: raw.name.get_ref().clone(),
        states: strings(&raw.states),
        moment: raw.moment.get_ref().clone(),
        every: raw.every,
        message: raw.message.clone(),
        source: raw.source.clone(),
    }
}

fn make(raw: &RawMake) -> Make {
    Make {
        name: raw.name.get_ref().clone(),
        kind: raw.kind.get_ref().clone(),
        on: strings(&raw.on),
        moment: raw.moment.as_ref().map(|moment| moment.get_ref().clone()),
        states: strings(&raw.states),
        guard: raw.guard.as_ref().map(|guard| guard.get_ref().clone()),
        into: raw.into.as_ref().map(|field| field.get_ref().clone()),
        set: raw.set.iter().map(|(field, value)| (field.clone(), value.get_ref().clone())).collect(),
    }
}

fn strings(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.get_ref().clone()).collect()
}
