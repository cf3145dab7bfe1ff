//! Incidents that come again on one configuration item, in one category, lead to a problem (guide, P38 (d) and section 4,
//! `problem-recurrence`).
//!
//! It is looked at when an incident is resolved, and in the night after it came to its item, category or priority: a
//! timer of the incident. Who is first opens the problem; the others are attached to it, by name on both sides.

use std::sync::Arc;

use serde_json::{Value, json};

use super::rules::newest;
use super::working::{Cause, Working};
use super::{FlowError, automatic};
use crate::domain::kind::Kind;
use crate::domain::record::Record;
use crate::domain::recurrence::{Limits, Recurrence, Sighting, is_young, weigh};
use crate::domain::time::{Instant, add_days, local_date, start_of_day};

/// Prefixes of the kinds.
const INCIDENT: &str = "INC";
const PROBLEM: &str = "PRB";
/// The state on whose entering it is looked at.
const RESOLVED: &str = "resolved";
/// An incident that was none.
const CANCELLED: &str = "cancelled";
/// The timer of the night.
const TIMER: &str = "recurrence.night";
/// What it depends on.
const FIELDS: [&str; 4] = ["ci", "category", "priority", "problem"];
/// Incidents and problems that are looked at, the newest.
const MOST: usize = 200;

/// What follows for problems from what happens to an incident.
pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    if working.kind.prefix != INCIDENT {
        return Ok(());
    }
    let looks = match &working.cause {
        Cause::Transition { from, to } if from != to && to == RESOLVED => {
            working.clear_timers(TIMER);
            true
        }
        Cause::Timer(name) => name == TIMER,
        _ => false,
    };
    if looks {
        return look(working).await;
    }
    if working.touched(&FIELDS) {
        wait(working);
    }
    Ok(())
}

/// The item and category of an incident that belongs to no problem yet.
fn subject(working: &Working<'_>) -> Option<(String, String)> {
    let (ci, category) = (working.text("ci")?.to_owned(), working.text("category")?.to_owned());
    (working.field("problem").is_none() && working.record.state != CANCELLED).then_some((ci, category))
}

/// Sets the timer for the coming night, or clears it where there is nothing to look at.
fn wait(working: &mut Working<'_>) {
    let open = working.kind.state(&working.record.state).is_some_and(|state| !state.closed);
    if subject(working).is_none() || !open {
        if working.before.is_some() {
            working.clear_timers(TIMER);
        }
        return;
    }
    let zone = working.desk.policy.measure.time_zone.clone();
    let night = local_date(&zone, working.now).and_then(|today| start_of_day(&zone, add_days(today, 1)));
    if let Ok(night) = night {
        working.timer(TIMER, night);
    }
}

async fn look(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Some((ci, category)) = subject(working) else { return Ok(()) };
    let zone = working.desk.policy.measure.time_zone.clone();
    let day = |at: Instant| local_date(&zone, at);
    let Ok(today) = day(working.now) else { return Ok(()) };
    let limits = Limits::of(&working.desk.policy.constants);
    let (kind, kinds) = (working.kind, Arc::clone(&working.kinds));
    let mut group =
        newest(working.desk, &working.record.org, kind, &[("ci", json!(ci)), ("category", json!(category))], MOST)
            .await?;
    // The incident itself counts as it will be.
    group.retain(|other| other.number != working.record.number && other.state != CANCELLED);
    working.hold(group.iter().map(|other| (other.number.clone(), other.revision)).collect());
    group.push(working.record.clone());
    group.retain(|one| day(one.created_at).is_ok_and(|on| is_young(&limits, today, on)));
    let seen: Vec<Sighting> = group
        .iter()
        .filter_map(|one| Some(Sighting { on: day(one.created_at).ok()?, priority: priority(one) }))
        .collect();
    let found = weigh(&limits, today, &seen);
    let Some(problems) = kinds.by_prefix(PROBLEM).filter(|_| found.problem) else { return Ok(()) };
    // Of two incidents at once, the second looks again once the first is written, and finds its problem.
    working.turns.push(ci.clone());
    let group = Group { ci, category, incidents: group, found, days: limits.days };
    match open_problem(working, problems, &group).await? {
        Some(problem) => attach(working, problem, &group),
        None => open(working, problems, &group).await?,
    }
    Ok(())
}

/// Incidents that are a problem.
struct Group {
    ci: String,
    category: String,
    incidents: Vec<Record>,
    found: Recurrence,
    days: i64,
}

impl Group {
    fn numbers(&self) -> Vec<String> {
        let mut numbers: Vec<String> = self.incidents.iter().map(|one| one.number.clone()).collect();
        numbers.sort_unstable();
        numbers
    }
}

/// The number in `P3`.
fn priority(incident: &Record) -> Option<u8> {
    incident.text("priority")?.strip_prefix('P')?.parse().ok()
}

/// The problem that is not closed and is about the same: named by one of the incidents, naming one of them, or made for
/// the same item and category.
async fn open_problem(working: &mut Working<'_>, kind: &Kind, group: &Group) -> Result<Option<Record>, FlowError> {
    let is_open = |record: &Record| kind.state(&record.state).is_some_and(|state| !state.closed);
    let named: Vec<String> = group.incidents.iter().filter_map(|one| one.text("problem").map(str::to_owned)).collect();
    let org = working.record.org.clone();
    let mut found = working.desk.store.records(&org, &named).await?;
    found.extend(newest(working.desk, &org, kind, &[("category", json!(group.category))], MOST).await?);
    let names = |record: &Record, field: &str, wanted: &dyn Fn(&str) -> bool| {
        let list = record.data.get(field).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|one| one.as_str().is_some_and(wanted)))
    };
    let about = |record: &Record| {
        named.contains(&record.number)
            || names(record, "cis", &|one| one == group.ci)
            || names(record, "incidents", &|one| group.incidents.iter().any(|incident| incident.number == one))
    };
    Ok(found.into_iter().find(|record| is_open(record) && about(record)))
}

/// Adds the incidents to the problem, and the problem to the incident under way.
fn attach(working: &mut Working<'_>, problem: Record, group: &Group) {
    let mut named = match problem.data.get("incidents") {
        Some(Value::Array(named)) => named.clone(),
        _ => Vec::new(),
    };
    for number in group.numbers() {
        let number = Value::from(number);
        if !named.contains(&number) {
            named.push(number);
        }
    }
    working.set("problem", problem.number.as_str().into());
    let mut after = problem.clone();
    after.set_computed("incidents", Value::Array(named));
    if after.data != problem.data {
        working.along(problem, after, "update");
    }
}

/// Opens a problem about the incidents.
async fn open(working: &mut Working<'_>, kind: &Kind, group: &Group) -> Result<(), FlowError> {
    let gravest = group.incidents.iter().filter_map(priority).min();
    let (ci, category, days) = (&group.ci, &group.category, group.days);
    let (count, weight) = (group.found.count, group.found.weight);
    let mut fields = json!({
        "title": format!("Recurring incidents: {category} on {ci}"),
        "description": format!("{count} incidents in {days} days, weight {weight}"),
        "owner": working.record.owner,
        "incidents": group.numbers(),
        "category": category,
        "priority": gravest.map_or_else(|| "P5".to_owned(), |gravest| format!("P{gravest}")),
        "cis": [ci],
        "links": [{ "type": "made-by", "ref": working.record.number }],
    });
    if let Some(service) = working.field("service").cloned() {
        fields["services"] = json!([service]);
    }
    let Value::Object(fields) = fields else { return Ok(()) };
    match automatic::build(working, kind, fields).await? {
        Ok(problem) => {
            working.set("problem", problem.number.as_str().into());
            working.made(problem);
        }
        Err(refusal) => {
            let data = json!({ "makes": PROBLEM, "rule": refusal.rule, "message": refusal.message });
            working.event("automatic.refused", data);
        }
    }
    Ok(())
}
