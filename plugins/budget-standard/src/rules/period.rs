//! Accounting periods: closing them, and booking into the right one.

use std::collections::BTreeSet;
use std::fmt;

use mortise_sdk::prelude::*;
use mortise_sdk::types::Date;
use mortise_sdk::types::budget::{CarryPolicy, CloseOutcome, CloseRequest, ClosedPeriod, PostOutcome, PostRequest};

use super::reading::{amount, currency, sum, total};
use crate::settings::StandardSettings;

/// A calendar month as accounting period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Period {
    year: i32,
    month: u32,
}

impl Period {
    /// The period of a date.
    fn of(date: Date) -> Self {
        let (year, month, _) = date.civil();
        Period { year, month }
    }

    /// The period after this one.
    fn next(self) -> Self {
        match self.month {
            12.. => Period { year: self.year + 1, month: 1 },
            _ => Period { month: self.month + 1, ..self },
        }
    }

    /// Reads `YYYY-MM`.
    fn read(field: impl fmt::Display, text: &str) -> Result<Self, Refusal> {
        let digits = |text: &str, count: usize| {
            let right = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
            right.then(|| text.parse::<u32>().ok()).flatten()
        };
        let parts = text.split_once('-');
        let period = parts.and_then(|(year, month)| {
            let year = i32::try_from(digits(year, 4)?).ok()?;
            let month = digits(month, 2).filter(|month| (1..=12).contains(month))?;
            Some(Period { year, month })
        });
        period.ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            Refusal::invalid_request("invalid-period", format!("{field}: `{text}` is not a period such as 2026-03"))
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Closes an accounting period, or says what keeps it open.
///
/// # Errors
/// `invalid-period`; text that is no amount.
pub fn close(request: &CloseRequest, settings: &StandardSettings) -> Result<Decided<CloseOutcome>, Refusal> {
    let currency = currency(&request.currency, settings)?;
    let period = Period::read("period", &request.period)?;
    let budget = amount(&currency, "budget", &request.budget)?;
    let actual = total(&currency, "actuals", request.actuals.iter().map(String::as_str))?;
    let received = request.received_not_invoiced.iter().map(|order| order.amount.as_str());
    let accruals = total(&currency, "received_not_invoiced", received)?;
    let open = request.open_commitments.iter().map(|order| order.amount.as_str());
    let open = total(&currency, "open_commitments", open)?;

    if !request.pending.is_empty() {
        let mut pending: Vec<String> =
            request.pending.iter().map(|item| format!("{}:{}", item.kind, item.id)).collect();
        pending.sort_unstable();
        let reason = Reason::new("blocked", "Unfinished documents keep the period open.")
            .with("period", period)
            .with("pending", pending.len());
        return Ok(Decided::new(CloseOutcome::Blocked(pending), vec![reason]));
    }

    let cost = sum([actual, accruals])?;
    let unspent = sum([budget, -cost])?;
    let policy = request.carry_policy.unwrap_or(settings.carry_policy.into());
    // An overspent period has nothing left to carry or to lose.
    let left = unspent.max(0);
    let (carried, message) = match policy {
        CarryPolicy::Lapse => (0, "Unspent budget is lost."),
        CarryPolicy::CarryCommitments => {
            (left.min(open.max(0)), "Unspent budget moves on as far as open commitments need it.")
        }
        CarryPolicy::CarryAll => (left, "Unspent budget moves on."),
    };
    let closed = ClosedPeriod {
        period_cost: currency.format(cost),
        accruals: currency.format(accruals),
        reversals_next_period: currency.format(-accruals),
        unspent: currency.format(unspent),
        commitments_carried: currency.format(open),
        budget_carried: currency.format(carried),
        budget_lapsed: currency.format(left - carried),
    };
    let mut reasons = Vec::new();
    if accruals != 0 {
        reasons.push(
            Reason::new(
                "accrued",
                "What was received and not invoiced is accrued and reversed on day 1 of the next period.",
            )
            .with("accruals", &closed.accruals)
            .with("reversed_in", period.next()),
        );
    }
    reasons.push(
        Reason::new("carried", message)
            .with("unspent", &closed.unspent)
            .with("carried", &closed.budget_carried)
            .with("lapsed", &closed.budget_lapsed),
    );
    Ok(Decided::new(CloseOutcome::Closed(closed), reasons))
}

/// Finds the period in which a cost is booked.
///
/// # Errors
/// `invalid-period` for a closed period that is not written `YYYY-MM`.
pub fn post(request: &PostRequest) -> Result<Decided<PostOutcome>, Refusal> {
    let closed = request
        .closed
        .iter()
        .enumerate()
        .map(|(index, text)| Period::read(format_args!("closed/{index}"), text))
        .collect::<Result<BTreeSet<Period>, Refusal>>()?;
    let own = Period::of(request.date);
    let mut posted = own;
    while closed.contains(&posted) {
        posted = posted.next();
    }
    let prior_period = posted != own;
    let reason = if prior_period {
        Reason::new("prior-period", "The date's period is closed: booked into the next open one.")
    } else {
        Reason::new("own-period", "The date's period is open.")
    };
    let outcome = PostOutcome { posted_period: posted.to_string(), prior_period };
    Ok(Decided::new(outcome, vec![reason.with("period", own)]))
}
