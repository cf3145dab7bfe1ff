//! The reference component for supplier evaluation (guide, section 3.4).
//!
//! Each of six criteria is scored 0 to 100 from its measures; the weighted mean
//! of those that were measured, less a penalty for breaches, is the score. The
//! score gives a grade, serious findings cap it, and the grade says what to do
//! and when to look again.

mod criteria;
mod rules;
mod settings;
#[cfg(test)]
mod tests;

use mortise_sdk::prelude::*;
use mortise_sdk::types::supplier::{Outcome, Request};

pub use rules::score;
pub use settings::{
    Caps, CostRule, GradeLetter, GradeLimits, Penalties, ReviewRule, SecurityRule, StandardSettings, TrendLimits,
    Weights,
};

/// The standard policy.
pub struct Standard;

impl SupplierPolicy for Standard {
    type Settings = StandardSettings;

    fn score(request: &Request, settings: &StandardSettings) -> Result<Decided<Outcome>, Refusal> {
        rules::score(request, settings)
    }
}

mortise_sdk::export_supplier!(Standard);
