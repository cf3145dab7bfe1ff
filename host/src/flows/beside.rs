//! What is written beside a record: the record itself stays as it is, audit trail and event stream say what happened.

use serde_json::{Map, Value, json};

use super::read_record::find;
use super::{Desk, FlowError};
use crate::domain::record::Record;
use crate::domain::{Actor, Instant, Kind, work};
use crate::store::unit::{AuditDraft, EventDraft, Unit};
use crate::store::work::WorkChange;

/// A record that somebody works on, and the capacity in which he does.
pub(super) struct Beside<'a> {
    pub(super) kind: &'a Kind,
    pub(super) actor: &'a Actor,
    pub(super) record: Record,
    pub(super) role: String,
    pub(super) now: Instant,
}

/// Something that happened beside a record.
pub(super) struct Happening<'h> {
    /// For the audit trail: `comment`, `attachment:retract` …
    pub(super) action: &'h str,
    /// For the event stream, behind `record.PREFIX.`; empty for no event.
    pub(super) event: &'h str,
    /// What both say about it.
    pub(super) about: Value,
    pub(super) reason: &'h str,
    /// Whether the record must not change meanwhile.
    pub(super) hold: bool,
}

impl<'a> Beside<'a> {
    /// The record, for somebody who may take part in the work on it.
    pub(super) async fn find(desk: &Desk, actor: &'a Actor, kind: &'a Kind, number: &str) -> Result<Self, FlowError> {
        let record = find(desk, &actor.org, kind, number).await?;
        let role = work::permit(kind, actor, &record)?.to_string();
        Ok(Self { kind, actor, record, role, now: desk.clock.now() })
    }

    /// The unit that writes what happened.
    pub(super) fn unit(&self, happening: Happening<'_>, work: Vec<WorkChange>) -> Unit {
        let Happening { action, event, about, reason, hold } = happening;
        let mut unit = Unit { org: self.record.org.clone(), work, ..Unit::default() };
        if hold {
            unit.held.push((self.record.number.clone(), self.record.revision));
        }
        if !event.is_empty() {
            let mut data: Map<String, Value> = about.as_object().cloned().unwrap_or_default();
            data.insert("kind".to_owned(), json!(self.record.kind));
            data.insert("actor".to_owned(), json!(self.actor.user));
            unit.events.push(EventDraft {
                at: self.now,
                kind: format!("record.{}.{event}", self.kind.prefix.to_lowercase()),
                number: self.record.number.clone(),
                data: Value::Object(data),
            });
        }
        unit.audit.push(AuditDraft {
            at: self.now,
            number: self.record.number.clone(),
            actor: self.actor.user.clone(),
            role: self.role.clone(),
            action: action.to_owned(),
            before: json!({}),
            after: about,
            reason: reason.to_owned(),
        });
        unit
    }
}
