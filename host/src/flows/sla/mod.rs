//! Service level calculation on incidents and requests (domain guide, P25 and section 3.1).
//!
//! The clocks are computed again on creation, change of impact or urgency, pause and resumption, first response and
//! restoration, and whenever one of their timers fires. The component says where the clocks stand and when they will
//! pass their marks; the host keeps that on the record, sets the timers and tells the event stream.

mod agreement;
mod chain;
pub mod forecast;
mod ticket;

use mortise_types::{Decision, Milestone, Outcome, Process, Request, sla};
use serde_json::{Value, json};

use super::FlowError;
use super::decide::Answer;
use super::working::{Cause, Working};
use crate::domain::component::Subject;
use crate::domain::record::Record;
use crate::domain::time::Instant;
use agreement::Agreement;
pub(super) use agreement::Sources;

pub(super) use agreement::calendar;

/// Names of this process's timers start with this.
pub(super) const TIMERS: &str = "sla.";

/// Fields that the clocks depend on.
const INPUTS: [&str; 7] = ["impact", "urgency", "service", "customer", "responded_at", "restored_at", "pauses"];

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    // An agreement has no clocks of its own.
    if working.kind.slug == "sla" {
        return chain::run(working).await;
    }
    ticket::follow_state(working);
    if is_closed(working) {
        working.clear_timers(TIMERS);
    }
    let due =
        matches!(&working.cause, Cause::Create | Cause::Timer(_) | Cause::Transition { .. } | Cause::Again { .. });
    if due || working.touched(&INPUTS) { judge(working).await } else { Ok(()) }
}

/// Asks where the clocks stand as of `working.now`, and keeps the answer on the record.
async fn judge(working: &mut Working<'_>) -> Result<(), FlowError> {
    let (service, customer) = (working.text("service"), working.text("customer"));
    let sources = Sources::read(&working.desk.store, &working.record.org, service, customer).await?;
    judge_by(working, &sources).await;
    Ok(())
}

/// The same with sources that were read before: an import asks about thousands of records of one service.
pub(super) async fn judge_by(working: &mut Working<'_>, sources: &Sources) {
    let Some(request) = ticket::history(working) else { return };
    let agreement = agreement::resolve(sources, working);
    let subject = subject(working, &agreement);
    let request = clock_request(working, &agreement, request);
    match working.ask(&subject, &Request::Sla(sla::Request::Clock(request))).await {
        Answer::Decided(decision, id) => apply(working, &agreement, *decision, &id),
        Answer::Refused { code, message, decision } => {
            let reason = format!("refused: {code}: {message}");
            working.needs_a_person(Process::Sla, &reason, &decision);
            working.set("manual", json!(true));
        }
        // The last valid clocks stay; their timers too.
        Answer::Failed => working.set("manual", json!(true)),
    }
}

fn subject(working: &Working<'_>, agreement: &Agreement) -> Subject {
    let mut services: Vec<String> = working.text("service").map(str::to_owned).into_iter().collect();
    if let Some(Value::Array(more)) = working.field("services") {
        services.extend(more.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    Subject {
        kind: working.kind.slug.clone(),
        services,
        customer: working.text("customer").map(str::to_owned).or_else(|| agreement.customer.clone()),
        contract: agreement.number.clone(),
    }
}

fn clock_request(working: &Working<'_>, agreement: &Agreement, ticket: sla::Ticket) -> sla::ClockRequest {
    let mut attributes = agreement.attributes.clone();
    attributes.insert("kind".to_owned(), mortise_types::Value::Text(working.kind.slug.clone()));
    for name in ["category", "channel", "assigned_group"] {
        if let Some(value) = working.text(name) {
            attributes.insert(name.to_owned(), mortise_types::Value::Text(value.to_owned()));
        }
    }
    sla::ClockRequest {
        now: mortise_types::Instant(working.now.seconds()),
        matrix: None,
        warn_pct: None,
        targets: agreement.targets.clone(),
        calendars: agreement.calendars.clone(),
        ticket,
        attributes,
    }
}

fn apply(working: &mut Working<'_>, agreement: &Agreement, decision: Decision, id: &str) {
    let Decision { outcome: Outcome::Sla(sla::Outcome::Clock(clock)), milestones, .. } = decision else {
        // The engine checks that an outcome answers its request.
        return;
    };
    let last = working.field("sla").cloned().unwrap_or(Value::Null);
    working.set("priority", json!(clock.priority));
    let mut kept = json!({
        "agreement": agreement.number,
        "decision": id,
        "priority": clock.priority,
        "response": clock.response,
        "resolution": clock.resolution,
    });
    working.mark_fallback(id, &mut kept);
    working.set("sla", kept);
    working.set("manual", json!(false));
    for (name, now) in [("response", &clock.response), ("resolution", &clock.resolution)] {
        let level = json!(now.level);
        let was = &last[name]["level"];
        if *was != level && !(was.is_null() && now.level == sla::Level::Ok) {
            let word = level.as_str().unwrap_or_default().to_owned();
            working.event(
                format!("sla.{word}"),
                json!({ "clock": name, "level": word, "due_at": now.due_at, "percent": now.percent, "decision": id }),
            );
        }
    }
    set_timers(working, &milestones, &clock);
}

/// One timer for each mark that a running clock has still to pass. A clock is breached when its target is *passed*,
/// so a further timer fires one second after it is reached.
fn set_timers(working: &mut Working<'_>, milestones: &[Milestone], clock: &sla::ClockOutcome) {
    if working.before.is_some() {
        working.clear_timers(TIMERS);
    }
    if is_closed(working) {
        return;
    }
    let now = working.now;
    for milestone in milestones {
        let at = Instant::from_seconds(milestone.at.0);
        if at > now {
            working.timer(format!("{TIMERS}{}", milestone.name), at);
        }
    }
    for (name, state) in [("response", &clock.response), ("resolution", &clock.resolution)] {
        if state.state != sla::ClockState::Running || state.level == sla::Level::Breached {
            continue;
        }
        if let Some(due) = state.due_at {
            let passed = Instant::from_seconds(due.0 + 1);
            if passed > now {
                working.timer(format!("{TIMERS}{name}.breached"), passed);
            }
        }
    }
}

fn is_closed(working: &Working<'_>) -> bool {
    working.kind.state(&working.record.state).is_some_and(|state| state.closed)
}

/// The calendar of a record for a period; without one, all hours of every day.
pub(super) fn period_calendar(record: Option<&Record>, from: Instant, until: Instant) -> sla::Calendar {
    record.and_then(|record| agreement::calendar(record, from, until)).unwrap_or_else(|| agreement::always(from))
}
