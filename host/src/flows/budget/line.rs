//! Budget lines: kept in their budget's currency, with figures that follow every booking.

use mortise_types::money::Currency;

use super::book::Book;
use super::{plan, rule};
use crate::domain::ledger::Amount;
use crate::domain::refusal::{FieldProblem, Refusal, rule as general};
use crate::flows::FlowError;
use crate::flows::working::{Cause, Working};

/// Fields that the figures depend on.
const INPUTS: [&str; 2] = ["amount", "forecast_to_go"];

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    if !matches!(working.cause, Cause::Create | Cause::Update) {
        return Ok(());
    }
    if working.touched(&["budget", "amount", "forecast_to_go"]) {
        consistent(working).await?;
    }
    if !working.touched(&INPUTS) || Amount::of(&working.record, "amount").is_none() {
        return Ok(());
    }
    // Bookings advance the line's revision, and this unit writes the line: neither can miss the other.
    let book = Book::of(working, working.record.clone()).await?;
    book.settle(working).await
}

/// The line keeps to its budget's currency, and stays with its budget once something is booked on it.
async fn consistent(working: &mut Working<'_>) -> Result<(), FlowError> {
    let Some(number) = working.text("budget").map(str::to_owned) else { return Ok(()) };
    let budget = plan::held(working, &number).await?;
    if working.before.is_none() {
        plan::in_state(&budget, &["proposed", "approved", "active", "reopened"]).map_err(|r| r.about("budget"))?;
    }
    let mut problems = Vec::new();
    for field in INPUTS {
        let amount = Amount::of(&working.record, field);
        let known = budget.text("currency").and_then(|code| Currency::iso(code).ok());
        if let (Some(amount), Some(known)) = (amount, known)
            && amount.currency != known
        {
            let message = format!("{field} is in {}, but {number} is kept in {}", amount.currency.code(), known.code());
            problems.push(FieldProblem::new(format!("{field}.currency"), rule::CURRENCY, message));
        }
    }
    if working.before.is_some() && working.touched(&["budget"]) {
        let book = Book::of(working, working.record.clone()).await?;
        if !book.entries.is_empty() || !book.commitments.is_empty() {
            let message = "a line that something is booked on stays with its budget";
            problems.push(FieldProblem::new("budget", general::LOCKED_FIELD, message));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields(problems).into()) }
}
