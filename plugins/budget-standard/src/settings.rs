//! The constants of the rules. Every one of them is a default of the guide
//! (section 3.3) and belongs to the organisation's budget policy.

use std::collections::BTreeMap;

use mortise_sdk::prelude::*;
use mortise_sdk::types::budget::{CarryPolicy, RiskBand};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The largest limit in basis points that makes sense: ten times the budget.
const MAX_BP: u32 = 100_000;

/// The most decimals that a currency may be declared with.
const MAX_DECIMALS: u8 = 9;

/// Settings of the standard budget policy. What a request carries itself wins
/// over them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StandardSettings {
    /// Over-spending from here on is a warning, in basis points of the budget.
    #[schemars(range(min = 1, max = 100_000))]
    pub warn_bp: u32,
    /// Over-spending from here on is an alert, in basis points of the budget.
    #[schemars(range(min = 1, max = 100_000))]
    pub alert_bp: u32,
    /// Under-spending from here on is reported, in basis points of the budget.
    #[schemars(range(min = 1, max = 100_000))]
    pub underspend_bp: u32,
    /// How much of the budget the budget owner may overdraw with a commitment,
    /// in basis points.
    #[schemars(range(min = 0, max = 100_000))]
    pub tolerance_bp: u32,
    /// Contingency of a change by its risk band, in basis points of the subtotal.
    pub contingency_bp: ContingencyByBand,
    /// What becomes of budget that was not spent when a period closes.
    pub carry_policy: CarryDefault,
    /// Decimals of currencies that ISO 4217 does not list, or lists otherwise,
    /// by their code in capital letters.
    #[schemars(inner(range(min = 0, max = 9)))]
    pub currency_decimals: BTreeMap<String, u8>,
}

impl Default for StandardSettings {
    fn default() -> Self {
        StandardSettings {
            warn_bp: 500,
            alert_bp: 1000,
            underspend_bp: 2000,
            tolerance_bp: 500,
            contingency_bp: ContingencyByBand::default(),
            carry_policy: CarryDefault::default(),
            currency_decimals: BTreeMap::new(),
        }
    }
}

/// Contingency by risk band, in basis points of the subtotal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ContingencyByBand {
    /// For a low risk.
    #[schemars(range(min = 0, max = 100_000))]
    pub low: u32,
    /// For a medium risk.
    #[schemars(range(min = 0, max = 100_000))]
    pub medium: u32,
    /// For a high risk.
    #[schemars(range(min = 0, max = 100_000))]
    pub high: u32,
    /// For a very high risk.
    #[schemars(range(min = 0, max = 100_000))]
    pub very_high: u32,
}

impl Default for ContingencyByBand {
    fn default() -> Self {
        ContingencyByBand { low: 0, medium: 500, high: 1000, very_high: 1500 }
    }
}

impl ContingencyByBand {
    /// The contingency for a risk band.
    #[must_use]
    pub fn of(&self, band: RiskBand) -> u32 {
        match band {
            RiskBand::Low => self.low,
            RiskBand::Medium => self.medium,
            RiskBand::High => self.high,
            RiskBand::VeryHigh => self.very_high,
        }
    }
}

/// What becomes of budget that was not spent when a period closes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CarryDefault {
    /// It is lost.
    Lapse,
    /// As much as open commitments need moves to the next period.
    #[default]
    CarryCommitments,
    /// All of it moves to the next period.
    CarryAll,
}

impl From<CarryDefault> for CarryPolicy {
    fn from(policy: CarryDefault) -> Self {
        match policy {
            CarryDefault::Lapse => CarryPolicy::Lapse,
            CarryDefault::CarryCommitments => CarryPolicy::CarryCommitments,
            CarryDefault::CarryAll => CarryPolicy::CarryAll,
        }
    }
}

impl Settings for StandardSettings {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let contingency = &self.contingency_bp;
        for (path, value, min) in [
            ("/warn_bp", self.warn_bp, 1),
            ("/alert_bp", self.alert_bp, self.warn_bp),
            ("/underspend_bp", self.underspend_bp, 1),
            ("/tolerance_bp", self.tolerance_bp, 0),
            ("/contingency_bp/low", contingency.low, 0),
            ("/contingency_bp/medium", contingency.medium, contingency.low),
            ("/contingency_bp/high", contingency.high, contingency.medium),
            ("/contingency_bp/very_high", contingency.very_high, contingency.high),
        ] {
            if !(min..=MAX_BP).contains(&value) {
                problems.push(Problem::new(path, format!("{value} is not within {min} to {MAX_BP}")));
            }
        }
        for (code, decimals) in &self.currency_decimals {
            let path = format!("/currency_decimals/{}", code.replace('~', "~0").replace('/', "~1"));
            if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                problems.push(Problem::new(path, "a currency code is three capital letters"));
            } else if *decimals > MAX_DECIMALS {
                problems.push(Problem::new(path, format!("{decimals} is not within 0 to {MAX_DECIMALS}")));
            }
        }
        problems
    }
}
