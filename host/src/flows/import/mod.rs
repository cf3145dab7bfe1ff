//! Replaying a foreign event log into records, in the log's own time.
//!
//! Each foreign record becomes one record of ours with an audit entry and an event for each of its rows, and one SLA
//! decision as of its last row. A row that cannot be understood is refused with its reason; the others of the same
//! record go in. Running the same import again adds nothing twice: a record is recognised by `external_id`.

mod history;
mod mapping;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;

pub use history::{Header, key};
pub use mapping::Mapping;

use super::sla::Sources;
use super::working::{Cause, Working};
use super::{Desk, FlowError, scenario, sla};
use crate::domain::record::{self, Record, Stamp};
use crate::domain::refusal::Refusal;
use crate::domain::{Actor, Instant, Kind, number};
use crate::store::unit::{AuditDraft, EventDraft, Fresh, Unit};
use crate::store::{Store, StoreError};
use history::{Event, Life};

/// Records a transaction.
const BATCH: usize = 200;
/// Indexed field by which a record is recognised.
const EXTERNAL: &str = "external_id";
/// How often a batch is written anew because another import was faster with some of it.
const ATTEMPTS: usize = 16;
/// Examples kept of each reason for refusal.
const EXAMPLES: usize = 3;

/// A row of the file with its line number.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line in the file, from 1.
    pub line: u64,
    /// Cells.
    pub cells: Vec<String>,
}

/// What came of the rows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Rows read.
    pub rows: u64,
    /// Rows that became part of a record's history.
    pub events: u64,
    /// Records made.
    pub records: u64,
    /// Records that an earlier run made.
    pub known: u64,
    /// Rows of those.
    pub known_rows: u64,
    /// Rows refused, by reason: how many, and the lines of the first ones.
    pub refused: BTreeMap<String, (u64, Vec<u64>)>,
}

impl Report {
    fn refuse(&mut self, line: u64, why: String) {
        let (count, lines) = self.refused.entry(why).or_default();
        *count += 1;
        if lines.len() < EXAMPLES {
            lines.push(line);
        }
    }

    /// Rows refused.
    pub fn refused_rows(&self) -> u64 {
        self.refused.values().map(|(count, _)| count).sum()
    }
}

/// Records and rows of a batch that another import had made meanwhile.
#[derive(Clone, Copy, Debug, Default)]
struct Twice {
    records: u64,
    rows: u64,
}

/// An import under way.
pub struct Importer {
    desk: Desk,
    org: String,
    mapping: Mapping,
    kind: Arc<Kind>,
    zone: TimeZone,
    header: Header,
    /// Numbers of the scenario's records by key.
    numbers: BTreeMap<String, String>,
    waiting: Vec<(String, Vec<Row>)>,
    writing: Option<JoinHandle<Result<Twice, StoreError>>>,
    /// What the clocks depend on, by service and customer: history is judged by the agreements of today.
    sources: HashMap<(Option<String>, Option<String>), Sources>,
    report: Report,
}

impl Importer {
    /// Checks the mapping and makes the records that the imported ones stand on.
    ///
    /// # Errors
    /// An unknown kind, state, field or zone; what the scenario's use cases refuse.
    pub async fn prepare(desk: &Desk, org: &str, mapping: Mapping, header: Header) -> Result<Self, FlowError> {
        let refused = |field: &str, why: String| Refusal::invalid("mapping", field, why);
        let kind = desk.kinds(org).get(&mapping.kind).cloned();
        let kind = kind.ok_or_else(|| refused("kind", format!("there is no kind '{}'", mapping.kind)))?;
        for state in mapping.states.values() {
            if kind.state(&state.state).is_none() {
                return Err(refused("states", format!("{} has no state '{}'", kind.slug, state.state)).into());
            }
        }
        for field in mapping.fields.keys() {
            if kind.field(field).is_none() {
                return Err(refused("fields", format!("{} has no field '{field}'", kind.slug)).into());
            }
        }
        let zone = TimeZone::get(&mapping.source.time_zone)
            .map_err(|e| refused("source.time_zone", format!("'{}': {e}", mapping.source.time_zone)))?;
        let numbers = scenario::run(desk, org, &mapping.name, &mapping.scenario).await?;
        Ok(Self {
            desk: desk.clone(),
            org: org.to_owned(),
            mapping,
            kind,
            zone,
            header,
            numbers,
            waiting: Vec::new(),
            writing: None,
            sources: HashMap::new(),
            report: Report::default(),
        })
    }

    /// The foreign record that a row is about; none when the row does not say, and is refused.
    pub fn key(&mut self, row: &Row) -> Option<String> {
        self.report.rows += 1;
        history::key(&self.header, &row.cells, &self.mapping).map_err(|why| self.report.refuse(row.line, why)).ok()
    }

    /// A line that is no row at all.
    pub fn unreadable(&mut self, line: u64, why: String) {
        self.report.rows += 1;
        self.report.refuse(line, why);
    }

    /// Adds all rows of one foreign record.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(&mut self, key: String, rows: Vec<Row>) -> Result<(), FlowError> {
        self.waiting.push((key, rows));
        if self.waiting.len() >= BATCH { self.write().await } else { Ok(()) }
    }

    /// Writes what waits and gives the report.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(mut self) -> Result<Report, FlowError> {
        self.write().await?;
        self.settle().await?;
        Ok(self.report)
    }

    /// How far it is.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Turns what waits into units, while the batch before is being written.
    async fn write(&mut self) -> Result<(), FlowError> {
        let waiting = std::mem::take(&mut self.waiting);
        let ids: Vec<String> = waiting.iter().map(|(key, _)| self.external_id(key)).collect();
        let known = self.desk.store.existing_values(&self.org, &self.kind.slug, EXTERNAL, &ids).await?;
        let mut units = Vec::with_capacity(waiting.len());
        let mut lives = Vec::with_capacity(waiting.len());
        let mut here = HashSet::new();
        for ((_, rows), id) in waiting.into_iter().zip(ids) {
            if known.contains(&id) || !here.insert(id.clone()) {
                self.report.known += 1;
                self.report.known_rows += rows.len() as u64;
                continue;
            }
            let (events, lines) = self.understand(rows);
            if events.is_empty() {
                continue;
            }
            match self.record(&id, &events) {
                Ok(record) => lives.push((record, events)),
                Err(refusal) => {
                    let why = format!("{}: {}", refusal.field.unwrap_or_default(), refusal.message);
                    lines.into_iter().for_each(|line| self.report.refuse(line, why.clone()));
                }
            }
        }
        self.number(&mut lives).await?;
        for (record, events) in lives {
            self.report.records += 1;
            self.report.events += events.len() as u64;
            units.push(self.unit(record, &events).await?);
        }
        self.settle().await?;
        let store = self.desk.store.clone();
        self.writing = Some(tokio::spawn(commit(store, units)));
        Ok(())
    }

    /// Waits until the batch before is durable.
    async fn settle(&mut self) -> Result<(), FlowError> {
        if let Some(writing) = self.writing.take() {
            let twice = writing.await.map_err(|_| StoreError::Closed)??;
            self.report.records -= twice.records;
            self.report.events -= twice.rows;
            self.report.known += twice.records;
            self.report.known_rows += twice.rows;
        }
        Ok(())
    }

    fn external_id(&self, key: &str) -> String {
        format!("{}:{key}", self.mapping.name)
    }

    /// The rows that can be understood, in the order of their time; the lines go along.
    fn understand(&mut self, rows: Vec<Row>) -> (Vec<Event>, Vec<u64>) {
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            match history::event(&self.header, &row.cells, &self.mapping, &self.zone) {
                Ok(event) => events.push((event, row.line)),
                Err(why) => self.report.refuse(row.line, why),
            }
        }
        events.sort_by_key(|(event, line)| (event.at, *line));
        events.into_iter().unzip()
    }

    /// The record as it stands after its last event, checked like any other input.
    fn record(&self, external_id: &str, events: &[Event]) -> Result<Record, Refusal> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else {
            return Err(Refusal::not_found("no events"));
        };
        let mut input = scenario::fill(&last.fields, &self.numbers)?;
        input.insert(EXTERNAL.to_owned(), external_id.into());
        let stamp = Stamp { id: self.desk.clock.id_at(first.opened_at), number: String::new(), now: first.opened_at };
        let mut record = record::create(&self.kind, &Actor::host(&self.org), input, stamp)?;
        let Life { impact_history, pauses, responded_at, restored_at } = history::life(events);
        let text = |at: Option<Instant>| at.map_or(Value::Null, |at| json!(at));
        record.set_computed("impact_history", json!(impact_history));
        record.set_computed("pauses", json!(pauses));
        record.set_computed("responded_at", text(responded_at));
        record.set_computed("restored_at", text(restored_at));
        record.state.clone_from(&last.state);
        record.created_by.clone_from(&first.actor);
        record.updated_at = last.at;
        record.revision = i64::try_from(events.len()).unwrap_or(i64::MAX);
        Ok(record)
    }

    /// Gives the records of a batch their numbers, by the year in which they were opened.
    async fn number(&self, lives: &mut [(Record, Vec<Event>)]) -> Result<(), FlowError> {
        let mut years: BTreeMap<i16, i64> = BTreeMap::new();
        for (record, _) in lives.iter() {
            *years.entry(record.created_at.year()).or_default() += 1;
        }
        for (year, count) in years {
            let prefix = &self.kind.prefix;
            let mut block = self.desk.store.reserve_numbers(&self.org, prefix, i64::from(year), count).await?;
            for (record, _) in lives.iter_mut().filter(|(r, _)| r.created_at.year() == year) {
                let counter = block.next().unwrap_or_default().unsigned_abs();
                record.number = number::format(prefix, year, counter);
            }
        }
        Ok(())
    }

    /// Everything that is written for one record.
    async fn unit(&mut self, record: Record, events: &[Event]) -> Result<Unit, FlowError> {
        let host = Actor::host(&self.org);
        let now = record.updated_at;
        let (created, revision) = (record.created_at, record.revision);
        let mut working = Working::new(&self.desk, &self.kind, &host, Cause::Create, now, None, record);
        let key = (working.text("service").map(str::to_owned), working.text("customer").map(str::to_owned));
        if !self.sources.contains_key(&key) {
            let read = Sources::read(&self.desk.store, &self.org, key.0.as_deref(), key.1.as_deref()).await?;
            self.sources.insert(key.clone(), read);
        }
        if let Some(sources) = self.sources.get(&key) {
            sla::judge_by(&mut working, sources).await;
            if let Some(refusal) = working.unavailable.take() {
                return Err(refusal.into());
            }
        }
        // What the clocks passed long ago is history, not news.
        working.events.clear();
        let (number, external) = (working.record.number.clone(), working.text(EXTERNAL).map(str::to_owned));
        let (audit, told) = self.history(&number, events);
        let mut unit = working.into_unit();
        for write in &mut unit.records {
            write.record.created_at = created;
            write.record.revision = revision;
            write.record.updated_at = now;
        }
        unit.held.clear();
        unit.fresh = external.map(|value| Fresh { kind: self.kind.slug.clone(), path: EXTERNAL.to_owned(), value });
        unit.audit = audit;
        unit.events = told;
        Ok(unit)
    }

    /// An audit entry and an event for each row.
    fn history(&self, number: &str, events: &[Event]) -> (Vec<AuditDraft>, Vec<EventDraft>) {
        let prefix = self.kind.prefix.to_lowercase();
        let mut audit = Vec::with_capacity(events.len());
        let mut told = Vec::with_capacity(events.len());
        let mut last: Option<&Event> = None;
        for event in events {
            let moved = last.is_none_or(|l| l.state != event.state);
            let (action, word) = match last {
                None => ("create".to_owned(), "created".to_owned()),
                Some(_) if moved => (format!("transition:{}", event.state), event.state.clone()),
                Some(_) => ("update".to_owned(), "updated".to_owned()),
            };
            let (before, after) = difference(last, event);
            audit.push(AuditDraft {
                at: event.at,
                number: number.to_owned(),
                actor: event.actor.clone(),
                role: "import".to_owned(),
                action,
                before,
                after,
                reason: String::new(),
            });
            told.push(EventDraft {
                at: event.at,
                kind: format!("record.{prefix}.{word}"),
                number: number.to_owned(),
                data: json!({ "kind": self.kind.slug, "state": event.state, "actor": event.actor }),
            });
            last = Some(event);
        }
        (audit, told)
    }
}

/// Writes a batch. Records that another import has made since they were looked for are left out.
async fn commit(store: Store, mut units: Vec<Unit>) -> Result<Twice, StoreError> {
    let mut twice = Twice::default();
    for _ in 0..ATTEMPTS {
        match store.commit_all(units.clone()).await {
            Ok(()) => return Ok(twice),
            Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(error),
        }
        let Some(first) = units.iter().find_map(|unit| unit.fresh.clone().map(|fresh| (unit.org.clone(), fresh)))
        else {
            break;
        };
        let values: Vec<String> = units.iter().filter_map(|u| u.fresh.as_ref().map(|f| f.value.clone())).collect();
        let known = store.existing_values(&first.0, &first.1.kind, &first.1.path, &values).await?;
        let (gone, left): (Vec<Unit>, Vec<Unit>) =
            units.into_iter().partition(|unit| unit.fresh.as_ref().is_some_and(|fresh| known.contains(&fresh.value)));
        twice.records += gone.len() as u64;
        twice.rows += gone.iter().map(|unit| unit.audit.len() as u64).sum::<u64>();
        units = left;
    }
    Err(StoreError::Stale("the records of a batch".to_owned()))
}

/// What a row changed.
fn difference(last: Option<&Event>, event: &Event) -> (Value, Value) {
    let (mut was, mut is) = (Map::new(), Map::new());
    let mut note = |name: &str, old: Option<Value>, new: Option<Value>| {
        if old != new {
            was.extend(old.map(|v| (name.to_owned(), v)));
            is.extend(new.map(|v| (name.to_owned(), v)));
        }
    };
    note("state", last.map(|l| l.state.as_str().into()), Some(event.state.as_str().into()));
    for (name, value) in &event.fields {
        note(name, last.and_then(|l| l.fields.get(name)).cloned(), Some(value.clone()));
    }
    for (name, value) in last.into_iter().flat_map(|l| &l.fields) {
        if !event.fields.contains_key(name) {
            note(name, Some(value.clone()), None);
        }
    }
    (Value::Object(was), Value::Object(is))
}
