//! The figures of a service report, fixed (guide, P50): computed once for the report's period, kept as one text, and
//! named by its SHA-256, so that what was reported can be read, and checked, for ever.

use serde_json::{Map, Value, json};

use super::read::measured;
use crate::domain::access::{self, Action};
use crate::domain::measure::report::report_parts;
use crate::domain::measure::{Definition, Dimension, Measures, Reading, Span};
use crate::domain::record::{self, Record};
use crate::domain::refusal::{Refusal, rule};
use crate::domain::{Actor, Kind, Kinds, canonical, period};
use crate::flows::read_record::find;
use crate::flows::working::{Cause, Working};
use crate::flows::{Desk, FlowError, hooks, read_record, retry};
use crate::store::report_snapshots::Snapshot;

/// Prefix of the kind.
const REPORT: &str = "RPT";
/// The form of the text; another form would have other hashes.
const FORM: i64 = 1;

/// Fixes the figures of a report that is still a draft: they are computed for its period, kept, and their hash is set
/// on it as its `snapshot_hash`. A period that is not over has no figures that stay.
///
/// # Errors
/// Not found, not allowed to change it, `period-not-over`, a period that is none; what the kind's rules say; the
/// database's errors.
pub async fn fix(desk: &Desk, actor: &Actor, number: &str, tz: Option<&str>) -> Result<Value, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let kind = kind(&kinds)?;
    retry::until_won(|| attempt(desk, actor, &kinds, kind, number, tz)).await
}

async fn attempt(
    desk: &Desk,
    actor: &Actor,
    kinds: &Kinds,
    kind: &Kind,
    number: &str,
    tz: Option<&str>,
) -> Result<Value, FlowError> {
    let before = find(desk, &actor.org, kind, number).await?;
    access::permit(kind, actor, Action::Update, Some(&before))?;
    let now = desk.clock.now();
    let span = span(&before, tz)?;
    if span.to > now {
        let message = format!("the period {} ends on {}: its figures can still change", span.name(), span.last);
        return Err(Refusal::conflict("period-not-over", message).into());
    }
    let body = figures(desk, &actor.org, kinds, &span).await?;
    let text = canonical::text(&body);
    let hash = canonical::sha256(text.as_bytes());
    let patch = Map::from_iter([("snapshot_hash".to_owned(), Value::from(hash.as_str()))]);
    let change = record::update(kind, actor, &before, patch, now)?;
    let mut working = Working::new(desk, kind, actor, Cause::Update, now, Some(before), change.record);
    hooks::run(&mut working).await?;
    let mut unit = working.into_unit();
    unit.snapshots.push(Snapshot { hash: hash.clone(), body: text, at: now });
    desk.commit(unit).await?;
    Ok(json!({ "report": number, "hash": hash, "figures": body }))
}

/// The figures that a report was fixed with; with `recompute`, also whether the records still give them.
///
/// # Errors
/// Not found, not allowed to read it; the database's errors.
pub async fn fixed(desk: &Desk, actor: &Actor, number: &str, recompute: bool) -> Result<Value, FlowError> {
    let kinds = desk.kinds(&actor.org);
    let kind = kind(&kinds)?;
    let report = read_record::run(desk, actor, kind, number).await?;
    let hash = report.text("snapshot_hash").unwrap_or_default().to_owned();
    let Some(snapshot) = desk.store.report_snapshot(&actor.org, &hash).await? else {
        return Err(Refusal::not_found(format!("the figures of {number} were not fixed here")).into());
    };
    let figures: Value = serde_json::from_str(&snapshot.body).unwrap_or_default();
    let whole = canonical::sha256(snapshot.body.as_bytes()) == hash;
    let mut answer = json!({
        "report": number, "hash": hash, "intact": whole, "fixed_at": snapshot.at.to_string(), "figures": figures,
    });
    if recompute {
        let zone = figures["period"]["tz"].as_str();
        let now = self::figures(desk, &actor.org, &kinds, &span(&report, zone)?).await?;
        let mut differences = Vec::new();
        differ("", &figures, &now, &mut differences);
        answer["live"] = json!({ "same": differences.is_empty(), "differences": differences });
    }
    Ok(answer)
}

fn kind(kinds: &Kinds) -> Result<&Kind, Refusal> {
    let kind = kinds.by_prefix(REPORT).map(AsRef::as_ref);
    kind.ok_or_else(|| Refusal::not_found("this organisation keeps no service reports"))
}

fn span(report: &Record, tz: Option<&str>) -> Result<Span, Refusal> {
    let text = report.text("period").unwrap_or_default();
    let (first, last) = period::span(text).ok_or_else(|| {
        let message = format!("period: '{text}' is no period like 2026-03, 2026-Q1 or 2026-03-01/2026-03-31");
        Refusal::invalid(rule::TYPE, "period", message)
    })?;
    let zone = tz.unwrap_or("UTC");
    Span::new(first, last, zone).map_err(|error| Refusal::invalid(rule::FORMAT, "tz", error.to_string()))
}

/// Everything a report fixes. Nothing in it depends on when it is computed, once the period is over.
async fn figures(desk: &Desk, org: &str, kinds: &Kinds, span: &Span) -> Result<Value, FlowError> {
    let before = span.previous().map_err(|error| Refusal::invalid(rule::FORMAT, "tz", error.to_string()))?;
    let mut parts = Vec::new();
    for part in report_parts() {
        let mut measures = Vec::new();
        for id in &part.measures {
            if let Some(definition) = Measures::builtin().get(id) {
                measures.push(figure(desk, org, kinds, definition, span, &before).await?);
            }
        }
        parts.push(json!({ "part": part.name, "measures": measures }));
    }
    Ok(json!({
        "form": FORM,
        "period": { "name": span.name(), "from": span.first.to_string(), "to": span.last.to_string(), "tz": span.zone },
        "parts": parts,
    }))
}

async fn figure(
    desk: &Desk,
    org: &str,
    kinds: &Kinds,
    definition: &Definition,
    span: &Span,
    before: &Span,
) -> Result<Value, FlowError> {
    let by = definition.by.contains(&Dimension::Service).then_some(Dimension::Service);
    let now = measured(desk, org, kinds, definition, span, by).await?;
    let then = measured(desk, org, kinds, definition, before, None).await?;
    let services: Vec<Value> = now
        .groups
        .unwrap_or_default()
        .iter()
        .map(|group| {
            let mut told = told(&group.reading);
            told["service"] = json!(group.key);
            told
        })
        .collect();
    let mut told = told(&now.reading);
    told["measure"] = definition.id.as_str().into();
    told["unit"] = json!(definition.unit);
    told["before"] = json!(then.reading.value);
    if by.is_some() {
        told["services"] = services.into();
    }
    Ok(told)
}

/// A reading without its words: those may be written better one day.
fn told(reading: &Reading) -> Value {
    let mut value = json!(reading);
    if let Some(map) = value.as_object_mut() {
        map.remove("missing");
    }
    value
}

/// The places in which two texts differ, as JSON pointers.
fn differ(place: &str, a: &Value, b: &Value, found: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let at = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differ(&format!("{place}/{key}"), &at(a), &at(b), found);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differ(&format!("{place}/{index}"), a, b, found);
            }
        }
        (a, b) if a == b => {}
        _ => found.push(place.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_place() {
        let mut found = Vec::new();
        let (a, b) = (json!({"a": [1, {"b": 2}], "c": 1}), json!({"a": [1, {"b": 3}], "d": 1}));
        differ("", &a, &b, &mut found);
        assert_eq!(found, ["/a/1/b", "/c", "/d"]);
    }
}
