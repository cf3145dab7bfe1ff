//! Every record against its kind, against what the audit trail says, and against what is kept beside it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Check;
use super::beside::is_beside;
use crate::domain::audit::AuditEntry;
use crate::domain::field::{COLUMNS, FieldType, Target, normalise};
use crate::domain::kind::Shaped;
use crate::domain::record::{self, Record};
use crate::domain::{Instant, Kind, Kinds, number};
use crate::flows::FlowError;
use crate::flows::working;
use crate::store::index;
use crate::store::inspect::{IndexedRecord, RawRecord};

/// Records read at once.
const PAGE: i64 = 200;
/// Surplus rows of one path are told of up to this many.
const MOST_SURPLUS: i64 = 1000;

/// Relation, target and redundancy group.
type LinkRow = (String, String, String);

impl Check<'_, '_> {
    /// Looks at every record.
    pub(super) async fn records(&mut self) -> Result<(), FlowError> {
        let kinds = self.desk.kinds(&self.org);
        let mut after = String::new();
        loop {
            let page = self.inspection.records(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            let ids: Vec<String> = page.iter().map(|raw| raw.id.clone()).collect();
            let mut links: HashMap<String, BTreeSet<LinkRow>> = HashMap::new();
            for (id, rel, target, group) in self.inspection.links_of(&ids).await? {
                links.entry(id).or_default().insert((rel, target, group));
            }
            let numbers: Vec<String> = page.iter().map(|raw| raw.number.clone()).collect();
            let (beside, entries): (Vec<_>, Vec<_>) =
                self.inspection.audit_of(&numbers).await?.into_iter().partition(is_beside);
            self.beside(&numbers, &beside).await?;
            let mut trail = trail(entries);
            let mut targets: Vec<(String, String, String)> = Vec::new();
            let mut indexed = Vec::new();
            for raw in page {
                self.summary.records += 1;
                let key = raw.key;
                let links = links.remove(&raw.id).unwrap_or_default();
                let said = trail.remove(&raw.number).unwrap_or_default();
                self.numbered(&raw, &kinds);
                let Some((kind, record)) = self.read(raw, &kinds) else { continue };
                let own = self.version(kind, record.kind_version).await?;
                self.fields(&own, &record);
                self.told(&own, &record, &said).await?;
                let mut expected = link_rows(kind, &record);
                if expected != links && own.version != kind.version {
                    // It names what it named when it was written.
                    expected = link_rows(&own, &record);
                }
                self.links(&record.number, &expected, &links);
                let number = record.number.clone();
                targets.extend(expected.into_iter().map(|(rel, target, _)| (number.clone(), rel, target)));
                let entries = working::index_rows(kind, &record);
                indexed.push(IndexedRecord { key, record, entries });
            }
            self.clocks(&indexed.iter().map(|one| &one.record).collect::<Vec<_>>(), &kinds).await?;
            let waiting = self.inspection.waiting_for_index(&ids).await?;
            self.summary.waiting += waiting.len() as u64;
            indexed.retain(|one| !waiting.contains(&one.record.id));
            self.index(&indexed).await?;
            self.references(targets, &kinds).await?;
        }
    }

    /// The number is one of the kind, and counted.
    fn numbered(&mut self, raw: &RawRecord, kinds: &Kinds) {
        let Some(parsed) = number::parse(&raw.number) else {
            self.finding("record", &raw.number, "number", "PREFIX-YYYY-NNNNNN", &raw.number);
            return;
        };
        if let Some(kind) = kinds.get(&raw.kind)
            && kind.prefix != parsed.prefix
        {
            self.finding("record", &raw.number, "kind", &parsed.prefix, &kind.prefix);
        }
        self.uses(parsed);
    }

    /// The record, if it is one: a known kind and state, and fields that are JSON.
    fn read<'k>(&mut self, raw: RawRecord, kinds: &'k Kinds) -> Option<(&'k Arc<Kind>, Record)> {
        let Some(kind) = kinds.get(&raw.kind) else {
            self.finding("record", &raw.number, "kind", "a kind of the organisation", &raw.kind);
            return None;
        };
        if kind.state(&raw.state).is_none() {
            let names: Vec<&str> = kind.states.iter().map(|state| state.name.as_str()).collect();
            self.finding("record", &raw.number, "state", format!("one of {}", names.join(", ")), &raw.state);
        }
        for (field, value) in [("title", &raw.title), ("owner", &raw.owner), ("created_by", &raw.created_by)] {
            if value.trim().is_empty() {
                self.finding("record", &raw.number, field, "a text", "nothing");
            }
        }
        if raw.revision < 1 || raw.updated_at < raw.created_at {
            let found = format!("revision {} from {} to {}", raw.revision, raw.created_at, raw.updated_at);
            self.finding("record", &raw.number, "revision", "revisions from 1, in the order of time", found);
        }
        let data: Result<Map<String, Value>, _> = serde_json::from_str(&raw.data);
        let data = match data {
            Ok(data) => data,
            Err(error) => {
                self.finding("record", &raw.number, "data", "a JSON object", error.to_string());
                return None;
            }
        };
        let record = Record {
            id: raw.id,
            org: self.org.clone(),
            kind: raw.kind,
            number: raw.number,
            title: raw.title,
            state: raw.state,
            owner: raw.owner,
            revision: raw.revision,
            created_at: Instant(raw.created_at),
            created_by: raw.created_by,
            updated_at: Instant(raw.updated_at),
            data,
            kind_version: raw.kind_version,
        };
        Some((kind, record))
    }

    /// The kind as it was in a version of it.
    async fn version(&mut self, kind: &Arc<Kind>, version: i64) -> Result<Arc<Kind>, FlowError> {
        if kind.version == version {
            return Ok(Arc::clone(kind));
        }
        let key = (kind.slug.clone(), version);
        if let Some(known) = self.versions.get(&key) {
            return Ok(Arc::clone(known));
        }
        let of_version = if version == 0 {
            self.desk.kinds.builtin().get(&kind.slug).cloned()
        } else {
            let versions = self.desk.store.kind_versions(&self.org, &kind.slug).await?;
            let own = versions.into_iter().find(|known| known.version == version);
            let own = own.map(|own| Shaped { slug: own.slug, version: own.version, body: own.body });
            own.and_then(|own| Kinds::shaped(0, &[own]).ok()?.get(&kind.slug).cloned())
        };
        if of_version.is_none() {
            let about = format!("version {version} of {}", kind.slug);
            self.finding("record", about, "kind_version", "a version that can be read", "none");
        }
        let of_version = of_version.unwrap_or_else(|| Arc::clone(kind));
        self.versions.insert(key, Arc::clone(&of_version));
        Ok(of_version)
    }

    /// Every value is one of its field, in the form that records keep.
    fn fields(&mut self, kind: &Kind, record: &Record) {
        for (name, value) in &record.data {
            let field = kind.field(name).filter(|_| !COLUMNS.contains(&name.as_str()));
            let Some(field) = field else {
                self.finding("record", &record.number, name, format!("a field of {}", kind.slug), value.to_string());
                continue;
            };
            match normalise(field, value) {
                Ok(kept) if kept == *value => {}
                Ok(kept) => self.finding("record", &record.number, name, kept.to_string(), value.to_string()),
                Err(problems) => {
                    for problem in problems {
                        self.finding("record", &record.number, problem.field, problem.message, value.to_string());
                    }
                }
            }
        }
    }

    /// The record says what the audit trail says of it.
    async fn told(&mut self, kind: &Kind, record: &Record, said: &Map<String, Value>) -> Result<(), FlowError> {
        let is_field = |name: &str| name == "state" || kind.field(name).is_some();
        for (name, expected) in said.iter().filter(|(name, _)| is_field(name)) {
            let found = record.get(name).unwrap_or_default();
            if found != *expected && !self.is_number_of(kind, name, expected, &found).await? {
                self.finding("trail", &record.number, name, expected.to_string(), found.to_string());
            }
        }
        if said.is_empty() {
            self.finding("trail", &record.number, "", "an audit entry of its creation", "none");
        }
        let (_, all) = record::difference(None, record);
        for (name, found) in all.iter().filter(|(name, _)| !said.is_empty() && !said.contains_key(*name)) {
            self.finding("trail", &record.number, name, "nothing", found.to_string());
        }
        Ok(())
    }

    /// Whether the trail names a decision by its identifier, as earlier versions did, and the record by its number.
    async fn is_number_of(
        &mut self,
        kind: &Kind,
        name: &str,
        expected: &Value,
        found: &Value,
    ) -> Result<bool, FlowError> {
        let decides = kind.field(name).is_some_and(|field| field.ty == FieldType::Ref(Target::Kind("DEC".to_owned())));
        match (expected.as_str().filter(|_| decides), found.as_str()) {
            (Some(id), Some(number)) => Ok(self.inspection.number_of_decision(id).await?.as_deref() == Some(number)),
            _ => Ok(false),
        }
    }

    /// The links kept beside a record are those that the record names.
    fn links(&mut self, number: &str, expected: &BTreeSet<LinkRow>, found: &BTreeSet<LinkRow>) {
        let shown = |(_, target, group): &LinkRow| {
            if group.is_empty() { target.clone() } else { format!("{target} in group {group}") }
        };
        for link in expected.difference(found) {
            self.finding("links", number, &link.0, shown(link), "no such row");
        }
        for link in found.difference(expected) {
            self.finding("links", number, &link.0, "no such row", shown(link));
        }
    }

    /// The index says of the records what they say.
    async fn index(&mut self, records: &[IndexedRecord]) -> Result<(), FlowError> {
        let mut faults = self.inspection.index_faults(records).await?;
        faults.sort();
        faults.dedup();
        for (key, fault) in faults {
            let number = records.iter().find(|indexed| indexed.key == key).map(|indexed| indexed.record.number.clone());
            let field = if fault.path.is_empty() { "the record itself" } else { &fault.path };
            let value = if fault.value.is_empty() { "no value" } else { &fault.value };
            let (expected, found) = if fault.missing { (value, "no such row") } else { ("no such row", value) };
            self.finding("index", number.unwrap_or_default(), field, expected, found);
        }
        Ok(())
    }

    /// The index has no rows under the organisation's paths that no record has.
    pub(super) async fn surplus(&mut self) -> Result<(), FlowError> {
        let kinds = self.desk.kinds(&self.org);
        for kind in kinds.iter() {
            let own = kind.indexed_paths().map(|(path, _)| path.to_owned());
            let columns = index::COLUMNS.iter().map(|name| (*name).to_owned());
            for path in own.chain(columns).chain([index::ALL.to_owned()]) {
                for (value, key) in self.inspection.index_surplus(&kind.slug, &path, MOST_SURPLUS).await? {
                    let about = format!("{} {path}", kind.slug);
                    self.finding("index", about, &path, "no such row", format!("'{value}' for key {key}"));
                }
            }
        }
        for (_, number) in self.inspection.without_words(MOST_SURPLUS).await? {
            self.finding("index", number, "words", "a row", "no such row");
        }
        Ok(())
    }

    /// What is referred to exists. Kinds that are not kept here cannot be asked.
    async fn references(&mut self, targets: Vec<(String, String, String)>, kinds: &Kinds) -> Result<(), FlowError> {
        let asked: BTreeSet<String> = targets.iter().map(|(_, _, target)| target.clone()).collect();
        let existing: BTreeSet<String> =
            self.inspection.existing(&asked.into_iter().collect::<Vec<_>>()).await?.into_iter().collect();
        for (number, rel, target) in targets {
            if kinds.of_number(&target).is_some() && !existing.contains(&target) {
                self.finding("reference", number, rel, format!("{target} exists"), "no such record");
            }
        }
        Ok(())
    }
}

fn link_rows(kind: &Kind, record: &Record) -> BTreeSet<LinkRow> {
    working::link_rows(kind, record).into_iter().map(|link| (link.rel, link.target, link.group)).collect()
}

/// What the audit trail says of records at last, field by field.
fn trail(entries: Vec<AuditEntry>) -> HashMap<String, Map<String, Value>> {
    let mut said: HashMap<String, Map<String, Value>> = HashMap::new();
    for entry in entries {
        let AuditEntry { number, before, after, .. } = entry;
        let known = said.entry(number).or_default();
        for name in before.as_object().into_iter().flat_map(Map::keys) {
            known.insert(name.clone(), Value::Null);
        }
        if let Value::Object(after) = after {
            known.extend(after);
        }
    }
    said
}
