//! The kind file as TOML sees it, with the places of what can be wrong in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::rules::{Moment, Related};
use super::{Label, View};
use crate::domain::automatic::Automatic;
use crate::domain::expression::Expression;
use crate::domain::field::{Format, Since, When};

pub(super) type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKind {
    pub(super) prefix: Text,
    pub(super) slug: Text,
    pub(super) view: Option<View>,
    pub(super) name: Label,
    pub(super) process: Text,
    pub(super) clause: String,
    pub(super) initial: Text,
    #[serde(default)]
    pub(super) owner_fields: Vec<Text>,
    pub(super) access: RawAccess,
    #[serde(rename = "state")]
    pub(super) states: Vec<RawState>,
    #[serde(rename = "field", default)]
    pub(super) fields: Vec<RawField>,
    #[serde(rename = "index", default)]
    pub(super) indexes: Vec<RawIndex>,
    #[serde(rename = "transition", default)]
    pub(super) transitions: Vec<RawTransition>,
    #[serde(rename = "decision", default)]
    pub(super) decisions: Vec<RawDecision>,
    #[serde(rename = "rule", default)]
    pub(super) rules: Vec<RawRule>,
    #[serde(rename = "reminder", default)]
    pub(super) reminders: Vec<RawReminder>,
    #[serde(rename = "makes", default)]
    pub(super) makes: Vec<RawMake>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccess {
    pub(super) create: Vec<RawGrant>,
    pub(super) read: Vec<RawGrant>,
    pub(super) update: Vec<RawGrant>,
}

/// A text, or a table with the keys `role` and `where`; which of them, is looked at with its place in hand.
pub(super) type RawGrant = Spanned<toml::Value>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawState {
    pub(super) name: Text,
    pub(super) label: Label,
    #[serde(default)]
    pub(super) closed: bool,
    pub(super) editable: Option<Vec<Text>>,
    #[serde(default)]
    pub(super) locked: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawField {
    pub(super) name: Text,
    #[serde(rename = "type")]
    pub(super) ty: Text,
    #[serde(default)]
    pub(super) required: bool,
    pub(super) required_when: Option<Spanned<When>>,
    #[serde(default)]
    pub(super) on_create: bool,
    #[serde(default)]
    pub(super) may_be_empty: bool,
    #[serde(default)]
    pub(super) known: bool,
    pub(super) happened: Option<Since>,
    #[serde(default)]
    pub(super) indexed: bool,
    #[serde(default)]
    pub(super) computed: bool,
    pub(super) default: Option<Spanned<toml::Value>>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) format: Option<Format>,
    pub(super) shape: Option<BTreeMap<String, Text>>,
    pub(super) formula: Option<Spanned<Expression>>,
    #[serde(default)]
    pub(super) related: BTreeMap<String, Related>,
    pub(super) label: Label,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIndex {
    pub(super) path: Text,
    #[serde(rename = "type")]
    pub(super) ty: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTransition {
    pub(super) name: Option<Text>,
    pub(super) from: Text,
    pub(super) to: Text,
    #[serde(default)]
    pub(super) roles: Vec<Text>,
    #[serde(default)]
    pub(super) require: Vec<Text>,
    #[serde(default)]
    pub(super) separate: Vec<Text>,
    #[serde(default)]
    pub(super) all_of: Vec<Text>,
    pub(super) signatures: Option<Text>,
    pub(super) records_actor: Option<Text>,
    #[serde(default)]
    pub(super) only: Vec<RawOnly>,
    #[serde(default)]
    pub(super) reason: bool,
    #[serde(default)]
    pub(super) incomplete: bool,
    pub(super) when: Option<Spanned<Automatic>>,
    #[serde(default)]
    pub(super) waits_for: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawOnly {
    pub(super) field: Text,
    pub(super) is: String,
    pub(super) roles: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDecision {
    pub(super) process: Text,
    pub(super) on: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) name: Text,
    pub(super) on: Option<Vec<Spanned<Moment>>>,
    pub(super) field: Option<Text>,
    #[serde(rename = "if")]
    pub(super) guard: Option<Spanned<Expression>>,
    pub(super) check: Spanned<Expression>,
    pub(super) message: Label,
    pub(super) later: Option<String>,
    pub(super) source: Option<String>,
    #[serde(default)]
    pub(super) related: BTreeMap<String, Related>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReminder {
    pub(super) name: Text,
    pub(super) states: Vec<Text>,
    pub(super) moment: Spanned<Expression>,
    pub(super) every: Option<u32>,
    pub(super) message: Label,
    pub(super) source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMake {
    pub(super) name: Text,
    pub(super) kind: Text,
    #[serde(default)]
    pub(super) on: Vec<Text>,
    pub(super) moment: Option<Spanned<Expression>>,
    #[serde(default)]
    pub(super) states: Vec<Text>,
    #[serde(rename = "if")]
    pub(super) guard: Option<Spanned<Expression>>,
    pub(super) into: Option<Text>,
    pub(super) set: BTreeMap<String, Spanned<Expression>>,
}
