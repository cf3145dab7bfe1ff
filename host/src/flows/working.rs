//! A record on its way from what it was to what it will be, with everything that follows from the change.

use mortise_types::Process;
use serde_json::{Map, Value, json};

use super::Desk;
use crate::domain::decision::DecisionRecord;
use crate::domain::record::{self, Record};
use crate::domain::time::Instant;
use crate::domain::{Actor, Kind};
use crate::store::unit::{AuditDraft, EventDraft, IdempotencyKey, ManualEntry, RecordWrite, TimerChange, Unit};

/// What happens to the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is made.
    Create,
    /// Some of its fields change.
    Update,
    /// It moves from one state to another.
    Transition { from: String, to: String },
    /// A timer of this name fired.
    Timer(String),
}

impl Cause {
    /// The word in audit entries and decisions.
    pub(super) fn action(&self) -> String {
        match self {
            Self::Create => "create".to_owned(),
            Self::Update => "update".to_owned(),
            Self::Transition { to, .. } => format!("transition:{to}"),
            Self::Timer(name) => format!("timer:{name}"),
        }
    }
}

/// Another record that the same use case changes.
#[derive(Clone, Debug)]
pub(super) struct Also {
    pub(super) before: Option<Record>,
    pub(super) after: Record,
    pub(super) action: String,
}

/// A use case under way: one main record, and what follows.
pub(super) struct Working<'d> {
    pub(super) desk: &'d Desk,
    pub(super) kind: &'d Kind,
    pub(super) actor: &'d Actor,
    /// The role the actor acts in, for the audit entry.
    pub(super) role: String,
    pub(super) cause: Cause,
    pub(super) now: Instant,
    pub(super) before: Option<Record>,
    pub(super) record: Record,
    pub(super) reason: String,
    /// Other records changed along with it.
    pub(super) also: Vec<Also>,
    /// Number and revision of what was read and must still hold.
    pub(super) held: Vec<(String, i64)>,
    pub(super) events: Vec<EventDraft>,
    pub(super) decisions: Vec<DecisionRecord>,
    pub(super) timers: Vec<TimerChange>,
    pub(super) manual: Vec<ManualEntry>,
    pub(super) resolved: Vec<(String, String)>,
    pub(super) fires: Option<(String, String)>,
    pub(super) key: Option<IdempotencyKey>,
}

impl<'d> Working<'d> {
    pub(super) fn new(
        desk: &'d Desk,
        kind: &'d Kind,
        actor: &'d Actor,
        cause: Cause,
        now: Instant,
        before: Option<Record>,
        record: Record,
    ) -> Self {
        Self {
            desk,
            kind,
            actor,
            role: actor.staff_role().map_or_else(|| default_role(actor), |r| r.to_string()),
            cause,
            now,
            before,
            record,
            reason: String::new(),
            also: Vec::new(),
            held: Vec::new(),
            events: Vec::new(),
            decisions: Vec::new(),
            timers: Vec::new(),
            manual: Vec::new(),
            resolved: Vec::new(),
            fires: None,
            key: None,
        }
    }

    /// A field of the record as it will be.
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.record.data.get(name).filter(|v| !v.is_null())
    }

    /// A text field of the record as it will be.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.field(name).and_then(Value::as_str)
    }

    /// Sets a field of the record; null removes it.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if value.is_null() {
            self.record.data.remove(name);
        } else {
            self.record.data.insert(name.to_owned(), value);
        }
    }

    /// True when the change touched one of these fields, or the record is new.
    pub(super) fn touched(&self, names: &[&str]) -> bool {
        let Some(before) = &self.before else { return true };
        names.iter().any(|n| before.data.get(*n) != self.record.data.get(*n))
    }

    /// Says something on the event stream about this record.
    pub(super) fn event(&mut self, kind: impl Into<String>, data: Value) {
        self.events.push(EventDraft {
            at: self.now,
            kind: kind.into(),
            number: self.record.number.clone(),
            data,
        });
    }

    /// Sets a timer of this record.
    pub(super) fn timer(&mut self, name: impl Into<String>, due_at: Instant) {
        self.timers.push(TimerChange::Set {
            id: self.desk.clock.id(),
            number: self.record.number.clone(),
            name: name.into(),
            due_at,
        });
    }

    /// Clears this record's timers whose names start with `prefix`.
    pub(super) fn clear_timers(&mut self, prefix: &str) {
        self.timers.push(TimerChange::Clear { number: self.record.number.clone(), prefix: prefix.to_owned() });
    }

    /// Puts the record into the manual-decision queue and says so.
    pub(super) fn needs_a_person(&mut self, process: Process, reason: &str, decision: &str) {
        self.manual.push(ManualEntry {
            id: self.desk.clock.id(),
            number: self.record.number.clone(),
            process: process.slug().to_owned(),
            reason: reason.to_owned(),
            decision: decision.to_owned(),
            at: self.now,
        });
        self.event(
            "decision.failed",
            json!({ "process": process.slug(), "reason": reason, "decision": decision }),
        );
    }

    /// Everything that is to be written.
    pub(super) fn into_unit(mut self) -> Unit {
        let mut unit = Unit { org: self.record.org.clone(), held: std::mem::take(&mut self.held), ..Unit::default() };
        let changed = self.before.as_ref().is_none_or(|b| !same(b, &self.record));
        if changed {
            if let Some(before) = &self.before {
                self.record.revision = before.revision + 1;
                self.record.updated_at = self.now;
            }
            unit.audit.push(self.audit(self.before.as_ref(), &self.record, &self.cause.action()));
            unit.events.push(self.record_event());
        }
        for also in &mut self.also {
            if let Some(before) = &also.before {
                also.after.revision = before.revision + 1;
            }
            also.after.updated_at = self.now;
        }
        for also in &self.also {
            unit.audit.push(self.audit(also.before.as_ref(), &also.after, &also.action));
        }
        unit.events.append(&mut self.events);
        let also = std::mem::take(&mut self.also);
        let main = changed.then_some((self.before, self.record));
        for (before, after) in main.into_iter().chain(also.into_iter().map(|a| (a.before, a.after))) {
            if let Some(kind) = self.desk.kinds.get(&after.kind) {
                unit.records.push(record_write(kind, before.as_ref(), after));
            }
        }
        unit.decisions = self.decisions;
        unit.timers = self.timers;
        unit.manual = self.manual;
        unit.resolved = self.resolved;
        unit.fires = self.fires;
        unit.key = self.key;
        unit
    }

    fn audit(&self, before: Option<&Record>, after: &Record, action: &str) -> AuditDraft {
        let (was, is) = difference(before, after);
        AuditDraft {
            at: self.now,
            number: after.number.clone(),
            actor: self.actor.user.clone(),
            role: self.role.clone(),
            action: action.to_owned(),
            before: was,
            after: is,
            reason: self.reason.clone(),
        }
    }

    fn record_event(&self) -> EventDraft {
        let prefix = self.kind.prefix.to_lowercase();
        let what = match &self.cause {
            Cause::Create => "created".to_owned(),
            Cause::Update => "updated".to_owned(),
            Cause::Transition { from, to } if from == to => "signed".to_owned(),
            Cause::Transition { to, .. } => to.clone(),
            Cause::Timer(_) => "updated".to_owned(),
        };
        EventDraft {
            at: self.now,
            kind: format!("record.{prefix}.{what}"),
            number: self.record.number.clone(),
            data: json!({
                "kind": self.record.kind,
                "state": self.record.state,
                "revision": self.record.revision,
                "actor": self.actor.user,
            }),
        }
    }
}

fn default_role(actor: &Actor) -> String {
    if actor.auto { "auto".to_owned() } else { "CUS".to_owned() }
}

fn same(a: &Record, b: &Record) -> bool {
    a.title == b.title && a.state == b.state && a.owner == b.owner && a.data == b.data
}

/// The write of a record, its indexed values and references left out when they are as they were.
pub(super) fn record_write(kind: &Kind, before: Option<&Record>, after: Record) -> RecordWrite {
    let (entries, links) = (index_rows(kind, &after), link_rows(kind, &after));
    let same_entries = before.is_some_and(|b| index_rows(kind, b) == entries);
    let same_links = before.is_some_and(|b| link_rows(kind, b) == links);
    RecordWrite {
        was: before.map(|b| b.revision),
        entries: (!same_entries).then_some(entries),
        links: (!same_links).then_some(links),
        record: after,
    }
}

/// Indexed values, with an empty text for a field that has none: a list sorted by a field holds every record, and
/// records without a value can be asked for.
fn index_rows(kind: &Kind, record: &Record) -> Vec<(String, String)> {
    let mut rows = record::index_entries(kind, record);
    for (path, _) in kind.indexed_paths() {
        if !rows.iter().any(|(known, _)| known == path) {
            rows.push((path.to_owned(), String::new()));
        }
    }
    rows
}

fn link_rows(kind: &Kind, record: &Record) -> Vec<(String, String)> {
    record::references(kind, record).into_iter().map(|r| (r.rel, r.number)).collect()
}

/// The values that differ, as they were and as they are.
fn difference(before: Option<&Record>, after: &Record) -> (Value, Value) {
    let (before, after) = record::difference(before, after);
    (Value::Object(before), Value::Object(after))
}
