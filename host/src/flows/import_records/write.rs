//! A row that was understood becomes a record, or a change to one, through the ordinary use cases.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::row::Read;
use super::{Ask, Outcome};
use crate::domain::access::{self, Action};
use crate::domain::field::{encode, normalise};
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal, rule};
use crate::domain::{Actor, Kind, canonical};
use crate::flows::create_record::Key;
use crate::flows::{Desk, FlowError, create_record, update_record};
use crate::store::StoreError;
use crate::store::unit::Fresh;

/// Rows are recognised whoever imports them.
const ANYBODY: &str = "";
/// The field by which rows find their records when there is no number.
const EXTERNAL: &str = "external_id";

/// Writes rows in the caller's name.
pub(super) struct Writer {
    desk: Desk,
    actor: Actor,
    kind: Kind,
    dry_run: bool,
    key: Option<String>,
    name: String,
    /// How often rows without a key said the same: two equal rows are two records, also when they come again.
    seen: HashMap<String, u32>,
    /// Keys that a dry run would have made records of.
    would: HashSet<String>,
}

/// Which record a row is about.
enum Match {
    /// This one.
    Record(Box<Record>),
    /// None yet; what a record will have by which it is found again.
    New(Option<Fresh>),
}

impl Writer {
    pub(super) fn new(desk: &Desk, actor: &Actor, kind: &Kind, ask: &Ask) -> Self {
        Self {
            desk: desk.clone(),
            actor: actor.clone(),
            kind: kind.clone(),
            dry_run: ask.dry_run,
            key: ask.key.clone(),
            name: ask.name.clone(),
            seen: HashMap::new(),
            would: HashSet::new(),
        }
    }

    /// Writes what a row says; gives what it came to, and the record's number.
    pub(super) async fn write(&mut self, read: Read, row: u64) -> Result<(Outcome, Option<String>), FlowError> {
        match self.find(&read).await? {
            Match::Record(record) => self.update(*record, read, row).await,
            Match::New(None) => self.create(read).await,
            Match::New(Some(fresh)) => {
                match self.create_fresh(read.clone(), fresh).await {
                    // Another import made it in the meantime: the row is about that record.
                    Err(FlowError::Store(StoreError::Exists(what))) => match self.find(&read).await? {
                        Match::Record(record) => self.update(*record, read, row).await,
                        Match::New(_) => Err(StoreError::Exists(what).into()),
                    },
                    done => done,
                }
            }
        }
    }

    async fn find(&self, read: &Read) -> Result<Match, FlowError> {
        let by_number = match self.key.as_deref() {
            None => true,
            Some(key) => key == "number",
        };
        if by_number {
            if let Some(number) = &read.number {
                return self.numbered(number).await;
            }
            if self.key.is_some() {
                return Ok(Match::New(None));
            }
        }
        let path = self.key.as_deref().unwrap_or(EXTERNAL);
        let Some(field) = self.kind.field(path).filter(|field| field.indexed && !field.computed) else {
            return Ok(Match::New(None));
        };
        let value = match read.fields.get(path).filter(|value| !value.is_null()) {
            Some(value) => normalise(field, value).map_err(Refusal::fields)?,
            None if self.key.is_some() => {
                let message = format!("{path} is empty; the row cannot be found by it");
                return Err(Refusal::invalid(rule::REQUIRED, path, message).into());
            }
            None => return Ok(Match::New(None)),
        };
        let Some(text) = encode(&field.ty, &value) else { return Ok(Match::New(None)) };
        let mut found = self.desk.store.records_by_field(&self.actor.org, &self.kind.slug, path, &text, 2).await?;
        match (found.pop(), found.pop()) {
            (Some(one), Some(other)) => {
                let message = format!("{path} {text} is that of {} and of {}", other.number, one.number);
                Err(Refusal::conflict("ambiguous-key", message).about(path).into())
            }
            (Some(record), None) => Ok(Match::Record(Box::new(record))),
            _ => Ok(Match::New(Some(Fresh { kind: self.kind.slug.clone(), path: path.to_owned(), value: text }))),
        }
    }

    async fn numbered(&self, number: &str) -> Result<Match, FlowError> {
        let record = self.desk.store.record(&self.actor.org, number).await?;
        let record = record.filter(|record| record.kind == self.kind.slug);
        let missing = || {
            let message = format!(
                "there is no {} {number}; a new record gets its number from the host: leave number empty",
                self.kind.slug
            );
            Refusal::not_found(message).about("number")
        };
        Ok(Match::Record(Box::new(record.ok_or_else(missing)?)))
    }

    async fn update(&self, record: Record, read: Read, row: u64) -> Result<(Outcome, Option<String>), FlowError> {
        access::permit(&self.kind, &self.actor, Action::Read, Some(&record))?;
        if let Some(state) = read.state.filter(|state| *state != record.state) {
            let message = format!(
                "state is changed by transitions only: the row says {state}, {} is {}",
                record.number, record.state
            );
            return Err(Refusal::invalid(rule::COMPUTED_FIELD, "state", message).into());
        }
        let patch = self.differences(&record, read.fields)?;
        let number = Some(record.number.clone());
        if patch.is_empty() {
            return Ok((Outcome::Unchanged, number));
        }
        if let Some(revision) = read.revision.filter(|revision| *revision != record.revision) {
            let message = format!(
                "{} is at revision {}, the row was written at {revision}; export it again",
                record.number, record.revision
            );
            return Err(Refusal::stale(message).about("revision").into());
        }
        let (desk, actor, kind) = (&self.desk, &self.actor, &self.kind);
        if self.dry_run {
            update_record::check(desk, actor, kind, &record.number, patch).await?;
        } else {
            let reason = format!("import of {}, row {row}", self.name);
            let revision = Some(record.revision);
            update_record::run(desk, actor, kind, &record.number, patch, revision, &reason).await?;
        }
        Ok((Outcome::Updated, number))
    }

    /// What of the fields differs from the record.
    fn differences(&self, record: &Record, fields: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
        let mut patch = Map::new();
        let mut problems: Vec<FieldProblem> = Vec::new();
        for (name, value) in fields {
            let was = record.get(&name);
            if value.is_null() {
                if was.is_some() {
                    patch.insert(name, value);
                }
                continue;
            }
            let Some(field) = self.kind.field(&name) else {
                patch.insert(name, value);
                continue;
            };
            match normalise(field, &value) {
                Ok(value) if was.as_ref() == Some(&value) => {}
                Ok(value) => {
                    patch.insert(name, value);
                }
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { Ok(patch) } else { Err(Refusal::fields(problems)) }
    }

    /// The fields of a new record.
    fn input(&self, read: Read) -> Result<Map<String, Value>, Refusal> {
        if let Some(state) = read.state.filter(|state| *state != self.kind.initial) {
            let message = format!("a new {} begins as {}; the row says {state}", self.kind.slug, self.kind.initial);
            return Err(Refusal::invalid(rule::COMPUTED_FIELD, "state", message));
        }
        Ok(read.fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }

    /// Makes the record that a row with a key is about.
    async fn create_fresh(&mut self, read: Read, fresh: Fresh) -> Result<(Outcome, Option<String>), FlowError> {
        let input = self.input(read)?;
        let (desk, actor, kind) = (&self.desk, &self.actor, &self.kind);
        if self.dry_run {
            create_record::check(desk, actor, kind, input).await?;
            let again = !self.would.insert(fresh.value);
            return Ok((if again { Outcome::Updated } else { Outcome::Created }, None));
        }
        let record = create_record::fresh(desk, actor, kind, input, fresh).await?;
        Ok((Outcome::Created, Some(record.number)))
    }

    /// Makes a record of a row without a key, which is recognised by what it says.
    async fn create(&mut self, read: Read) -> Result<(Outcome, Option<String>), FlowError> {
        let input = self.input(read)?;
        let repeat = self.repeat_key(&input);
        let (desk, actor, kind) = (&self.desk, &self.actor, &self.kind);
        if self.dry_run {
            if let Some((_, number)) = desk.store.idempotent(&actor.org, ANYBODY, &repeat).await? {
                return Ok((Outcome::Unchanged, Some(number)));
            }
            create_record::check(desk, actor, kind, input).await?;
            return Ok((Outcome::Created, None));
        }
        let key = Some(Key { of: ANYBODY, text: &repeat });
        let created = create_record::run(desk, actor, kind, input, key).await?;
        let outcome = if created.new { Outcome::Created } else { Outcome::Unchanged };
        Ok((outcome, Some(created.record.number)))
    }

    fn repeat_key(&mut self, input: &Map<String, Value>) -> String {
        let said = format!("{} {}", self.kind.slug, canonical::text(&Value::Object(input.clone())));
        let hash = canonical::sha256(said.as_bytes());
        let times = self.seen.entry(hash.clone()).or_insert(0);
        *times += 1;
        format!("import:{hash}:{times}")
    }
}
