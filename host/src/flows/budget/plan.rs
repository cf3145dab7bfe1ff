//! Budgets themselves: one currency, periods, and what follows for the lines when a budget is closed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::rule;
use crate::domain::ledger::Amount;
use crate::domain::record::Record;
use crate::domain::refusal::{FieldProblem, Refusal, rule as general};
use crate::flows::working::{Cause, Working};
use crate::flows::{FlowError, automatic};

/// A budget has at most so many lines that are closed with it in one step.
const LINES: i64 = 10_000;

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    match working.cause.clone() {
        Cause::Create | Cause::Update => consistent(working).await,
        Cause::Transition { from, to } if from != to && to == "closed" => close_lines(working).await,
        _ => Ok(()),
    }
}

/// One currency per budget; periods once each, and not taken away once they are closed.
async fn consistent(working: &Working<'_>) -> Result<(), FlowError> {
    let record = &working.record;
    let mut problems = Vec::new();
    let currency = record.text("currency");
    if let (Some(code), Some(total)) = (currency, Amount::of(record, "total"))
        && total.currency.code() != code
    {
        let message = format!("total is in {}, but the budget is kept in {code}", total.currency.code());
        problems.push(FieldProblem::new("total.currency", rule::CURRENCY, message));
    }
    let listed = periods(record);
    let distinct: BTreeSet<&String> = listed.iter().collect();
    if distinct.len() < listed.len() || (record.data.contains_key("periods") && listed.is_empty()) {
        let message = "periods lists each period of the budget once, and at least one";
        problems.push(FieldProblem::new("periods", general::RANGE, message));
    }
    if let Some(missing) = closed_periods(record).iter().find(|period| !distinct.contains(period)) {
        let message = format!("{missing} is closed and stays a period of the budget");
        problems.push(FieldProblem::new("periods", rule::CLOSED_PERIOD, message));
    }
    if let Some(line) = line_in_another_currency(working, currency).await? {
        let message = format!("{line} is a line of the budget in another currency");
        problems.push(FieldProblem::new("currency", rule::CURRENCY, message));
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems).into()) }
}

async fn line_in_another_currency(working: &Working<'_>, currency: Option<&str>) -> Result<Option<String>, FlowError> {
    if working.before.is_none() || !working.touched(&["currency"]) {
        return Ok(None);
    }
    let lines = lines_of(working, &working.record.number).await?;
    let other = |line: &Record| Amount::of(line, "amount").is_some_and(|a| Some(a.currency.code()) != currency);
    Ok(lines.into_iter().find(other).map(|line| line.number))
}

/// With the budget its open lines are closed; frozen ones stay what they are, nothing can be booked on them either.
async fn close_lines(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Some(kind) = working.kinds.get("budget-line").cloned() else { return Ok(()) };
    let number = working.record.number.clone();
    for line in lines_of(working, &number).await?.into_iter().filter(|line| line.state == "open") {
        let Some(step) = kind.transition(&line.state, "closed") else { continue };
        let after = automatic::take(&kind, &line, step, working.now)?;
        working.along(line, after, "transition:closed");
    }
    Ok(())
}

/// The lines of a budget, oldest first.
pub(super) async fn lines_of(working: &Working<'_>, budget: &str) -> Result<Vec<Record>, FlowError> {
    let (org, store) = (&working.record.org, &working.desk.store);
    Ok(store.records_by_field(org, "budget-line", "budget", budget, LINES).await?)
}

/// The budget with this number, which must not change until the unit is written.
pub(super) async fn held(working: &mut Working<'_>, number: &str) -> Result<Record, FlowError> {
    let budget = working.desk.store.record(&working.record.org, number).await?;
    let budget = budget.ok_or_else(|| Refusal::not_found(format!("there is no budget {number}")))?;
    working.held.push((budget.number.clone(), budget.revision));
    Ok(budget)
}

/// Refuses unless the budget is in one of these states.
pub(super) fn in_state(budget: &Record, states: &[&str]) -> Result<(), Refusal> {
    if states.contains(&budget.state.as_str()) {
        return Ok(());
    }
    let message = format!("{} is {}; it would have to be {}", budget.number, budget.state, states.join(" or "));
    Err(Refusal::conflict(rule::BUDGET_STATE, message))
}

/// States of a budget in which costs are posted.
pub(super) const COSTS: [&str; 3] = ["active", "closing", "reopened"];
/// States of a budget in which money is newly committed.
pub(super) const COMMITMENTS: [&str; 2] = ["active", "reopened"];

/// The periods of a budget, in the order of time.
pub(super) fn periods(budget: &Record) -> Vec<String> {
    let mut periods = texts(budget, "periods");
    periods.sort();
    periods
}

/// The periods of a budget that are closed.
pub(super) fn closed_periods(budget: &Record) -> Vec<String> {
    texts(budget, "closed_periods")
}

/// The budget with other periods closed.
pub(super) fn with_closed(budget: &Record, mut closed: Vec<String>) -> Record {
    closed.sort();
    closed.dedup();
    let mut after = budget.clone();
    after.data.insert("closed_periods".to_owned(), json!(closed));
    after
}

fn texts(record: &Record, field: &str) -> Vec<String> {
    let list = record.data.get(field).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
