//! Records made from a list, in the name of the people who would make them: demonstration data, and what an import
//! needs to stand on.
//!
//! Every entry has a key; running the list again makes nothing twice and goes on where it stopped.

use std::collections::BTreeMap;

use mortise_types::Process;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::activate::{self, Wish};
use super::create_record::Key;
use super::transition_record::{self, Step};
use super::{Desk, FlowError, create_record, read_record};
use crate::domain::component::{Mode, Scope, Subject};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Role};

/// A list of records and activations.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Records, in the order in which they are made.
    #[serde(default)]
    pub record: Vec<Entry>,
    /// Settings of components for a scope.
    #[serde(default)]
    pub activation: Vec<Setting>,
}

/// A record to make.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name within the list; `@KEY` in a later text stands for the record's number.
    pub key: String,
    /// Slug of its kind.
    pub kind: String,
    /// Who makes it.
    pub user: String,
    /// In which roles.
    pub roles: Vec<Role>,
    /// Its fields.
    pub fields: Map<String, Value>,
    /// Transitions it then takes.
    #[serde(default)]
    pub step: Vec<EntryStep>,
}

/// A transition to take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryStep {
    /// Its name.
    pub name: String,
    /// Who takes it; the record's maker when none is named.
    pub user: Option<String>,
    /// In which roles; the maker's when none are named.
    pub roles: Option<Vec<Role>>,
    /// Fields that go with it.
    #[serde(default)]
    pub fields: Map<String, Value>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// Settings for a scope, on the component that decides there now.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Process.
    pub process: Process,
    /// `service`, `customer`, `contract`, `kind` or `organisation`.
    pub scope: String,
    /// The scope's value; may be `@KEY`.
    #[serde(default)]
    pub value: String,
    /// The settings.
    pub settings: Map<String, Value>,
}

/// Makes what is not there yet; gives the numbers by key.
///
/// # Errors
/// What the use cases refuse; a `@KEY` that no earlier entry has.
pub async fn run(
    desk: &Desk,
    org: &str,
    name: &str,
    scenario: &Scenario,
) -> Result<BTreeMap<String, String>, FlowError> {
    let mut numbers = BTreeMap::new();
    for entry in &scenario.record {
        let number = make(desk, org, name, entry, &numbers).await?;
        numbers.insert(entry.key.clone(), number);
    }
    for setting in &scenario.activation {
        settle(desk, org, setting, &numbers).await?;
    }
    Ok(numbers)
}

async fn make(
    desk: &Desk,
    org: &str,
    name: &str,
    entry: &Entry,
    numbers: &BTreeMap<String, String>,
) -> Result<String, FlowError> {
    let unknown = || Refusal::not_found(format!("entry '{}': there is no kind '{}'", entry.key, entry.kind));
    let kinds = desk.kinds(org);
    let kind = kinds.get(&entry.kind).ok_or_else(unknown)?;
    let maker = Actor::user(org, &entry.user, entry.roles.iter().copied());
    let fields = fill(&entry.fields, numbers)?;
    let key = format!("scenario/{name}/{}", entry.key);
    let key = Key { of: &maker.user, text: &key };
    let created = create_record::run(desk, &maker, kind, fields, Some(key)).await?;
    let number = created.record.number;
    // A list that was interrupted goes on after the step that led to the present state.
    let reached = entry.step.iter().rposition(|step| step.name == created.record.state);
    for step in entry.step.iter().skip(reached.map_or(0, |n| n + 1)) {
        let user = step.user.as_ref().unwrap_or(&entry.user);
        let roles = step.roles.as_ref().unwrap_or(&entry.roles);
        let actor = Actor::user(org, user, roles.iter().copied());
        let record = read_record::find(desk, org, kind, &number).await?;
        if kind.transition(&record.state, &step.name).is_none() && !created.new {
            continue;
        }
        let input = fill(&step.fields, numbers)?;
        let step = Step { name: &step.name, input, expected: None, reason: &step.reason };
        transition_record::run(desk, &actor, kind, &number, step).await?;
    }
    Ok(number)
}

async fn settle(
    desk: &Desk,
    org: &str,
    setting: &Setting,
    numbers: &BTreeMap<String, String>,
) -> Result<(), FlowError> {
    let value = reference(&setting.value, numbers)?;
    let scope = Scope::from_parts(&setting.scope, &value)
        .ok_or_else(|| Refusal::invalid("enum", "scope", format!("'{}' is not a scope", setting.scope)))?;
    let history = desk.store.activations(org, Some(setting.process.slug())).await?;
    if history.iter().any(|a| a.scope == scope && a.mode == Mode::Active && a.is_live()) {
        return Ok(());
    }
    let none = || {
        let message = format!("no component is active for {}: activate one first", setting.process);
        Refusal::conflict("nothing-active", message)
    };
    let live = desk.catalog.resolve(org, setting.process, &Subject::default()).ok_or_else(none)?;
    let actor = Actor::user(org, crate::domain::role::HOST_USER, [Role::Adm]);
    let wish = Wish {
        settings: Value::Object(setting.settings.clone()),
        reason: "settings that came with the data".to_owned(),
        ..Wish::new(setting.process, scope, &live.activation.digest)
    };
    activate::run(desk, &actor, wish).await?;
    Ok(())
}

/// The fields with every `@KEY` replaced by the number it stands for.
pub(super) fn fill(
    fields: &Map<String, Value>,
    numbers: &BTreeMap<String, String>,
) -> Result<Map<String, Value>, Refusal> {
    fields.iter().map(|(name, value)| Ok((name.clone(), replace(value, numbers)?))).collect()
}

fn replace(value: &Value, numbers: &BTreeMap<String, String>) -> Result<Value, Refusal> {
    Ok(match value {
        Value::String(text) => Value::String(reference(text, numbers)?),
        Value::Array(items) => Value::Array(items.iter().map(|item| replace(item, numbers)).collect::<Result<_, _>>()?),
        Value::Object(map) => Value::Object(fill(map, numbers)?),
        other => other.clone(),
    })
}

fn reference(text: &str, numbers: &BTreeMap<String, String>) -> Result<String, Refusal> {
    let Some(key) = text.strip_prefix('@') else { return Ok(text.to_owned()) };
    let missing = || Refusal::invalid("reference", text, format!("no earlier entry has the key '{key}'"));
    numbers.get(key).cloned().ok_or_else(missing)
}
