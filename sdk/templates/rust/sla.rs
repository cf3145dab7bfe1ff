//! The night desk: priorities some steps lower than by day, and clocks that never rest.

use mortise_sdk::clocks::around_the_clock;
use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest, PriorityOutcome, PriorityRequest, Target};
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
        let wrong = (self.steps > 4).then(|| Problem::new("/steps", "there are only five priorities"));
        wrong.into_iter().collect()
    }
}

/// The component. What it leaves out, the one of the next wider scope decides.
pub struct Policy;

/// Seconds until the first answer and until the service is restored, where no agreement says so.
const TARGETS: [(u64, u64); 5] = [(900, 7200), (1800, 14_400), (3600, 28_800), (7200, 86_400), (14_400, 144_000)];

/// From 1, the highest, to 5.
fn lower(impact: u32, urgency: u32, settings: &Night) -> Answer<u32> {
    if !(1..=3).contains(&impact) || !(1..=3).contains(&urgency) {
        return Err(Refusal::invalid_request("unknown-priority", "impact and urgency are 1, 2 or 3"));
    }
    let reason = Reason::new("night", "Nobody waits at night.").with("steps", settings.steps);
    Ok(Decided::new((impact + urgency - 1 + settings.steps).min(5), vec![reason]))
}

impl SlaPolicy for Policy {
    type Settings = Night;

    fn priority(request: &PriorityRequest, settings: &Night) -> Answer<PriorityOutcome> {
        Ok(lower(request.impact, request.urgency, settings)?.map(|step| PriorityOutcome { priority: format!("P{step}") }))
    }

    fn clock(request: &ClockRequest, settings: &Night) -> Answer<ClockOutcome> {
        let nobody = || Refusal::invalid_request("no-history", "nobody has assessed the ticket");
        let last = request.ticket.history.last().ok_or_else(nobody)?;
        let Decided { outcome: step, reasons, .. } = lower(last.impact, last.urgency, settings)?;
        let priority = format!("P{step}");
        let (response_s, resolution_s) = TARGETS[step as usize - 1];
        let usual = Target { response_s, resolution_s, calendar: "24x7".to_owned() };
        let agreed = request.targets.as_ref().and_then(|targets| targets.get(&priority));
        let clocks = around_the_clock(request, agreed.unwrap_or(&usual));
        let outcome = ClockOutcome { priority, response: clocks.response, resolution: clocks.resolution };
        Ok(Decided { outcome, milestones: clocks.milestones, reasons })
    }
}

mortise_sdk::export_sla!(Policy);
