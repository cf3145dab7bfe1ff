//! Priorities for the night desk: some steps lower than by day.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{PriorityOutcome, PriorityRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the night desk.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Night {
    /// How many steps lower a priority is than by day.
    #[schemars(range(min = 0, max = 4))]
    pub steps: u32,
}

impl Default for Night {
    fn default() -> Self {
        Self { steps: 1 }
    }
}

impl Settings for Night {
    fn check(&self) -> Vec<Problem> {
        match self.steps {
            0..=4 => Vec::new(),
            _ => vec![Problem::new("/steps", "there are only five priorities")],
        }
    }
}

/// The component. Operations that it does not have are refused with `not-supported`.
pub struct Policy;

impl SlaPolicy for Policy {
    type Settings = Night;

    fn priority(request: &PriorityRequest, settings: &Night) -> Answer<PriorityOutcome> {
        if !(1..=3).contains(&request.impact) || !(1..=3).contains(&request.urgency) {
            return Err(Refusal::invalid_request("unknown-priority", "impact and urgency are 1, 2 or 3"));
        }
        let priority = format!("P{}", (request.impact + request.urgency - 1 + settings.steps).min(5));
        let reason = Reason::new("night", "Nobody waits at night.").with("steps", settings.steps);
        Ok(Decided::new(PriorityOutcome { priority }, vec![reason]))
    }
}

mortise_sdk::export_sla!(Policy);
