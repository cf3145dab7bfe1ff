//! Keeping to a budget: allocation, budget lines, commitments.

use mortise_sdk::prelude::*;
use mortise_sdk::types::budget::{
    AllocateOutcome, AllocateRequest, AllocationKey, AllocationPart, CommitOutcome, CommitRequest, CommitVerdict,
    LineLevel, LineOutcome, LineRequest,
};
use mortise_sdk::types::money;

use super::reading::{WHOLE_BP, amount, at, currency, decimal, exact, not_negative, product, sum, total};
use crate::settings::StandardSettings;

/// Divides an amount among receivers by largest remainder.
///
/// # Errors
/// `no-allocation-basis` for weights that are negative or all 0; text that is
/// no amount.
pub fn allocate(request: &AllocateRequest, settings: &StandardSettings) -> Result<Decided<AllocateOutcome>, Refusal> {
    let currency = currency(&request.currency, settings)?;
    let minor = amount(&currency, "amount", &request.amount)?;
    let shares = shares("keys", minor, &request.keys)?;
    let part =
        |(key, share): (&AllocationKey, i128)| AllocationPart { id: key.id.clone(), amount: currency.format(share) };
    let outcome =
        AllocateOutcome { parts: request.keys.iter().zip(shares).map(part).collect(), total: currency.format(minor) };
    let reason = Reason::new(
        "largest-remainder",
        "Exact shares are rounded down; left-over minor units go to the largest fractions, ties to the earlier key.",
    )
    .with("keys", request.keys.len());
    Ok(Decided::new(outcome, vec![reason]))
}

/// The shares of an amount, one per key.
pub(crate) fn shares(field: &str, minor: i128, keys: &[AllocationKey]) -> Result<Vec<i128>, Refusal> {
    let weights = keys
        .iter()
        .enumerate()
        .map(|(index, key)| decimal(format_args!("{field}/{index}/weight"), &key.weight))
        .collect::<Result<Vec<_>, _>>()?;
    money::largest_remainder(minor, &weights).map_err(|error| at(field, &error))
}

/// Says where a budget line stands.
///
/// # Errors
/// `negative-amount` for a negative budget; text that is no amount.
pub fn line(request: &LineRequest, settings: &StandardSettings) -> Result<Decided<LineOutcome>, Refusal> {
    let currency = currency(&request.currency, settings)?;
    let budget = not_negative(&currency, "budget", &request.budget)?;
    let actual = total(&currency, "actuals", request.actuals.iter().map(String::as_str))?;
    let mut open = 0;
    for (index, commitment) in request.commitments.iter().enumerate() {
        let field = |name| format!("commitments/{index}/{name}");
        let committed = amount(&currency, field("amount"), &commitment.amount)?;
        let invoiced = amount(&currency, field("invoiced"), &commitment.invoiced)?;
        if commitment.state.is_open() {
            open = sum([open, sum([committed, -invoiced])?.max(0)])?;
        }
    }
    let to_go = amount(&currency, "forecast_to_go", &request.forecast_to_go)?;
    let available = sum([budget, -actual, -open])?;
    let estimate = sum([actual, open, to_go])?;
    let variance = sum([budget, -estimate])?;

    let warn_bp = request.warn_bp.unwrap_or(settings.warn_bp);
    let alert_bp = request.alert_bp.unwrap_or(settings.alert_bp);
    let underspend_bp = request.underspend_bp.unwrap_or(settings.underspend_bp);
    // Shares of the budget are compared as products, so nothing is rounded.
    let reaches = |excess: i128, limit_bp: u32| -> Result<bool, Refusal> {
        Ok(product(excess, WHOLE_BP)? >= product(budget, i128::from(limit_bp))?)
    };
    let level = if budget == 0 {
        if estimate > 0 { LineLevel::Alert } else { LineLevel::Ok }
    } else if reaches(-variance, alert_bp)? {
        LineLevel::Alert
    } else if reaches(-variance, warn_bp)? {
        LineLevel::Warning
    } else if variance < 0 {
        LineLevel::Watch
    } else if reaches(variance, underspend_bp)? {
        LineLevel::Underspend
    } else {
        LineLevel::Ok
    };
    let variance_bp = if budget == 0 {
        None
    } else {
        let rounded = money::half_even_div(product(variance, WHOLE_BP)?, budget).map_err(exact)?;
        Some(i64::try_from(rounded).map_err(|_| exact(money::Error::OutOfRange))?)
    };

    let outcome = LineOutcome {
        actual: currency.format(actual),
        open_commitments: currency.format(open),
        available: currency.format(available),
        estimate_at_completion: currency.format(estimate),
        variance: currency.format(variance),
        variance_bp,
        level,
    };
    let message = match level {
        LineLevel::Ok => "The estimate at completion is near the budget.",
        LineLevel::Watch => "The estimate at completion is over the budget.",
        LineLevel::Warning => "The estimate at completion reaches the warning limit.",
        LineLevel::Alert => "The estimate at completion reaches the alert limit.",
        LineLevel::Underspend => "The estimate at completion reaches the under-spending limit.",
    };
    let reason = Reason::new(level.as_str(), message)
        .with("variance", &outcome.variance)
        .with("warn_bp", warn_bp)
        .with("alert_bp", alert_bp)
        .with("underspend_bp", underspend_bp);
    Ok(Decided::new(outcome, vec![reason]))
}

/// Says who may grant a commitment.
///
/// # Errors
/// `negative-amount` for a negative budget or request; text that is no amount.
pub fn commit(request: &CommitRequest, settings: &StandardSettings) -> Result<Decided<CommitOutcome>, Refusal> {
    let currency = currency(&request.currency, settings)?;
    let budget = not_negative(&currency, "budget", &request.budget)?;
    let actual = amount(&currency, "actual", &request.actual)?;
    let open = amount(&currency, "open_commitments", &request.open_commitments)?;
    let asked = not_negative(&currency, "request", &request.request)?;
    let before = sum([budget, -actual, -open])?;
    let after = sum([before, -asked])?;
    let shortfall = (-after).max(0);
    let tolerance_bp = request.tolerance_bp.unwrap_or(settings.tolerance_bp);
    // The budget is not negative, so the division rounds down.
    let tolerance = product(budget, i128::from(tolerance_bp))? / WHOLE_BP;
    let (verdict, message) = if shortfall == 0 {
        (CommitVerdict::Approved, "The line has enough left.")
    } else if shortfall <= tolerance {
        (CommitVerdict::BudgetOwnerOverride, "The shortfall is within the budget owner's tolerance.")
    } else {
        (CommitVerdict::TopManagement, "The shortfall exceeds the budget owner's tolerance.")
    };

    let outcome = CommitOutcome {
        verdict,
        available_before: currency.format(before),
        available_after: currency.format(after),
        shortfall: currency.format(shortfall),
        tolerance: currency.format(tolerance),
    };
    let reason = Reason::new(verdict.as_str(), message)
        .with("shortfall", &outcome.shortfall)
        .with("tolerance", &outcome.tolerance)
        .with("tolerance_bp", tolerance_bp);
    Ok(Decided::new(outcome, vec![reason]))
}
