//! Collecting and scoring an evaluation, and what its result means for the supplier.

use jiff::civil::Date;
use mortise_types::supplier::{Measures, Outcome, Request};
use mortise_types::{Outcome as AnyOutcome, Request as AnyRequest};
use serde_json::{Value, json};

use super::collect::{self, Collected};
use super::{REVIEW, evaluated};
use crate::domain::component::Subject;
use crate::domain::period;
use crate::domain::record::Record;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::{date_from_days, days_from_date, local_date, parse_date, start_of_day};
use crate::flows::FlowError;
use crate::flows::decide::Answer;
use crate::flows::working::{Cause, Working};
use crate::store::unit::TimerChange;

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Create => measures(&working.record).map(|_| ()),
        Cause::Update if working.record.state == "collected" => score(working).await,
        Cause::Update => measures(&working.record).map(|_| ()),
        Cause::Transition { from, to } if from != to => match to.as_str() {
            "collected" => score(working).await,
            "scored" => conclude(working).await,
            _ => Ok(()),
        },
        Cause::Again { .. } if working.record.state == "collected" => score(working).await,
        Cause::Again { .. } => Err(working.not_again()),
        _ => Ok(()),
    }
}

/// Collects what the records say, and has the component score it. With a result the evaluation is scored; the kind
/// file says that this follows at once.
async fn score(working: &mut Working<'_>) -> Result<(), FlowError> {
    working.set("result", Value::Null);
    let given = measures(&working.record)?;
    let supplier = supplier(working).await?;
    let previous = evaluated(working, &supplier.number).await?;
    let evaluated_on = match working.text("evaluated_on").and_then(parse_date) {
        Some(day) => day,
        None => today(working)?,
    };
    working.set("evaluated_on", json!(evaluated_on.to_string()));
    let (from, to) = span(working, &supplier, previous.last(), evaluated_on);
    let Collected { breaches, service_level, cost, contracts, evidence } =
        collect::collect(working, &supplier, from, to).await?;
    let measures =
        Measures { service_level: given.service_level.or(service_level), cost: given.cost.or(cost), ..given };
    working.set("measures", json!(measures));
    working.set("collected", evidence);
    let flag = |name: &str| supplier.data.get(name).and_then(Value::as_bool).unwrap_or(false);
    let previous_tenths = previous.last().and_then(|last| last.data.get("score_tenths")?.as_i64());
    let request = Request {
        supplier: supplier.number.clone(),
        evaluated_on: mortise_types::Date(days_from_date(evaluated_on)),
        critical: flag("critical"),
        security_relevant: flag("security_relevant"),
        previous_tenths: previous_tenths.and_then(|tenths| i32::try_from(tenths).ok()),
        breaches,
        measures,
        attributes: attributes(&supplier),
    };
    let subject = Subject {
        kind: working.kind.slug.clone(),
        // A policy for one contract decides where the supplier has no other.
        contract: if let [only] = contracts.as_slice() { Some(only.clone()) } else { None },
        ..Subject::default()
    };
    match working.ask(&subject, &AnyRequest::Supplier(request)).await {
        Answer::Decided(decision, id) => {
            if let AnyOutcome::Supplier(outcome) = decision.outcome {
                keep(working, &outcome, &id);
            }
            Ok(())
        }
        Answer::Refused { code, message, .. } => Err(Refusal::invalid(code, "measures", message).into()),
        // It stays collected until a person or another component decides.
        Answer::Failed => {
            working.set("manual", json!(true));
            Ok(())
        }
    }
}

fn keep(working: &mut Working<'_>, outcome: &Outcome, id: &str) {
    let mut result = json!(outcome);
    result["decision"] = json!(id);
    working.mark_fallback(id, &mut result);
    working.set("score_tenths", json!(outcome.score_tenths));
    working.set("grade", json!(outcome.grade));
    working.set("trend", json!(outcome.trend));
    working.set("next_review", json!(outcome.next_review));
    working.set("result", result);
    working.set("manual", json!(false));
}

/// The supplier carries the result, and its next review waits for its day.
async fn conclude(working: &mut Working<'_>) -> Result<(), FlowError> {
    let before = supplier(working).await?;
    let mut after = before.clone();
    // Without enough data there is no new grade; the last one stays.
    for field in ["grade", "score_tenths", "next_review"] {
        if let Some(value) = working.field(field) {
            after.data.insert(field.to_owned(), value.clone());
        }
    }
    let next = working.text("next_review").and_then(parse_date);
    if let Some(day) = next.and_then(|day| start_of_day("UTC", day).ok()) {
        working.timers.push(TimerChange::Set {
            id: working.desk.clock.id(),
            number: before.number.clone(),
            name: REVIEW.to_owned(),
            due_at: day,
        });
    }
    let data = json!({
        "evaluation": working.record.number,
        "grade": working.field("grade"),
        "score_tenths": working.field("score_tenths"),
        "trend": working.field("trend"),
        "actions": working.record.at("result.actions"),
        "next_review": working.field("next_review"),
    });
    working.event_about(&before.number, "supplier.evaluated", data);
    working.along(before, after, "evaluated");
    Ok(())
}

async fn supplier(working: &Working<'_>) -> Result<Record, FlowError> {
    let number = working.text("supplier").unwrap_or_default();
    let found = working.desk.store.record(&working.record.org, number).await?;
    Ok(found.ok_or_else(|| Refusal::not_found(format!("there is no supplier {number}")))?)
}

/// The measures as the process reads them.
fn measures(record: &Record) -> Result<Measures, FlowError> {
    let Some(value) = record.data.get("measures") else { return Ok(Measures::default()) };
    let read = serde_json::from_value(value.clone());
    Ok(read.map_err(|error| Refusal::invalid(rule::TYPE, "measures", format!("measures: {error}")))?)
}

/// The days that the evaluation covers: what its period says; else everything since the evaluation before.
fn span(working: &Working<'_>, supplier: &Record, last: Option<&Record>, until: Date) -> (Date, Date) {
    if let Some(span) = working.text("period").and_then(period::span) {
        return span;
    }
    let since = last.and_then(|last| last.text("evaluated_on")).and_then(parse_date);
    let made = local_date("UTC", supplier.created_at).ok();
    (since.or(made).unwrap_or(until).min(until), until)
}

fn today(working: &Working<'_>) -> Result<Date, Refusal> {
    let today = local_date("UTC", working.now).ok().or_else(|| date_from_days(0));
    today.ok_or_else(|| Refusal::invalid(rule::REQUIRED, "evaluated_on", "evaluated_on is required for collected"))
}

/// Facts about the supplier that a policy may decide by.
fn attributes(supplier: &Record) -> mortise_types::Attributes {
    let text = |name: &str| {
        let value = mortise_types::Value::Text(supplier.text(name)?.to_owned());
        Some((format!("supplier.{name}"), value))
    };
    ["kind", "state"].into_iter().filter_map(text).collect()
}
