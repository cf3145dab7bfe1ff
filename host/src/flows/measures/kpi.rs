//! Measured values at the end of each period (guide, P47), and the objectives that follow them (P06).
//!
//! An active measure definition (KPI) names a measure in its `formula` and has a timer for the end of its period. When
//! it fires, on whichever node, the value is computed and a record (KPV) is made in the unit that uses the timer up:
//! once. A formula without data makes a record without a value that says what is missing.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::read::{Measured, measured};
use crate::domain::measure::frequency::Frequency;
use crate::domain::measure::{Measures, Reason, Span};
use crate::domain::period;
use crate::domain::record::Record;
use crate::domain::role::Actor;
use crate::domain::time::local_date;
use crate::flows::working::{Cause, Working};
use crate::flows::{FlowError, automatic, rules};

/// Names of these timers start with this; the period that ends follows.
const TIMERS: &str = "measure.";
/// Prefixes of the kinds: definition, value, objective.
const DEFINITION: &str = "KPI";
const VALUE: &str = "KPV";
const OBJECTIVE: &str = "OBJ";
/// States in which a definition is measured, and an objective follows it.
const MEASURED: &str = "active";
const TRACKED: &str = "tracked";
/// More values or objectives of one definition than this are not looked at.
const MOST: i64 = 10_000;

/// What follows for measured values from what happens to a definition.
pub(in crate::flows) async fn follow(working: &mut Working<'_>) -> Result<(), FlowError> {
    if working.kind.prefix != DEFINITION {
        return Ok(());
    }
    if let Cause::Timer(name) = working.cause.clone() {
        return match name.strip_prefix(TIMERS) {
            Some(period) if working.record.state == MEASURED => close(working, period).await,
            _ => Ok(()),
        };
    }
    let was = working.before.as_ref().map(|before| before.state.clone());
    let active = working.record.state == MEASURED;
    let begins = active && (was.as_deref() != Some(MEASURED) || working.touched(&["frequency"]));
    if begins || (!active && was.as_deref() == Some(MEASURED)) {
        working.clear_timers(TIMERS);
    }
    if let Some(frequency) = frequency(working).filter(|_| begins)
        && let Ok(today) = local_date(&zone(working), working.now)
    {
        schedule(working, &frequency.period_of(today));
    }
    Ok(())
}

fn frequency(working: &Working<'_>) -> Option<Frequency> {
    Frequency::parse(working.text("frequency")?)
}

fn zone(working: &Working<'_>) -> String {
    working.desk.policy.measure.time_zone.clone()
}

/// Sets the timer for the end of a period.
fn schedule(working: &mut Working<'_>, name: &str) {
    if let Some(span) = span(working, name) {
        working.timer(format!("{TIMERS}{name}"), span.to);
    }
}

fn span(working: &Working<'_>, name: &str) -> Option<Span> {
    let (first, last) = period::span(name)?;
    Span::new(first, last, &zone(working)).ok()
}

/// Takes the value of a period that is over, and waits for the end of the next.
async fn close(working: &mut Working<'_>, name: &str) -> Result<(), FlowError> {
    let Some(span) = span(working, name) else { return Ok(()) };
    if let Some(next) = frequency(working).and_then(|frequency| frequency.after(name)) {
        schedule(working, &next);
    }
    if taken(working, name).await? {
        return Ok(());
    }
    let value = value(working, &span).await?;
    collect(working, name, &span, &value).await?;
    if let Some(actual) = value.as_ref().ok().and_then(|measured| measured.reading.value.clone()) {
        track(working, &actual).await?;
    }
    Ok(())
}

/// Whether the period has a value already: a definition that was activated again measures no period twice.
async fn taken(working: &Working<'_>, name: &str) -> Result<bool, FlowError> {
    let Some(kind) = working.kinds.by_prefix(VALUE) else { return Ok(true) };
    let (org, number) = (&working.record.org, &working.record.number);
    let values = working.desk.store.records_by_field(org, &kind.slug, "kpi", number, MOST).await?;
    Ok(values.iter().any(|value| value.text("period") == Some(name) && value.state != "corrected"))
}

/// The measure that the definition names, or its formula where it names none.
async fn value(working: &Working<'_>, span: &Span) -> Result<Result<Measured, String>, FlowError> {
    let formula = working.text("formula").unwrap_or_default().trim().to_owned();
    let Some(definition) = Measures::builtin().get(&formula) else { return Ok(Err(formula)) };
    let (desk, kinds) = (working.desk, Arc::clone(&working.kinds));
    Ok(Ok(measured(desk, &working.record.org, &kinds, definition, span, None).await?))
}

async fn collect(
    working: &mut Working<'_>,
    name: &str,
    span: &Span,
    value: &Result<Measured, String>,
) -> Result<(), FlowError> {
    let kinds = Arc::clone(&working.kinds);
    let Some(kind) = kinds.by_prefix(VALUE) else { return Ok(()) };
    let definition = &working.record;
    let mut sample = Map::new();
    let mut say = |key: &str, value: Value| {
        if !value.is_null() {
            sample.insert(key.to_owned(), value);
        }
    };
    say("from", span.first.to_string().into());
    say("to", span.last.to_string().into());
    say("tz", span.zone.as_str().into());
    let actual = match value {
        Ok(measured) => {
            let reading = &measured.reading;
            say("measure", measured.id.as_str().into());
            say("numerator", json!(reading.numerator));
            say("denominator", json!(reading.denominator));
            say("records", reading.sample.into());
            say("currency", json!(reading.currency));
            say("reason", json!(reading.reason));
            say("missing", json!(reading.missing.as_ref().map(|missing| &missing.en)));
            reading.value.clone()
        }
        Err(formula) => {
            say("reason", json!(Reason::NoSuchMeasure));
            say("missing", format!("there is no measure '{formula}'; a person fills in the value").into());
            None
        }
    };
    let mut input = Map::new();
    input.insert("title".to_owned(), format!("{} · {name}", definition.title).into());
    let analyst = definition.text("analyst").unwrap_or(&definition.owner);
    input.insert("owner".to_owned(), analyst.into());
    input.insert("links".to_owned(), json!([{ "type": "made-by", "ref": definition.number }]));
    input.insert("kpi".to_owned(), definition.number.as_str().into());
    input.insert("period".to_owned(), name.into());
    input.insert("sample".to_owned(), Value::Object(sample));
    if let Some(actual) = &actual {
        input.insert("value".to_owned(), actual.as_str().into());
    }
    match automatic::build(working, kind, input).await? {
        Ok(record) => {
            let data = json!({
                "value": record.number, "period": name, "actual": actual, "status": record.data.get("status"),
            });
            working.made(record);
            working.event("measure.collected", data);
        }
        Err(refusal) => {
            let data = json!({ "period": name, "rule": refusal.rule, "message": refusal.message });
            working.event("automatic.refused", data);
        }
    }
    Ok(())
}

/// The objectives of this measure: each gets the actual value, and its kind works out attainment and status.
async fn track(working: &mut Working<'_>, actual: &str) -> Result<(), FlowError> {
    let kinds = Arc::clone(&working.kinds);
    let Some(kind) = kinds.by_prefix(OBJECTIVE).filter(|kind| kind.field("actual").is_some()) else { return Ok(()) };
    let (org, number) = (working.record.org.clone(), working.record.number.clone());
    let objectives = working.desk.store.records_by_field(&org, &kind.slug, "measure", &number, MOST).await?;
    let host = Actor::host(org);
    for before in objectives.into_iter().filter(|objective| objective.state == TRACKED) {
        let mut after: Record = before.clone();
        after.data.insert("actual".to_owned(), actual.into());
        let mut held = Vec::new();
        rules::work_out(working.desk, kind, &host, &mut after, working.now, &mut held).await?;
        working.hold(held);
        if after.data != before.data {
            let data = json!({
                "actual": actual, "attainment_tenths": after.data.get("attainment_tenths"),
                "status": after.data.get("status"),
            });
            working.event_about(&before.number, "objective.measured", data);
            working.along(before, after, "measured");
        }
    }
    Ok(())
}
