//! Change risk by one question: how critical is what the change touches?

use mortise_sdk::prelude::*;
use mortise_sdk::types::change_risk::{ApprovalRoute, ChangeType, FactorPoints, Outcome, Request, RiskBand, Timing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the policy.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Risk {
    /// Points for each level of criticality, of which there are four.
    #[schemars(range(min = 1, max = 25))]
    pub per_level: u32,
}

impl Default for Risk {
    fn default() -> Self {
        Self { per_level: 20 }
    }
}

// Ranges stand in the schema; rules that it cannot state go in here.
impl Settings for Risk {}

/// The component.
pub struct Policy;

impl ChangeRiskPolicy for Policy {
    type Settings = Risk;

    fn score(request: &Request, settings: &Risk) -> Answer<Outcome> {
        let affected = request.affected.iter().flatten().map(|item| item.criticality).max();
        if affected.is_some_and(|highest| highest > 4) {
            return Err(Refusal::invalid_request("criticality-out-of-range", "criticality is 1 to 4"));
        }
        // What nobody tells counts as the worst.
        let score = affected.map_or(100, |highest| highest * settings.per_level);
        let emergency = request.change_type == ChangeType::Emergency;
        let (band, route) = match score {
            0..=24 => (RiskBand::Low, ApprovalRoute::ChangeManager),
            25..=49 => (RiskBand::Medium, ApprovalRoute::ChangeManager),
            50..=74 => (RiskBand::High, ApprovalRoute::Cab),
            _ => (RiskBand::VeryHigh, ApprovalRoute::Cab),
        };
        let reason = Reason::new("criticality", "The most critical item decides.").with("score", score);
        let outcome = Outcome {
            score,
            base: score,
            surcharge: 0,
            band,
            route: if emergency { ApprovalRoute::Ecab } else { route },
            blocked: request.timing == Some(Timing::Blackout) && !emergency,
            top_management_signoff: band == RiskBand::VeryHigh,
            conditions: Vec::new(),
            flags: Vec::new(),
            missing: affected.is_none().then(|| "criticality".to_owned()).into_iter().collect(),
            factors: vec![FactorPoints { factor: "criticality".to_owned(), value: score, weight: 100, points: 100 * score }],
        };
        Ok(Decided::new(outcome, vec![reason]))
    }
}

mortise_sdk::export_change_risk!(Policy);
