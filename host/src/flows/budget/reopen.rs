//! Reopening a closed period. Posted entries stay; what closing posted is undone by further entries.

use mortise_types::budget::PostOutcome;
use serde_json::json;

use super::book::{Book, unbalanced};
use super::close::{Reversal, place_reversal};
use super::entry::{self, Making};
use super::{plan, rule, stay};
use crate::domain::ledger::{Amount, Unbalanced};
use crate::domain::period;
use crate::domain::record::Record;
use crate::domain::refusal::Refusal;
use crate::flows::FlowError;
use crate::flows::working::Working;

pub(super) async fn run(working: &mut Working<'_>) -> Result<(), FlowError> {
    let number = working.text("budget").unwrap_or_default().to_owned();
    let budget = plan::held(working, &number).await?;
    plan::in_state(&budget, &plan::COSTS)?;
    let period = working.text("period").unwrap_or_default().to_owned();
    let mut closed = plan::closed_periods(&budget);
    closed.retain(|other| *other != period);

    let mut books = Vec::new();
    for line in plan::lines_of(working, &number).await? {
        if Amount::of(&line, "amount").is_some() {
            let book = Book::of(working, line).await?;
            let posted: Vec<Record> = entry::posted_by(&book, &working.record.number).cloned().collect();
            if !posted.is_empty() {
                books.push((book, posted));
            }
        }
    }
    if !books.is_empty() {
        let Some(reversal) = place_reversal(working, &budget, &period, closed.clone()).await? else {
            stay(working);
            return Ok(());
        };
        for (book, posted) in books {
            undo(working, &budget, book, &posted, &period, &reversal).await?;
        }
    }
    let after = plan::with_closed(&budget, closed);
    working.event("period.reopened", json!({ "budget": number, "period": period, "reason": working.reason }));
    working.along(budget, after, "period-reopened");
    Ok(())
}

/// Cancels accruals in the reopened period, and their reversals where a cost of that day is posted now.
async fn undo(
    working: &mut Working<'_>,
    budget: &Record,
    mut book: Book,
    posted: &[Record],
    period: &str,
    reversal: &Reversal,
) -> Result<(), FlowError> {
    book.is_open(budget)?;
    for entry in posted {
        let amount = Amount::of(entry, "amount").unwrap_or_else(|| Amount::zero(&book.currency));
        let own = entry.text("posted_period") == Some(period);
        let (on, posting) = match reversal {
            _ if own => {
                let posting = PostOutcome { posted_period: period.to_owned(), prior_period: false };
                (period::last_day(period), posting)
            }
            Reversal::In(day, posting) => (Some(*day), posting.clone()),
            Reversal::BeyondBudget => {
                let message = format!("{} has no open period for undoing {}", budget.number, entry.number);
                return Err(Refusal::conflict(rule::PERIOD, message).into());
            }
        };
        let Some(on) = on else { continue };
        let making = Making {
            title: format!("Undoing of {}: {period} is reopened", entry.number),
            line: &book.line,
            minor: amount.minor.checked_neg().ok_or_else(|| unbalanced(Unbalanced::Overflow))?,
            currency: &book.currency,
            on,
            posting,
            kind: if own { "reversal" } else { "correction" },
        };
        let made = entry::make(working, making).await?;
        book.take(&made);
    }
    book.settle(working).await
}
