//! Who may grant a commitment: nobody need be asked while the line has the money.

use mortise_sdk::prelude::*;
use mortise_sdk::types::budget::{CommitOutcome, CommitRequest, CommitVerdict};
use mortise_sdk::types::money::{self, Currency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the policy.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Commitments {
    /// How much the budget owner may overdraw, in basis points of the budget.
    #[schemars(range(min = 0, max = 10_000))]
    pub tolerance_bp: u32,
}

impl Default for Commitments {
    fn default() -> Self {
        Self { tolerance_bp: 500 }
    }
}

// Ranges stand in the schema; rules that it cannot state go in here.
impl Settings for Commitments {}

/// The component. Operations that it does not have are refused with `not-supported`.
pub struct Policy;

impl BudgetPolicy for Policy {
    type Settings = Commitments;

    fn commit(request: &CommitRequest, settings: &Commitments) -> Answer<CommitOutcome> {
        let wrong = |error: money::Error| Refusal::invalid_request(error.code(), error.to_string());
        let currency = Currency::iso(&request.currency).map_err(wrong)?;
        let read = |text: &str| currency.parse(text).map_err(wrong);
        let (budget, wanted) = (read(&request.budget)?, read(&request.request)?);
        if wanted < 0 || budget < 0 {
            return Err(Refusal::invalid_request("negative-amount", "a commitment and a budget are not negative"));
        }
        let before = budget - read(&request.actual)? - read(&request.open_commitments)?;
        let shortfall = (wanted - before).max(0);
        let bp = request.tolerance_bp.unwrap_or(settings.tolerance_bp);
        let tolerance = budget.checked_mul(i128::from(bp)).ok_or(money::Error::OutOfRange).map_err(wrong)? / 10_000;
        let verdict = match shortfall {
            0 => CommitVerdict::Approved,
            _ if shortfall <= tolerance => CommitVerdict::BudgetOwnerOverride,
            _ => CommitVerdict::TopManagement,
        };
        let reason = Reason::new("shortfall", "What is lacking decides.").with("shortfall", currency.format(shortfall));
        let outcome = CommitOutcome {
            verdict,
            available_before: currency.format(before),
            available_after: currency.format(before - wanted),
            shortfall: currency.format(shortfall),
            tolerance: currency.format(tolerance),
        };
        Ok(Decided::new(outcome, vec![reason]))
    }
}

mortise_sdk::export_budget!(Policy);
