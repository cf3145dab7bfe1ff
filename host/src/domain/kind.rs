//! A record kind: what a TOML file under `host/kinds` says about one sort of record.
//!
//! Everything the host does with records of a kind (validation, numbering, lifecycle, permissions,
//! search, forms, export) follows from this value alone; nothing is written for one kind.

mod builtin;
mod check;
mod check_rules;
mod circle;
mod conform;
mod document;
mod grant;
mod happened;
mod parse;
mod prefixes;
mod raw;
mod rules;
mod standing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_access;
#[cfg(test)]
mod tests_guide;
#[cfg(test)]
mod tests_rules;
mod trial;

use std::fmt;

use serde::Serialize;

use super::automatic::Automatic;
use super::field::{ALWAYS_EDITABLE, Field, FieldType};
use super::role::Who;

pub use builtin::{Kinds, Shaped};
pub use circle::{of_references, unreachable_states};
pub use conform::{FIELD_GONE, Passage, STATE_GONE};
pub use document::{AddError, Document, Part};
pub use grant::{Condition, Extent, Grant, Literal, Personal, Values};
pub use parse::{line_of_field, parse};
pub use prefixes::{DICTIONARY, is_known};
pub use rules::{ByBack, ByField, ByValues, Formula, Happening, Make, Moment, Related, Reminder, Rule};

/// A name in both languages of the interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// A sort of record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    /// Which version of the organisation's own it is; 0 for the built-in kind.
    pub version: i64,
    /// Prefix of the numbers, for example `INC`.
    pub prefix: String,
    /// Name in URLs, for example `incident`.
    pub slug: String,
    /// What its records are a view on, where they are not kept as records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// Name for people.
    pub name: Label,
    /// The guide's process, for example `P35`.
    pub process: String,
    /// Clause of ISO/IEC 20000-1:2018 that the records are evidence for.
    pub clause: String,
    /// Who may create, read and update (guide, section 2).
    pub access: Access,
    /// User fields that make a record the named user's own, beside owner and creator.
    pub owner_fields: Vec<String>,
    /// State of a new record.
    pub initial: String,
    /// The states, in the order of the file.
    pub states: Vec<State>,
    /// The kind's own fields, in the order of the file.
    pub fields: Vec<Field>,
    /// Indexed paths inside map fields.
    pub indexes: Vec<Index>,
    /// The transitions, in the order of the file.
    pub transitions: Vec<Transition>,
    /// Which process decides on which event.
    pub decisions: Vec<DecisionHook>,
    /// Conditions that its records have to meet.
    pub rules: Vec<Rule>,
    /// What is said about its records in time.
    pub reminders: Vec<Reminder>,
    /// Records that the host makes because of its records.
    pub makes: Vec<Make>,
}

/// What the host keeps of its own work and shows as records of a kind, instead of keeping a second copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// Decisions that components took.
    Decisions,
    /// Components that were uploaded.
    Components,
}

/// Who may do what to the records of a kind; transitions name their own roles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Who may make a new record.
    pub create: Vec<Grant>,
    /// Who may see one.
    pub read: Vec<Grant>,
    /// Who may change the fields of one.
    pub update: Vec<Grant>,
}

/// A state of the lifecycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Name, as the `state` of a record holds it.
    pub name: String,
    /// Name for people.
    pub label: Label,
    /// Whether a record in this state is read-only. It may still have transitions, by which it is
    /// opened again.
    pub closed: bool,
    /// The only fields that may be changed in this state; `None` means all. Links, attachments and
    /// the owner may always be changed while the record is not closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub editable: Option<Vec<String>>,
    /// Fields that may not be changed in this state, while the others may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locked: Vec<String>,
}

impl State {
    /// Whether a field may not be changed while a record is in this state.
    pub fn locks(&self, field: &str) -> bool {
        if self.locked.iter().any(|name| name == field) {
            return true;
        }
        let editable = |names: &Vec<String>| names.iter().any(|name| name == field);
        !ALWAYS_EDITABLE.contains(&field) && self.editable.as_ref().is_some_and(|names| !editable(names))
    }
}

/// An indexed path inside a map field, for example `sla.resolution.level`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Index {
    /// The map field and the keys below it, joined by dots.
    pub path: String,
    /// Type of the value found there.
    #[serde(rename = "type")]
    pub ty: FieldType,
}

/// A step from one state to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// Name in URLs; the target state's unless the file says otherwise. Several transitions may
    /// share a name as long as they start from different states.
    pub name: String,
    /// State it starts from.
    pub from: String,
    /// State it leads to.
    pub to: String,
    /// Who may take it: any one of these.
    pub roles: Vec<Who>,
    /// Fields that must be filled for it, beside the kind's required fields.
    pub require: Vec<String>,
    /// User fields whose users may not take it (separation of duties).
    pub separate: Vec<String>,
    /// Every one of these roles must sign, each by another user, before the state moves.
    pub all_of: Vec<Who>,
    /// Field that collects the signatures `{role, user, at, for}` of `all_of`.
    pub signatures: Option<String>,
    /// User field that is set to whoever takes it.
    pub records_actor: Option<String>,
    /// Narrower roles for records whose field has a certain value.
    pub only: Vec<Only>,
    /// Whether a reason has to be given.
    pub reason: bool,
    /// Whether it may be taken from the first state while required fields are still empty: an
    /// unfinished draft can be withdrawn.
    pub incomplete: bool,
    /// When the host takes it by itself; `None` also where the host takes it as part of a process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Automatic>,
    /// Records with the same values in these fields are waited for: when one of them leaves its state, the host tries
    /// again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
}

/// A condition on who may take a transition: while `field` holds `is`, only `roles` may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Only {
    /// The field looked at.
    pub field: String,
    /// The value that narrows the roles.
    pub is: String,
    /// Who may then still take the transition.
    pub roles: Vec<Who>,
}

/// A process that decides something about records of the kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionHook {
    /// The process.
    pub process: mortise_types::Process,
    /// When it is asked.
    pub on: Vec<Trigger>,
}

/// An event in a record's life on which a decision is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The record was made.
    Create,
    /// A field was changed.
    Update,
    /// Any transition was taken.
    Transition,
    /// A transition into this state was taken.
    Entered(String),
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Transition => "transition",
            Self::Entered(state) => state,
        })
    }
}

impl Serialize for Trigger {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is wrong with a kind's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct KindError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl Kind {
    /// The state of that name.
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.iter().find(|state| state.name == name)
    }

    /// The field of that name: one of the kind's own, or a common one that it does not replace.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .or_else(|| super::field::common().iter().find(|field| field.name == name))
    }

    /// All fields a record may have: title and the kind's own first, then the other common ones.
    pub fn all_fields(&self) -> impl Iterator<Item = &Field> {
        let replaced = |field: &&Field| !self.fields.iter().any(|own| own.name == field.name);
        let (title, rest) = super::field::common().split_at(1);
        title.iter().filter(replaced).chain(&self.fields).chain(rest.iter().filter(replaced))
    }

    /// Type of the value that is kept in the index under a path: an indexed field, or a declared
    /// path inside a map field. For an indexed list it is the type of its items.
    pub fn indexed(&self, path: &str) -> Option<&FieldType> {
        match self.indexes.iter().find(|index| index.path == path) {
            Some(index) => Some(&index.ty),
            None => self.field(path).filter(|field| field.indexed).map(|field| field.ty.item()),
        }
    }

    /// Every path kept in the index, with its type.
    pub fn indexed_paths(&self) -> impl Iterator<Item = (&str, &FieldType)> {
        let fields = self.all_fields().filter(|field| field.indexed);
        fields
            .map(|field| (field.name.as_str(), field.ty.item()))
            .chain(self.indexes.iter().map(|index| (index.path.as_str(), &index.ty)))
    }

    /// The transitions that start from a state.
    pub fn transitions_from<'a>(&'a self, state: &'a str) -> impl Iterator<Item = &'a Transition> {
        self.transitions.iter().filter(move |transition| transition.from == state)
    }

    /// The transition of that name from a state.
    pub fn transition(&self, from: &str, name: &str) -> Option<&Transition> {
        self.transitions.iter().find(|transition| transition.from == from && transition.name == name)
    }

    /// Whether the host wrote this field when a transition was taken that lies behind every record in this state: who
    /// took it. That is not for people to change.
    pub fn is_of_the_host(&self, state: &str, field: &str) -> bool {
        let writes = |step: &Transition| step.records_actor.as_deref() == Some(field);
        self.transitions.iter().any(writes) && self.only_through(state, writes)
    }

    /// The processes to ask when something happened to a record. A transition is
    /// [`Trigger::Entered`] with its target state; it also matches hooks on every transition.
    pub fn decides<'a>(&'a self, event: &'a Trigger) -> impl Iterator<Item = mortise_types::Process> + 'a {
        let on = move |trigger: &Trigger| {
            trigger == event || (*trigger == Trigger::Transition && matches!(event, Trigger::Entered(_)))
        };
        self.decisions.iter().filter(move |hook| hook.on.iter().any(on)).map(|hook| hook.process)
    }
}
