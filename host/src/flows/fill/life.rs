//! One record and its life up to now.

use serde_json::{Map, Value, json};

use super::clocks;
use super::values::Setting;
use super::words::{self, Language};
use super::world::World;
use crate::domain::expression::Scope;
use crate::domain::field::{Field, FieldType, normalise};
use crate::domain::kind::{Related, Transition};
use crate::domain::record::{self, Record, Stamp};
use crate::domain::refusal::Refusal;
use crate::domain::role::Role;
use crate::domain::time::Instant;
use crate::domain::{Actor, Kind, Who};
use crate::flows::working::record_write;
use crate::store::unit::{AuditDraft, Unit};

/// Most steps of a life.
const STEPS: usize = 12;
/// States in which most records stay that are not worked off.
const LASTING: [&str; 8] = ["active", "live", "approved", "published", "open", "agreed", "effective", "in_force"];
/// States that say that something was given up.
const GIVEN_UP: [&str; 6] = ["cancelled", "rejected", "refused", "void", "withdrawn", "backed_out"];
/// States in which a person works on it, and those in which the service is back.
const ANSWERED: [&str; 4] = ["in_progress", "fulfilling", "awaiting_customer", "awaiting_supplier"];
const RESTORED: [&str; 3] = ["resolved", "fulfilled", "closed"];

/// How a record of a kind comes about.
#[derive(Clone, Copy)]
pub(super) struct Frame<'f> {
    pub(super) org: &'f str,
    pub(super) kind: &'f Kind,
    /// Worked off day by day; other records stay in use.
    pub(super) daily: bool,
    /// When it is made.
    pub(super) at: Instant,
    /// Up to when it lives.
    pub(super) until: Instant,
    /// The organisation's constants.
    pub(super) policy: &'f Value,
}

/// Makes a record and lets it live; gives everything that is written for it.
///
/// # Errors
/// What the kind refuses.
pub(super) fn live(world: &mut World, frame: Frame<'_>) -> Result<Unit, Refusal> {
    let Frame { org, kind, at, .. } = frame;
    let language = if world.dice.percent(45) { Language::Zh } else { Language::En };
    let setting = Setting { kind, at, language };
    let mut input = Map::new();
    input.insert("title".to_owned(), words::title(&mut world.dice, language).into());
    if world.dice.percent(80) {
        input.insert("description".to_owned(), words::text(&mut world.dice, language).into());
    }
    let mut complete = true;
    for field in kind.fields.iter().filter(|field| !field.computed) {
        let wanted = field.required || field.on_create || field.required_when.is_some();
        let later = kind.transitions.iter().any(|step| step.require.contains(&field.name));
        if wanted || (!later && world.dice.percent(55)) {
            match world.value(setting, field) {
                Some(value) => {
                    input.insert(field.name.clone(), value);
                }
                None => complete &= !wanted,
            }
        }
    }
    input.insert("owner".to_owned(), world.user().into());
    let number = world.number(&kind.prefix, at.year()).unwrap_or_default();
    let stamp = Stamp { id: world.id(at), number, now: at };
    let mut record = record::create(kind, &Actor::host(org), input, stamp)?;
    record.created_by = world.user();
    for field in kind.fields.iter().filter(|field| field.computed && field.required) {
        if let Some(value) = computed(world, setting, field) {
            record.set_computed(&field.name, value);
        }
    }
    let made = record.clone();
    let mut life = Life { world, frame, setting, record, audit: Vec::new(), passed: Vec::new() };
    life.created();
    if complete {
        life.walk();
    }
    let Life { mut record, mut audit, passed, .. } = life;
    let answered = passed.iter().find(|(state, _)| ANSWERED.contains(&state.as_str())).map(|(_, at)| *at);
    let restored = passed.iter().find(|(state, _)| RESTORED.contains(&state.as_str())).map(|(_, at)| *at);
    clocks::set(&mut record, kind, answered.or(restored), restored, frame.until);
    work_out(&mut record, frame);
    if let Some(first) = audit.first_mut() {
        first.after = Value::Object(record::difference(None, &made).1);
    }
    let write = record_write(kind, None, record);
    Ok(Unit { org: org.to_owned(), records: vec![write], audit, ..Unit::default() })
}

/// Works out the formulas of the record. They see nothing of other records, as if it pointed to none: those that ask for
/// the records that point to it are left out.
fn work_out(record: &mut Record, frame: Frame<'_>) {
    for field in &frame.kind.fields {
        let Some(formula) = &field.formula else { continue };
        if !formula.related.values().all(|related| matches!(related, Related::Field(_))) {
            continue;
        }
        let until = frame.until.to_string();
        let today = until.get(..10).unwrap_or_default().to_owned();
        let mut scope = Scope::default()
            .with("record", record.to_json())
            .with("policy", frame.policy.clone())
            .with("now", until.into())
            .with("today", today.into());
        for name in formula.related.keys() {
            scope.set(name, json!([]));
        }
        let value = formula.expression.value(&scope).ok().filter(|value| !value.is_null());
        if let Some(value) = value.and_then(|value| normalise(field, &value).ok()) {
            record.set_computed(&field.name, value);
        }
    }
}

/// A value that the host would work out.
fn computed(world: &mut World, setting: Setting<'_>, field: &Field) -> Option<Value> {
    match field.ty.item() {
        FieldType::Map => (field.ty == FieldType::Map).then(|| json!({})),
        _ => world.value(setting, field),
    }
}

struct Life<'l> {
    world: &'l mut World,
    frame: Frame<'l>,
    setting: Setting<'l>,
    record: Record,
    audit: Vec<AuditDraft>,
    /// States and when they were entered.
    passed: Vec<(String, Instant)>,
}

impl<'l> Life<'l> {
    fn created(&mut self) {
        let grants = self.frame.kind.access.create.iter().map(|grant| grant.who);
        let entry = AuditDraft {
            at: self.frame.at,
            number: self.record.number.clone(),
            actor: self.record.created_by.clone(),
            role: role(grants),
            action: "create".to_owned(),
            before: json!({}),
            after: Value::Null,
            reason: String::new(),
        };
        self.audit.push(entry);
    }

    fn walk(&mut self) {
        let mut at = self.frame.at;
        for _ in 0..STEPS {
            if !self.frame.daily && LASTING.contains(&self.record.state.as_str()) && self.world.dice.percent(88) {
                return;
            }
            let Some(step) = self.choose() else { return };
            at = at.plus(self.pause(&step.from));
            if at > self.frame.until || !self.step(step, at) {
                return;
            }
        }
    }

    /// How long a record stays in a state, in milliseconds: minutes where it waits to be seen, days where it waits.
    fn pause(&mut self, state: &str) -> i64 {
        const MINUTE: i64 = 60_000;
        let minutes = match state {
            "new" | "submitted" | "classified" => self.world.dice.between(1, 40),
            "assigned" | "in_progress" | "fulfilling" => self.world.dice.between(5, 600),
            "resolved" | "fulfilled" => self.world.dice.between(60, 3 * 1440),
            _ => self.world.dice.between(60, 6 * 1440),
        };
        minutes * MINUTE + self.world.dice.between(0, 59_999)
    }

    /// The next step: seldom one that gives up, seldom one that goes back.
    fn choose(&mut self) -> Option<&'l Transition> {
        let kind: &'l Kind = self.frame.kind;
        let mut steps: Vec<(&'l Transition, usize)> = Vec::new();
        for step in kind.transitions.iter().filter(|step| step.from == self.record.state && step.from != step.to) {
            let back = step.to == kind.initial || self.passed.iter().any(|(passed, _)| *passed == step.to);
            let weight = match step.to.as_str() {
                to if GIVEN_UP.contains(&to) => 4,
                _ if back => 6,
                _ => 60,
            };
            steps.push((step, weight));
        }
        self.world.dice.weigh(&steps)
    }

    /// Takes a step with the fields that it needs; false where one of them cannot be had.
    fn step(&mut self, step: &Transition, at: Instant) -> bool {
        let kind = self.frame.kind;
        let mut after = Map::new();
        for name in &step.require {
            if self.record.data.contains_key(name) {
                continue;
            }
            let Some(field) = kind.field(name) else { return false };
            let Some(value) = self.world.value(Setting { at, ..self.setting }, field) else { return false };
            after.insert(name.clone(), value);
        }
        for (name, value) in &after {
            self.record.set_computed(name, value.clone());
        }
        after.insert("state".to_owned(), step.to.as_str().into());
        self.audit.push(AuditDraft {
            at,
            number: self.record.number.clone(),
            actor: self.world.user(),
            role: role(step.roles.iter().chain(&step.all_of).copied()),
            action: format!("transition:{}", step.to),
            before: json!({ "state": self.record.state }),
            after: Value::Object(after),
            reason: String::new(),
        });
        self.record.state.clone_from(&step.to);
        self.record.updated_at = at;
        self.record.revision += 1;
        self.passed.push((step.to.clone(), at));
        true
    }
}

/// The role that an entry names: the first real one of those who may.
fn role(who: impl Iterator<Item = Who>) -> String {
    let mut who = who.map(|who| match who {
        Who::Role(role) => role.to_string(),
        Who::Auto => "auto".to_owned(),
        _ => Role::Po.to_string(),
    });
    who.next().unwrap_or_else(|| Role::Po.to_string())
}
