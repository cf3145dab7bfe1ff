//! A record on its way from what it was to what it will be, with everything that follows from the change.

use std::collections::HashMap;
use std::sync::Arc;

use mortise_types::Process;
use serde_json::{Value, json};

use super::Desk;
use super::manual::Person;
use crate::domain::decision::DecisionRecord;
use crate::domain::record::{self, Record};
use crate::domain::refusal::Refusal;
use crate::domain::role::HOST_USER;
use crate::domain::search;
use crate::domain::time::Instant;
use crate::domain::{Actor, Kind, Kinds};
use crate::store::baselines::Frozen;
use crate::store::dependencies::Acyclic;
use crate::store::unit::{
    AuditDraft, EventDraft, Fresh, IdempotencyKey, LinkRow, ManualEntry, RecordWrite, TimerChange, Unit,
};

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
    /// A process decides again about the record as it is.
    Again { process: Process, why: Why },
}

/// Why a process decides again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// A person decides what its component could not.
    Person,
    /// The component that could not is asked once more.
    Retry,
    /// Another component, or other settings, have become responsible.
    Recompute,
}

impl Cause {
    /// The word in audit entries and decisions.
    pub(super) fn action(&self) -> String {
        match self {
            Self::Create => "create".to_owned(),
            Self::Update => "update".to_owned(),
            Self::Transition { to, .. } => format!("transition:{to}"),
            Self::Timer(name) => format!("timer:{name}"),
            Self::Again { why: Why::Person, .. } => "decide".to_owned(),
            Self::Again { why: Why::Retry, .. } => "retry".to_owned(),
            Self::Again { why: Why::Recompute, .. } => "recompute".to_owned(),
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

/// A step of the record that the host took by itself, as seen from where it was taken.
#[derive(Clone, Debug)]
struct Step {
    /// The record before the step.
    record: Record,
    /// How it had come there.
    cause: Cause,
}

/// What the host itself does in answer, with an audit entry of its own; and an event when the state moves.
#[derive(Clone, Debug)]
pub(super) struct HostStep {
    pub(super) before: Record,
    pub(super) after: Record,
    pub(super) action: String,
    pub(super) reason: String,
}

/// A use case under way: one main record, and what follows.
pub(super) struct Working<'d> {
    pub(super) desk: &'d Desk,
    /// The organisation's kinds as they were when the use case began.
    pub(super) kinds: Arc<Kinds>,
    pub(super) kind: &'d Kind,
    pub(super) actor: &'d Actor,
    /// The role the actor acts in, for the audit entry.
    pub(super) role: String,
    pub(super) cause: Cause,
    pub(super) now: Instant,
    pub(super) before: Option<Record>,
    pub(super) record: Record,
    pub(super) reason: String,
    /// Steps that the host took after what the actor did, in order.
    steps: Vec<Step>,
    /// Other records changed along with it.
    pub(super) also: Vec<Also>,
    /// Steps that the host takes after all that, on any record, in order.
    pub(super) by_host: Vec<HostStep>,
    /// Number and revision of what was read and must still hold.
    pub(super) held: Vec<(String, i64)>,
    pub(super) events: Vec<EventDraft>,
    pub(super) decisions: Vec<DecisionRecord>,
    /// Decisions that a candidate is asked for as well, once they are written: decision and activation.
    pub(super) shadows: Vec<(String, String)>,
    pub(super) timers: Vec<TimerChange>,
    pub(super) manual: Vec<ManualEntry>,
    pub(super) resolved: Vec<(String, String)>,
    pub(super) fires: Option<(String, String)>,
    pub(super) key: Option<IdempotencyKey>,
    /// What no other record may have.
    pub(super) fresh: Option<Fresh>,
    /// Numbers of records that use cases of this sort take turns at.
    pub(super) turns: Vec<String>,
    /// Relations that are new and must not close a circle.
    pub(super) acyclic: Vec<Acyclic>,
    /// What a new baseline keeps of other records.
    pub(super) frozen: Vec<Frozen>,
    /// A person's answer in place of a component's.
    pub(super) person: Option<Person>,
    /// The only activation that may decide for this process: where another one is responsible, none is asked.
    pub(super) only: Option<(Process, String)>,
    /// Set where [`Self::only`] kept the process from being asked.
    pub(super) elsewhere: bool,
    /// Set where a decision is needed that nobody may take at present: the use case is refused.
    pub(super) unavailable: Option<Refusal>,
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
            kinds: desk.kinds(&actor.org),
            kind,
            actor,
            role: actor.staff_role().map_or_else(|| default_role(actor), |r| r.to_string()),
            cause,
            now,
            before,
            record,
            reason: String::new(),
            steps: Vec::new(),
            also: Vec::new(),
            by_host: Vec::new(),
            held: Vec::new(),
            events: Vec::new(),
            decisions: Vec::new(),
            shadows: Vec::new(),
            timers: Vec::new(),
            manual: Vec::new(),
            resolved: Vec::new(),
            fires: None,
            key: None,
            fresh: None,
            turns: Vec::new(),
            acyclic: Vec::new(),
            frozen: Vec::new(),
            person: None,
            only: None,
            elsewhere: false,
            unavailable: None,
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

    /// Remembers what was read and must still hold when the unit is written. What this unit writes itself is checked
    /// anyway.
    pub(super) fn hold(&mut self, read: Vec<(String, i64)>) {
        for held in read {
            if held.0 != self.record.number && !self.held.contains(&held) {
                self.held.push(held);
            }
        }
    }

    /// The record as it came from where the step under way was taken; `None` before it was made.
    pub(super) fn came_from(&self) -> Option<&Record> {
        self.steps.last().map(|step| &step.record).or(self.before.as_ref())
    }

    /// True when the change touched one of these fields, or the record is new.
    pub(super) fn touched(&self, names: &[&str]) -> bool {
        let Some(before) = &self.before else { return true };
        names.iter().any(|n| before.data.get(*n) != self.record.data.get(*n))
    }

    /// Says something on the event stream about this record.
    pub(super) fn event(&mut self, kind: impl Into<String>, data: Value) {
        let number = self.record.number.clone();
        self.event_about(&number, kind, data);
    }

    /// Says something on the event stream about another record.
    pub(super) fn event_about(&mut self, number: &str, kind: impl Into<String>, data: Value) {
        self.events.push(EventDraft { at: self.now, kind: kind.into(), number: number.to_owned(), data });
    }

    /// Goes on with the record as it is after a step that the host takes by itself, in the same unit: it has an audit
    /// entry and an event of its own.
    pub(super) fn step(&mut self, mut after: Record) {
        // The whole unit is one revision.
        after.revision = self.record.revision;
        let cause = Cause::Transition { from: self.record.state.clone(), to: after.state.clone() };
        let cause = std::mem::replace(&mut self.cause, cause);
        let record = std::mem::replace(&mut self.record, after);
        self.steps.push(Step { record, cause });
    }

    /// Changes another record as a consequence that the host draws by itself. A record changed twice is written once.
    pub(super) fn along(&mut self, before: Record, after: Record, action: impl Into<String>) {
        match self.by_host.iter_mut().find(|step| step.after.number == after.number) {
            Some(step) => step.after = after,
            None => {
                let reason = self.record.number.clone();
                self.by_host.push(HostStep { before, after, action: action.into(), reason });
            }
        }
    }

    /// Makes another record in the same unit.
    pub(super) fn made(&mut self, record: Record) {
        self.also.push(Also { before: None, after: record, action: Cause::Create.action() });
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
            step: String::new(),
            at: self.now,
        });
        self.event("decision.failed", json!({ "process": process.slug(), "reason": reason, "decision": decision }));
    }

    /// Everything that is to be written.
    pub(super) fn into_unit(mut self) -> Unit {
        let mut unit = Unit { org: self.record.org.clone(), held: std::mem::take(&mut self.held), ..Unit::default() };
        unit.kinds = Some(self.generation());
        // What a person decided is said of the record even where it changes nothing; and so are steps that lead back to
        // where it was.
        let said = self.person.is_some() || !self.steps.is_empty();
        let changed = said || self.before.as_ref().is_none_or(|b| !same(b, &self.record));
        if changed {
            if let Some(before) = &self.before {
                self.record.revision = before.revision + 1;
                self.record.updated_at = self.now;
            }
            self.tell(&mut unit);
        } else if let Some(before) = &self.before {
            self.record.revision = before.revision;
        }
        for also in &mut self.also {
            if let Some(before) = &also.before {
                also.after.revision = before.revision + 1;
            }
            also.after.updated_at = self.now;
        }
        for also in &self.also {
            unit.audit.push(self.audit(also.before.as_ref(), &also.after, &also.action));
            if also.before.is_none() {
                let prefix = self.kinds.get(&also.after.kind).map_or("", |kind| &kind.prefix);
                unit.events.push(self.record_event(prefix, &also.after, "created"));
            }
        }
        self.order_host_steps();
        for step in &self.by_host {
            let audit = self.audit(Some(&step.before), &step.after, &step.action);
            unit.audit.push(AuditDraft { reason: step.reason.clone(), ..by_host(audit) });
            if step.before.state != step.after.state {
                unit.events.extend(self.host_event(&step.after));
            }
        }
        unit.events.append(&mut self.events);
        let mut also = std::mem::take(&mut self.also);
        let by_host = std::mem::take(&mut self.by_host).into_iter();
        also.extend(by_host.map(|s| Also { before: Some(s.before), after: s.after, action: s.action }));
        let main = changed.then_some((self.before, self.record));
        for (before, after) in main.into_iter().chain(also.into_iter().map(|a| (a.before, a.after))) {
            if let Some(kind) = self.kinds.get(&after.kind) {
                unit.records.push(record_write(kind, before.as_ref(), after));
            }
        }
        unit.decisions = self.decisions;
        unit.shadows = self.shadows;
        unit.timers = self.timers;
        unit.manual = self.manual;
        unit.resolved = self.resolved;
        unit.fires = self.fires;
        unit.key = self.key;
        unit.fresh = self.fresh;
        unit.work.extend(self.desk.job_item(!unit.audit.is_empty()));
        self.turns.sort_unstable();
        unit.turns = self.turns;
        unit.acyclic = self.acyclic;
        unit.frozen = self.frozen;
        unit
    }

    /// Gives the host's steps their revisions: each goes on from what this unit made of its record before.
    fn order_host_steps(&mut self) {
        let main = std::iter::once((self.record.id.clone(), self.record.revision));
        let also = self.also.iter().map(|also| (also.after.id.clone(), also.after.revision));
        let mut revisions: HashMap<String, i64> = main.chain(also).collect();
        for step in &mut self.by_host {
            let revision = revisions.entry(step.before.id.clone()).or_insert(step.before.revision);
            step.before.revision = *revision;
            *revision += 1;
            step.after.revision = *revision;
            step.after.updated_at = self.now;
        }
    }

    /// The generation of the kinds that all of this was judged by; none that ever was when the main record's kind is
    /// of another generation than the others, which the store then refuses.
    fn generation(&self) -> i64 {
        let same = self.kinds.get(&self.kind.slug).is_some_and(|kind| kind.version == self.kind.version);
        if same { self.kinds.generation() } else { -1 }
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

    fn host_event(&self, record: &Record) -> Option<EventDraft> {
        let prefix = self.kinds.get(&record.kind)?.prefix.to_lowercase();
        Some(EventDraft {
            at: self.now,
            kind: format!("record.{prefix}.{}", record.state),
            number: record.number.clone(),
            data: json!({
                "kind": record.kind,
                "state": record.state,
                "revision": record.revision,
                "actor": HOST_USER,
            }),
        })
    }

    /// An audit entry and an event for what the actor did to the record, and for every step that the host took then.
    fn tell(&self, unit: &mut Unit) {
        let mut before = self.before.as_ref();
        let stages = self.steps.iter().map(|step| (&step.record, &step.cause)).chain([(&self.record, &self.cause)]);
        for (index, (record, cause)) in stages.enumerate() {
            let audit = self.audit(before, record, &cause.action());
            unit.audit.push(if index == 0 { audit } else { by_host(audit) });
            let what = match cause {
                Cause::Create => "created",
                Cause::Update | Cause::Timer(_) | Cause::Again { .. } => "updated",
                Cause::Transition { from, to } if from == to => "signed",
                Cause::Transition { to, .. } => to,
            };
            unit.events.push(self.record_event(&self.kind.prefix, record, what));
            before = Some(record);
        }
    }

    fn record_event(&self, prefix: &str, record: &Record, what: &str) -> EventDraft {
        let own = record.number == self.record.number;
        EventDraft {
            at: self.now,
            kind: format!("record.{}.{what}", prefix.to_lowercase()),
            number: record.number.clone(),
            data: json!({
                "kind": record.kind,
                "state": record.state,
                "revision": if own { self.record.revision } else { record.revision },
                "actor": self.actor.user,
            }),
        }
    }
}

/// The same entry, said of the host.
fn by_host(audit: AuditDraft) -> AuditDraft {
    AuditDraft { actor: HOST_USER.to_owned(), role: AUTO.to_owned(), ..audit }
}

/// The role of the host in audit entries.
const AUTO: &str = "auto";

fn default_role(actor: &Actor) -> String {
    if actor.auto { AUTO.to_owned() } else { "CUS".to_owned() }
}

fn same(a: &Record, b: &Record) -> bool {
    a.title == b.title && a.state == b.state && a.owner == b.owner && a.data == b.data
}

/// The write of a record, its indexed values and references left out when they are as they were.
pub(super) fn record_write(kind: &Kind, before: Option<&Record>, mut after: Record) -> RecordWrite {
    after.kind_version = kind.version;
    let (entries, links) = (index_rows(kind, &after), link_rows(kind, &after));
    let same_entries = before.is_some_and(|b| index_rows(kind, b) == entries);
    let same_links = before.is_some_and(|b| link_rows(kind, b) == links);
    let same_content = before.is_some_and(|b| search::same_content(kind, b, &after));
    RecordWrite {
        content: (!same_content).then(|| search::content(kind, &after)),
        was: before.map(|b| b.revision),
        entries: (!same_entries).then_some(entries),
        links: (!same_links).then_some(links),
        record: after,
    }
}

/// Indexed values, with an empty text for a field that has none: a list sorted by a field holds every record, and
/// records without a value can be asked for.
pub(super) fn index_rows(kind: &Kind, record: &Record) -> Vec<(String, String)> {
    let mut rows = record::index_entries(kind, record);
    for (path, _) in kind.indexed_paths() {
        if !rows.iter().any(|(known, _)| known == path) {
            rows.push((path.to_owned(), String::new()));
        }
    }
    rows
}

/// The links of a record.
pub(super) fn link_rows(kind: &Kind, record: &Record) -> Vec<LinkRow> {
    let row = |r: record::Reference| LinkRow { rel: r.rel, target: r.number, group: r.group };
    record::references(kind, record).into_iter().map(row).collect()
}

/// The values that differ, as they were and as they are.
fn difference(before: Option<&Record>, after: &Record) -> (Value, Value) {
    let (before, after) = record::difference(before, after);
    (Value::Object(before), Value::Object(after))
}
