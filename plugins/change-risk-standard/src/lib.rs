//! The reference component for change risk scoring (guide, section 3.2).
//!
//! Each of seven factors is given a value from 0 (harmless) to 100 (worst);
//! their weighted sum is the base score, surcharges make it the score, the
//! score's band and some special circumstances decide who approves the change
//! and what has to be done first. Evidence that was not supplied counts as the
//! worst.

mod factors;
mod rules;
mod settings;
#[cfg(test)]
mod tests;

use mortise_sdk::prelude::*;
use mortise_sdk::types::change_risk::{Outcome, Request};

pub use rules::score;
pub use settings::{
    BackoutValues, BandLimits, CollisionValues, ComplexityValues, HistoryRule, ServiceImpactValues, StandardSettings,
    Surcharges, TimingValues, Weights,
};

/// The standard policy.
pub struct Standard;

impl ChangeRiskPolicy for Standard {
    type Settings = StandardSettings;

    fn score(request: &Request, settings: &StandardSettings) -> Result<Decided<Outcome>, Refusal> {
        rules::score(request, settings)
    }
}

mortise_sdk::export_change_risk!(Standard);
