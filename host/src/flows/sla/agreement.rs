//! The agreement that an incident or request falls under, and its calendars with their offsets from UTC resolved.

use mortise_types::{Attributes, sla};
use serde_json::{Value, json};

use crate::domain::record::Record;
use crate::domain::time::{self, Instant};
use crate::flows::working::Working;
use crate::store::{Store, StoreError};

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

/// The records that the clocks depend on, for one service and customer.
#[derive(Clone, Debug, Default)]
pub(in crate::flows) struct Sources {
    agreement: Option<Record>,
    /// The service and the customer.
    facts: Vec<Record>,
    calendars: Vec<Record>,
    /// Number of the calendar for business hours: the agreement's, else the service's.
    business: Option<String>,
}

impl Sources {
    /// Reads them. Without a customer the service's only agreement counts; among several, the one with the lowest
    /// number.
    pub(in crate::flows) async fn read(
        store: &Store,
        org: &str,
        service: Option<&str>,
        customer: Option<&str>,
    ) -> Result<Self, StoreError> {
        let agreement = match service {
            Some(service) => {
                choose(store.records_by_field(org, "sla", "service", service, AGREEMENTS).await?, customer)
            }
            None => None,
        };
        let customer = customer.map(str::to_owned).or_else(|| agreement.as_ref().and_then(|a| text(a, "customer")));
        let numbers: Vec<String> = service.map(str::to_owned).into_iter().chain(customer).collect();
        let facts = store.records(org, &numbers).await?;
        let of_service = || facts.iter().find(|r| r.kind == "service").and_then(|r| text(r, "calendar"));
        let business = agreement.as_ref().and_then(|a| text(a, "calendar")).or_else(of_service);
        let mut wanted: Vec<String> = business.iter().cloned().collect();
        if let Some(targets) = agreement.as_ref().and_then(|a| targets(a, business.as_deref())) {
            wanted.extend(targets.into_values().map(|t| t.calendar));
        }
        wanted.sort();
        wanted.dedup();
        wanted.retain(|id| id != ALWAYS && id != BUSINESS);
        let calendars = store.records(org, &wanted).await?;
        Ok(Self { agreement, facts, calendars, business })
    }
}

/// What the sources mean for a record: its agreement, with the calendars' zones resolved for its time.
pub(super) fn resolve(sources: &Sources, working: &mut Working<'_>) -> Agreement {
    let mut found = Agreement::default();
    let business = sources.business.as_deref();
    if let Some(agreement) = &sources.agreement {
        working.held.push((agreement.number.clone(), agreement.revision));
        found.number = Some(agreement.number.clone());
        found.customer = text(agreement, "customer");
        found.targets = targets(agreement, business);
        note(&mut found.attributes, "agreement", agreement.number.clone());
    }
    for record in &sources.facts {
        if record.kind == "service" {
            note(&mut found.attributes, "service", record.number.clone());
            if let Some(criticality) = record.data.get("criticality").and_then(Value::as_i64) {
                found.attributes.insert("service.criticality".to_owned(), mortise_types::Value::Whole(criticality));
            }
        } else if record.kind == "customer" {
            note(&mut found.attributes, "customer", record.number.clone());
            for (name, value) in customer_facts(record) {
                found.attributes.insert(format!("customer.{name}"), value);
            }
        }
    }
    let opened = working.record.created_at;
    let until = working.now.max(opened).plus(HORIZON_MS);
    found.calendars.insert(ALWAYS.to_owned(), always(opened));
    for record in sources.calendars.iter().filter(|r| r.kind == "calendar") {
        working.held.push((record.number.clone(), record.revision));
        if let Some(calendar) = calendar(record, opened, until) {
            if business == Some(record.number.as_str()) && found.targets.is_none() {
                found.calendars.insert(BUSINESS.to_owned(), calendar.clone());
            }
            found.calendars.insert(record.number.clone(), calendar);
        }
    }
    match &found.targets {
        // Default targets of lower priorities run in business hours; where nobody has said which, all hours count.
        None => {
            found.calendars.entry(BUSINESS.to_owned()).or_insert_with(|| always(opened));
        }
        Some(targets) => {
            let named = |id: &String| id == ALWAYS || targets.values().any(|target| target.calendar == *id);
            found.calendars.retain(|id, _| named(id));
            if targets.values().any(|target| target.calendar == BUSINESS) {
                found.calendars.entry(BUSINESS.to_owned()).or_insert_with(|| always(opened));
            }
        }
    }
    found
}

fn choose(agreements: Vec<Record>, customer: Option<&str>) -> Option<Record> {
    let mut active: Vec<Record> = agreements.into_iter().filter(|a| a.state == "active").collect();
    active.sort_by(|a, b| a.number.cmp(&b.number));
    match customer {
        Some(customer) => active.into_iter().find(|a| text(a, "customer").as_deref() == Some(customer)),
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

pub(super) fn always(from: Instant) -> sla::Calendar {
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
