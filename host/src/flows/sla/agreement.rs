//! The agreement that an incident or request falls under, and its calendars with their offsets from UTC resolved.

use std::collections::BTreeMap;

use mortise_types::{Attributes, sla};
use serde_json::{Value, json};

use crate::domain::record::Record;
use crate::domain::time::{self, Instant};
use crate::flows::FlowError;
use crate::flows::working::Working;

/// Id of the calendar that is always there.
const ALWAYS: &str = "24x7";
/// Id of the calendar that the components' default targets use for business hours.
const BUSINESS: &str = "business";
/// Offsets are resolved so far beyond now: a due date further away uses the last one.
const HORIZON_MS: i64 = 800 * 86_400_000;
/// More active agreements than this for one service are not looked at.
const AGREEMENTS: i64 = 200;

/// What the host found out for the clocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreement {
    /// Number of the agreement; none when there is none for the service.
    pub(super) number: Option<String>,
    /// Its customer.
    pub(super) customer: Option<String>,
    /// Its targets; none = the component's settings decide.
    pub(super) targets: Option<sla::Targets>,
    /// Calendars by id: `24x7`, `business` (the agreement's or the service's own) and the numbers that targets name.
    pub(super) calendars: sla::Calendars,
    /// What else a policy may decide by: the customer's and the service's facts.
    pub(super) attributes: Attributes,
}

/// Finds the active agreement by service and customer. Without a customer the service's only agreement counts; among
/// several, the one with the lowest number.
pub(super) async fn find(working: &mut Working<'_>) -> Result<Agreement, FlowError> {
    let org = working.record.org.clone();
    let store = working.desk.store.clone();
    let mut found = Agreement::default();
    let mut business: Option<String> = None;
    let mut wanted: Vec<String> = Vec::new();
    let customer = working.text("customer").map(str::to_owned);
    let service = working.text("service").map(str::to_owned);

    let agreement = match &service {
        Some(service) => choose(store.records_by_field(&org, "sla", "service", service, AGREEMENTS).await?, &customer),
        None => None,
    };
    if let Some(agreement) = &agreement {
        working.held.push((agreement.number.clone(), agreement.revision));
        found.number = Some(agreement.number.clone());
        found.customer = text(agreement, "customer");
        business = text(agreement, "calendar");
        found.targets = targets(agreement, business.as_deref());
        if let Some(targets) = &found.targets {
            wanted.extend(targets.values().map(|t| t.calendar.clone()));
        }
        note(&mut found.attributes, "agreement", agreement.number.clone());
    }
    let mut facts: Vec<String> = service.iter().cloned().collect();
    facts.extend(customer.clone().or_else(|| found.customer.clone()));
    for record in store.records(&org, &facts).await? {
        if record.kind == "service" {
            if business.is_none() {
                business = text(&record, "calendar");
            }
            note(&mut found.attributes, "service", record.number.clone());
            if let Some(criticality) = record.data.get("criticality").and_then(Value::as_i64) {
                found.attributes.insert("service.criticality".to_owned(), mortise_types::Value::Whole(criticality));
            }
        } else if record.kind == "customer" {
            note(&mut found.attributes, "customer", record.number.clone());
            for (name, value) in customer_facts(&record) {
                found.attributes.insert(format!("customer.{name}"), value);
            }
        }
    }
    wanted.extend(business.clone());
    wanted.sort();
    wanted.dedup();
    wanted.retain(|id| id != ALWAYS && id != BUSINESS);
    let opened = working.record.created_at;
    let until = working.now.max(opened).plus(HORIZON_MS);
    found.calendars.insert(ALWAYS.to_owned(), always(opened));
    for record in store.records(&org, &wanted).await?.into_iter().filter(|r| r.kind == "calendar") {
        working.held.push((record.number.clone(), record.revision));
        if let Some(calendar) = calendar(&record, opened, until) {
            if business.as_deref() == Some(record.number.as_str()) {
                found.calendars.insert(BUSINESS.to_owned(), calendar.clone());
            }
            found.calendars.insert(record.number.clone(), calendar);
        }
    }
    // Default targets of lower priorities run in business hours; where nobody has said which, all hours count.
    found.calendars.entry(BUSINESS.to_owned()).or_insert_with(|| always(opened));
    if found.targets.is_some() {
        let named: Vec<&String> = found.targets.iter().flat_map(BTreeMap::values).map(|t| &t.calendar).collect();
        let unused: Vec<String> = found.calendars.keys().filter(|id| !named.contains(id)).cloned().collect();
        for id in unused.iter().filter(|id| *id != ALWAYS) {
            found.calendars.remove(id);
        }
    }
    Ok(found)
}

fn choose(agreements: Vec<Record>, customer: &Option<String>) -> Option<Record> {
    let mut active: Vec<Record> = agreements.into_iter().filter(|a| a.state == "active").collect();
    active.sort_by(|a, b| a.number.cmp(&b.number));
    match customer {
        Some(customer) => active.into_iter().find(|a| text(a, "customer").as_ref() == Some(customer)),
        None => active.into_iter().next(),
    }
}

/// The agreement's targets: a list of `{priority, response_s, resolution_s, calendar?}`, the calendar being a
/// calendar's number or `24x7`, by default the agreement's own.
fn targets(agreement: &Record, own: Option<&str>) -> Option<sla::Targets> {
    let list = agreement.data.get("targets")?.as_array()?;
    let targets: sla::Targets = list
        .iter()
        .filter_map(|target| {
            let calendar = target["calendar"].as_str().or(own).unwrap_or(ALWAYS).to_owned();
            let target_of = sla::Target {
                response_s: target["response_s"].as_u64()?,
                resolution_s: target["resolution_s"].as_u64()?,
                calendar,
            };
            Some((target["priority"].as_str()?.to_owned(), target_of))
        })
        .collect();
    (!targets.is_empty()).then_some(targets)
}

/// A calendar record with its zone resolved from the day before `from` to `until`.
pub(in crate::flows) fn calendar(record: &Record, from: Instant, until: Instant) -> Option<sla::Calendar> {
    const DAY_MS: i64 = 86_400_000;
    let zone = record.data.get("time_zone")?.as_str()?;
    let offsets = time::utc_offsets(zone, from.plus(-DAY_MS), until).ok()?;
    let or = |name: &str, default: Value| record.data.get(name).filter(|v| !v.is_null()).cloned().unwrap_or(default);
    serde_json::from_value(json!({
        "time_zone": zone,
        "mode": or("mode", json!("24x7")),
        "weekly": or("weekly", json!({})),
        "holidays": or("holidays", json!([])),
        "adjusted_workdays": or("adjusted_workdays", json!([])),
        "utc_offsets": offsets
            .into_iter()
            .map(|(at, offset_s)| json!({ "from": Instant::from_seconds(at.seconds()).to_string(), "offset_s": offset_s }))
            .collect::<Vec<_>>(),
    }))
    .map_err(|e| tracing::warn!(calendar = %record.number, error = %e, "the calendar cannot be used"))
    .ok()
}

fn always(from: Instant) -> sla::Calendar {
    const DAY_S: i64 = 86_400;
    sla::Calendar {
        time_zone: "UTC".to_owned(),
        mode: sla::Coverage::Continuous,
        weekly: sla::Weekly::default(),
        holidays: Vec::new(),
        adjusted_workdays: Vec::new(),
        utc_offsets: vec![sla::UtcOffset { from: mortise_types::Instant(from.seconds() - DAY_S), offset_s: 0 }],
    }
}

/// The customer's plain values: what its fields and its `attributes` say in flags, whole numbers and short texts.
fn customer_facts(record: &Record) -> Vec<(String, mortise_types::Value)> {
    let attributes = record.data.get("attributes").and_then(Value::as_object);
    record
        .data
        .iter()
        .chain(attributes.into_iter().flatten())
        .filter_map(|(name, value)| Some((name.clone(), plain(value)?)))
        .collect()
}

fn plain(value: &Value) -> Option<mortise_types::Value> {
    const LONGEST: usize = 64;
    match value {
        Value::Bool(flag) => Some(mortise_types::Value::Flag(*flag)),
        Value::Number(n) => n.as_i64().map(mortise_types::Value::Whole),
        Value::String(text) if text.len() <= LONGEST => Some(mortise_types::Value::Text(text.clone())),
        _ => None,
    }
}

fn note(attributes: &mut Attributes, name: &str, value: String) {
    attributes.insert(name.to_owned(), mortise_types::Value::Text(value));
}

fn text(record: &Record, name: &str) -> Option<String> {
    record.data.get(name)?.as_str().map(str::to_owned)
}
