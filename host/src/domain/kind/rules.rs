//! What a kind file says beyond fields and transitions: rules, reminders, and records that the host
//! makes by itself (block (c) of each process of the guide).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Label;
use crate::domain::expression::Expression;

/// A condition that a record has to meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name, as the refusal gives it; unique within the kind.
    pub name: String,
    /// When it is looked at.
    pub on: Vec<Moment>,
    /// The field that the refusal is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Only while this holds.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub guard: Option<Expression>,
    /// What has to hold.
    pub check: Expression,
    /// What the refusal says.
    pub message: Label,
    /// Why what it judged at a transition may change afterwards without its being asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<String>,
    /// Section of the guide it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Other records that it reads.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub related: BTreeMap<String, Related>,
}

impl Rule {
    /// Whether it reads which files are attached to the record.
    pub fn reads_files(&self) -> bool {
        let names = |expression: &Expression| expression.names().variables.contains(super::check_rules::FILES);
        names(&self.check) || self.guard.as_ref().is_some_and(names)
    }

    /// Whether it is about what a record is, not about what somebody does to it: it holds at every change, and names
    /// neither who acts nor what was before.
    pub(super) fn is_about_what_is(&self) -> bool {
        let acts = |expression: &Expression| {
            let names = expression.names();
            ["actor", "before"].iter().any(|name| names.variables.contains(*name))
        };
        self.on.contains(&Moment::Update) && !acts(&self.check) && !self.guard.as_ref().is_some_and(acts)
    }
}

/// When a rule is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A record is made.
    Create,
    /// Fields are changed.
    Update,
    /// Any transition is taken.
    Transition,
    /// A state is entered.
    Entered(String),
    /// One transition is taken, from the first state to the second.
    Step(String, String),
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => f.write_str("create"),
            Self::Update => f.write_str("update"),
            Self::Transition => f.write_str("transition"),
            Self::Entered(state) => f.write_str(state),
            Self::Step(from, to) => write!(f, "{from}>{to}"),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match (text.as_str(), text.split_once('>')) {
            ("create", _) => Self::Create,
            ("update", _) => Self::Update,
            ("transition", _) => Self::Transition,
            (_, Some((from, to))) => Self::Step(from.to_owned(), to.to_owned()),
            (state, None) => Self::Entered(state.to_owned()),
        })
    }
}

/// What happened to a record, as rules see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening<'a> {
    /// It was made.
    Create,
    /// Fields were changed.
    Update,
    /// It went from the first state to the second.
    Transition(&'a str, &'a str),
}

impl Moment {
    /// Whether the rule is looked at when this happens.
    pub fn is(&self, happening: Happening<'_>) -> bool {
        match (self, happening) {
            (Self::Create, Happening::Create) | (Self::Update, Happening::Update) => true,
            (Self::Transition, Happening::Transition(..)) => true,
            (Self::Entered(state), Happening::Transition(_, to)) => state == to,
            (Self::Step(a, b), Happening::Transition(from, to)) => a == from && b == to,
            _ => false,
        }
    }
}

/// Other records that an expression reads, as a list of flat objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Related {
    /// The records that a reference field points to, or the fields of those.
    Field(ByField),
    /// The records of a kind whose reference field points to this record.
    Back(ByBack),
    /// The records of a kind whose indexed fields have certain values, each worked out from this
    /// record.
    Where(ByValues),
}

/// See [`Related::Field`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByField {
    /// Name of the field; or of several, parted by dots: each is a reference of what the one before points to.
    pub field: String,
}

/// See [`Related::Back`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByBack {
    /// Slug of the kind.
    pub kind: String,
    /// Its reference field, indexed.
    pub by: String,
}

/// See [`Related::Where`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByValues {
    /// Slug of the kind.
    pub kind: String,
    /// Indexed fields of it, or `state`, with the value that each must have.
    #[serde(rename = "where")]
    pub values: BTreeMap<String, Expression>,
}

impl ByField {
    /// The field of the record itself.
    pub(super) fn first(&self) -> &str {
        self.field.split('.').next().unwrap_or_default()
    }
}

impl Related {
    /// Slug of the kind that is asked, where one is named.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Field(_) => None,
            Self::Back(back) => Some(&back.kind),
            Self::Where(values) => Some(&values.kind),
        }
    }
}

/// The value of a field that the host works out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Formula {
    /// The value.
    #[serde(rename = "value")]
    pub expression: Expression,
    /// Other records that it reads.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub related: BTreeMap<String, Related>,
}

/// Something to be reminded of while a record is in certain states.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// Its name; the event is `record.PREFIX.reminder.NAME`.
    pub name: String,
    /// Only while the record is in one of these states.
    pub states: Vec<String>,
    /// When: a date or an instant, or null for never.
    pub moment: Expression,
    /// Days after which it is said again, while the record is still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// What it says.
    pub message: Label,
    /// Section of the guide it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A record that the host makes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Make {
    /// Its name; unique within the kind.
    pub name: String,
    /// Slug of the kind that is made.
    pub kind: String,
    /// On entering these states …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// … or at moments: `n` counts from 0 those that were made for this record; null: no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moment: Option<Expression>,
    /// With a moment: only while the record is in one of these states.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
    /// Only while this holds.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub guard: Option<Expression>,
    /// The field that the new record's number is put into. Such a record is made only where the host itself takes a
    /// transition to one of the states while the field is empty, and before it takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// Fields of the new record.
    pub set: BTreeMap<String, Expression>,
}
