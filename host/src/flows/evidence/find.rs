//! Finding what shows an item.

use std::collections::HashMap;

use super::found::{ComponentFound, DateFound, DecisionFound, ItemFound, Language, MeasureFound, RecordFound};
use crate::domain::access::{self, Scope};
use crate::domain::evidence::{Coverage, Found, Item, Shows, item_standing, missing};
use crate::domain::field::FieldType;
use crate::domain::measure::condition::Condition;
use crate::domain::measure::{Exact, Measures, Population, Span, population_missing};
use crate::domain::record::Record;
use crate::domain::time::Instant;
use crate::domain::{Actor, Kind, Kinds};
use crate::flows::{Desk, FlowError, measures};
use crate::store::figures::{DecisionNote, Lens, Page};

/// Decisions shown with each record.
const DECISIONS_EACH: i64 = 3;

/// What is looked for, and for whom.
#[derive(Clone, Copy)]
pub(super) struct Finder<'a> {
    pub(super) desk: &'a Desk,
    pub(super) actor: &'a Actor,
    pub(super) kinds: &'a Kinds,
    pub(super) span: &'a Span,
    pub(super) now: Instant,
    pub(super) lang: Language,
    /// Records shown for an item.
    pub(super) limit: i64,
}

impl<'a> Finder<'a> {
    pub(super) fn lens(self) -> Lens<'a> {
        Lens {
            org: &self.actor.org,
            kinds: self.kinds,
            span: self.span,
            now: self.now,
            constants: &self.desk.policy.constants,
            by: None,
        }
    }

    pub(super) async fn item(self, item: &Item) -> Result<ItemFound, FlowError> {
        match &item.shows {
            Shows::Records { of, overdue, coverage } => self.records(item, of, overdue, coverage.as_ref()).await,
            Shows::Measure(coverage) => {
                let measure = self.measure(coverage).await?;
                let counted = i64::from(measure.0.value.is_some());
                let found = Found { counted, overdue: 0, covered: Some(measure.1) };
                let told = self.told(item, found, None);
                Ok(ItemFound { missing: measure.2.filter(|_| counted == 0), measure: Some(measure.0), ..told })
            }
            Shows::Decisions(process) => {
                let (count, notes) =
                    self.desk.store.decisions_within(self.lens(), process.as_deref(), self.limit).await?;
                let told = self.told(item, Found { counted: count, ..Found::default() }, None);
                let decisions: Vec<DecisionFound> = notes.into_iter().map(decision).collect();
                let more = count - len(&decisions);
                let list = process.as_ref().map_or_else(String::new, |process| format!("?process={process}"));
                let missing = (count == 0).then(|| self.word("no decision in the period", "期间没有决策"));
                Ok(ItemFound { missing, decisions, more, lists: vec![format!("/api/v1/decisions{list}")], ..told })
            }
            Shows::Components => self.components(item).await,
            Shows::Accesses => {
                let count = self.desk.store.accesses_within(&self.actor.org, self.span.from, self.span.to).await?;
                let told = self.told(item, Found { counted: count, ..Found::default() }, None);
                let word = self.word("no confidential record was read in the period", "期间没有查阅机密记录");
                Ok(ItemFound { missing: (count == 0).then_some(word), ..told })
            }
        }
    }

    async fn records(
        self,
        item: &Item,
        of: &Population,
        overdue: &[Condition],
        coverage: Option<&Coverage>,
    ) -> Result<ItemFound, FlowError> {
        let unknown = population_missing(of, self.kinds);
        if !unknown.is_empty() {
            let told = self.told(item, Found::default(), None);
            return Ok(ItemFound { missing: Some(unknown.join("; ")), ..told });
        }
        let late = [Condition::Any(overdue.to_vec())];
        let (counted, overdue) = self.count(of, &late).await?;
        let measure = match coverage {
            Some(coverage) => Some(self.measure(coverage).await?),
            None => None,
        };
        let found = Found { counted, overdue, covered: measure.as_ref().map(|(_, reached, _)| *reached) };
        let mut told = self.told(item, found, measure.map(|(measure, ..)| measure));
        if counted == 0 {
            let any = Population { states: Vec::new(), that: Vec::new(), ..of.clone() };
            let (others, _) = self.count(&any, &[]).await?;
            told.missing = (!item.optional).then(|| self.lang.of(&missing(of, others, self.span, self.kinds)));
        }
        told.lists = of.kinds.iter().filter_map(|prefix| self.list(prefix, &of.states)).collect();
        let readable = self.readable(of);
        told.restricted = readable.kinds.len() < of.kinds.len();
        told.records = self.page(&readable, &late).await?;
        told.more = counted - len(&told.records);
        Ok(told)
    }

    async fn count(self, of: &Population, late: &[Condition]) -> Result<(i64, i64), FlowError> {
        let tallies = self.desk.store.tally(self.lens(), of, None, late).await?;
        Ok(tallies.iter().fold((0, 0), |(all, hits), tally| (all + tally.all, hits + tally.hits)))
    }

    /// The kinds of a population of which the actor may read every record.
    pub(super) fn readable(self, of: &Population) -> Population {
        let all = |prefix: &&String| {
            self.kinds.by_prefix(prefix).is_some_and(|kind| access::read_scope(kind, self.actor) == Scope::All)
        };
        Population { kinds: of.kinds.iter().filter(all).cloned().collect(), ..of.clone() }
    }

    /// The overdue records first, then the newest of the others.
    async fn page(self, of: &Population, late: &[Condition]) -> Result<Vec<RecordFound>, FlowError> {
        let store = &self.desk.store;
        let overdue = store.population(self.lens(), of, late, Page::first(self.limit)).await?;
        let mut rows: Vec<(Record, String, bool)> = overdue.into_iter().map(|(r, s)| (r, s, true)).collect();
        let rest = self.limit - len(&rows);
        if rest > 0 {
            let others = [Condition::Neither(late.to_vec())];
            let others = store.population(self.lens(), of, &others, Page::first(rest)).await?;
            rows.extend(others.into_iter().map(|(r, s)| (r, s, false)));
        }
        rows.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let numbers: Vec<String> = rows.iter().map(|(record, ..)| record.number.clone()).collect();
        let mut notes: HashMap<String, Vec<DecisionFound>> = HashMap::new();
        for note in store.decision_notes(&self.actor.org, &numbers, DECISIONS_EACH).await? {
            notes.entry(note.number.clone()).or_default().push(decision(note));
        }
        let record = |(record, state, overdue): (Record, String, bool)| {
            let decisions = notes.remove(&record.number).unwrap_or_default();
            RecordFound { overdue, decisions, ..self.record(&record, &state) }
        };
        Ok(rows.into_iter().map(record).collect())
    }

    pub(super) fn record(self, record: &Record, state: &str) -> RecordFound {
        let kind = self.kinds.get(&record.kind);
        let label = kind.and_then(|kind| kind.state(state)).map(|found| self.lang.of(&found.label));
        RecordFound {
            number: record.number.clone(),
            kind: record.kind.clone(),
            title: record.title.clone(),
            state: state.to_owned(),
            state_label: label.unwrap_or_else(|| state.to_owned()),
            owner: record.owner.clone(),
            created_at: record.created_at.to_string(),
            dates: kind.map(|kind| self.dates(kind, record)).unwrap_or_default(),
            overdue: false,
            href: format!("/api/v1/records/{}/{}", record.kind, record.number),
            decisions: Vec::new(),
        }
    }

    fn dates(self, kind: &Kind, record: &Record) -> Vec<DateFound> {
        let dated = kind.fields.iter().filter(|field| matches!(field.ty, FieldType::Date | FieldType::Instant));
        dated
            .filter_map(|field| {
                let value = record.text(&field.name)?.to_owned();
                Some(DateFound { field: field.name.clone(), label: self.lang.of(&field.label), value })
            })
            .collect()
    }

    /// A measure, whether it reached what it has to, and what is missing for it.
    async fn measure(self, coverage: &Coverage) -> Result<(MeasureFound, bool, Option<String>), FlowError> {
        let Some(definition) = Measures::builtin().get(&coverage.measure) else {
            // A test holds every name against the definitions.
            unreachable!("evidence names the measure '{}'", coverage.measure);
        };
        let org = &self.actor.org;
        let measured = measures::measured(self.desk, org, self.kinds, definition, self.span, None).await?;
        let value = measured.reading.value.as_deref().and_then(|value| value.parse().ok()).and_then(Exact::of);
        let constants = &self.desk.policy.constants;
        let reached = match (coverage.least.as_ref().and_then(|least| least.exact(constants)), value) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(least), Some(value)) => value.is_at_least(least),
        };
        let (from, to) = (self.span.first, self.span.last);
        let found = MeasureFound {
            id: definition.id.clone(),
            name: self.lang.of(&definition.name),
            value: measured.reading.value,
            unit: definition.unit,
            least: coverage.least.as_ref().map(|least| least.text(constants)),
            href: format!("/api/v1/measures/{}?from={from}&to={to}&tz={}", definition.id, self.span.zone),
        };
        Ok((found, reached, measured.reading.missing.map(|missing| self.lang.of(&missing))))
    }

    async fn components(self, item: &Item) -> Result<ItemFound, FlowError> {
        let org = &self.actor.org;
        let live = self.desk.store.live_activations().await?;
        let active = |digest: &str| live.iter().any(|a| a.org == *org && a.digest == digest && a.mode.decides());
        let rows = self.desk.store.components(org).await?;
        let counted = len(&rows);
        let components = rows
            .into_iter()
            .map(|row| ComponentFound {
                active: active(&row.digest),
                href: format!("/api/v1/components/{}", row.digest),
                component: format!("{}@{}", row.name, row.version),
                process: row.process,
                digest: row.digest,
                uploaded_by: row.uploaded_by,
                uploaded_at: Instant(row.uploaded_at).to_string(),
            })
            .collect();
        let told = self.told(item, Found { counted, ..Found::default() }, None);
        let missing = (counted == 0).then(|| self.word("no component is registered", "没有登记的决策组件"));
        Ok(ItemFound { missing, components, lists: vec!["/api/v1/components".to_owned()], ..told })
    }

    fn told(self, item: &Item, found: Found, measure: Option<MeasureFound>) -> ItemFound {
        ItemFound {
            id: item.id.clone(),
            text: self.lang.of(&item.text),
            status: item_standing(found, item.optional),
            optional: item.optional,
            count: found.counted,
            overdue: found.overdue,
            missing: None,
            measure,
            records: Vec::new(),
            decisions: Vec::new(),
            components: Vec::new(),
            more: 0,
            lists: Vec::new(),
            restricted: false,
        }
    }

    fn list(self, prefix: &str, states: &[String]) -> Option<String> {
        let kind = self.kinds.by_prefix(prefix)?;
        let states: Vec<&str> = states.iter().map(String::as_str).filter(|state| kind.state(state).is_some()).collect();
        let filter = if states.is_empty() { String::new() } else { format!("?state={}", states.join(",")) };
        Some(format!("/api/v1/records/{}{filter}", kind.slug))
    }

    pub(super) fn word(self, en: &str, zh: &str) -> String {
        match self.lang {
            Language::En => en.to_owned(),
            Language::Zh => zh.to_owned(),
        }
    }
}

fn decision(note: DecisionNote) -> DecisionFound {
    DecisionFound {
        href: format!("/api/v1/decisions/{}", note.id),
        id: note.id,
        number: note.number,
        process: note.process,
        event: note.event,
        at: note.at.to_string(),
        component: if note.fallback { format!("{} (fallback)", note.component_name) } else { note.component_name },
        digest: note.component,
        status: note.status,
    }
}

fn len<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}
