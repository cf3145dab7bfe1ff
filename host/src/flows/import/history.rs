//! The rows of one foreign record, told as the life of a record of ours.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::mapping::{Fields, Mapping};
use crate::domain::Instant;
use crate::domain::refusal::Refusal;

/// The header of the file: where each column stands.
pub struct Header {
    names: Vec<String>,
}

impl Header {
    /// Reads the header; a name that comes again gets `#2`, `#3` …
    ///
    /// # Errors
    /// Columns that the mapping names and the file does not have.
    pub fn read(cells: impl Iterator<Item = String>, mapping: &Mapping) -> Result<Self, Refusal> {
        let mut names: Vec<String> = Vec::new();
        for cell in cells {
            let cell = cell.trim_start_matches('\u{feff}').trim().to_owned();
            let before = names.iter().filter(|n| n.split('#').next() == Some(cell.as_str())).count();
            names.push(if before == 0 { cell } else { format!("{cell}#{}", before + 1) });
        }
        let missing: Vec<&str> = mapping.columns().into_iter().filter(|c| !names.iter().any(|n| n == c)).collect();
        if !missing.is_empty() {
            let message = format!("the file has no column {}; it has {}", missing.join(", "), names.join(", "));
            return Err(Refusal::invalid("columns", "file", message));
        }
        Ok(Self { names })
    }

    /// How many columns a row has.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True when there are no columns.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn cell<'r>(&self, row: &'r [String], column: &str, mapping: &Mapping) -> Option<&'r str> {
        let place = self.names.iter().position(|n| n == column)?;
        let text = row.get(place)?.trim();
        let missing = text.is_empty() || mapping.source.missing.iter().any(|m| m == text);
        (!missing).then_some(text)
    }
}

/// One row, understood.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) at: Instant,
    pub(super) actor: String,
    pub(super) state: String,
    pub(super) pause: bool,
    pub(super) response: bool,
    pub(super) restored: bool,
    pub(super) opened_at: Instant,
    pub(super) restored_at: Option<Instant>,
    pub(super) fields: Fields,
}

/// Which foreign record a row is about.
///
/// # Errors
/// When the row has no key.
pub fn key(header: &Header, row: &[String], mapping: &Mapping) -> Result<String, String> {
    let key = header.cell(row, &mapping.source.key, mapping);
    key.map(str::to_owned).ok_or_else(|| format!("column {} is empty", mapping.source.key))
}

/// Understands a row.
///
/// # Errors
/// The column and what is wrong with its cell.
pub(super) fn event(header: &Header, row: &[String], mapping: &Mapping, zone: &TimeZone) -> Result<Event, String> {
    if row.len() != header.len() {
        return Err(format!("the row has {} cells, the header {}", row.len(), header.len()));
    }
    let source = &mapping.source;
    let cell = |column: &str| header.cell(row, column, mapping);
    let needed = |column: &str| cell(column).ok_or_else(|| format!("column {column} is empty"));
    let instant = |column: &str| -> Result<Option<Instant>, String> {
        cell(column)
            .map(|text| moment(text, &source.dates, zone).map_err(|e| format!("column {column}: {e}")))
            .transpose()
    };
    let word = needed(&source.state)?;
    let state =
        mapping.states.get(word).ok_or_else(|| format!("column {}: state '{word}' is not mapped", source.state))?;
    let mut fields = Fields::new();
    for (name, from) in &mapping.fields {
        let column = from.column.as_deref();
        let value = from.value(column.and_then(cell));
        let value = value.map_err(|e| format!("column {}: {e}", column.unwrap_or(name)))?;
        if let Some(value) = value {
            fields.insert(name.clone(), value);
        }
    }
    let empty = |column: &str| format!("column {column} is empty");
    Ok(Event {
        at: instant(&source.at)?.ok_or_else(|| empty(&source.at))?,
        actor: source.actor.as_deref().and_then(cell).map_or_else(|| mapping.name.clone(), str::to_owned),
        state: state.state.clone(),
        pause: state.pause,
        response: state.response,
        restored: state.restored,
        opened_at: instant(&source.opened_at)?.ok_or_else(|| empty(&source.opened_at))?,
        restored_at: source.restored_at.as_deref().map(instant).transpose()?.flatten(),
        fields,
    })
}

fn moment(text: &str, form: &str, zone: &TimeZone) -> Result<Instant, String> {
    let wall = DateTime::strptime(form, text).map_err(|_| format!("'{text}' is not a date of the form {form}"))?;
    let at = zone.to_timestamp(wall).map_err(|e| format!("'{text}': {e}"))?;
    Ok(Instant(at.as_millisecond()))
}

/// The clocks' part of a life: what the host would have kept, had the record lived here.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    pub(super) impact_history: Vec<Value>,
    pub(super) pauses: Vec<Value>,
    pub(super) responded_at: Option<Instant>,
    pub(super) restored_at: Option<Instant>,
}

/// Tells the clocks' part from the events, in the log's own time.
pub(super) fn life(events: &[Event]) -> Life {
    let mut life = Life::default();
    let mut assessed = None;
    let mut paused: Option<Instant> = None;
    for event in events {
        let values = (event.fields.get("impact").cloned(), event.fields.get("urgency").cloned());
        if let (Some(impact), Some(urgency)) = &values
            && assessed.as_ref() != Some(&values)
        {
            // The first assessment holds from the beginning, however late the log wrote it.
            let at = if assessed.is_none() { event.opened_at } else { event.at };
            life.impact_history.push(json!({ "at": at, "impact": impact, "urgency": urgency }));
            assessed = Some(values);
        }
        if event.pause && paused.is_none() {
            paused = Some(event.at);
        } else if !event.pause
            && let Some(from) = paused.take()
        {
            life.pauses.push(json!({ "from": from, "to": event.at }));
        }
        if (event.response || event.restored) && life.responded_at.is_none() {
            life.responded_at = Some(event.at);
        }
        // A record that is worked on again was not restored after all.
        life.restored_at =
            if event.restored { event.restored_at.or(life.restored_at).or(Some(event.at)) } else { None };
    }
    if let Some(from) = paused {
        life.pauses.push(json!({ "from": from, "to": null }));
    }
    // An answer cannot come after the restoration that it led to.
    life.responded_at = match (life.responded_at, life.restored_at) {
        (Some(responded), Some(restored)) => Some(responded.min(restored)),
        (responded, _) => responded,
    };
    life
}
