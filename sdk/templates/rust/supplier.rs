//! Suppliers by one question: did they deliver on time?

use mortise_sdk::prelude::*;
use mortise_sdk::types::supplier::{CriterionScores, Grade, Outcome, Request, Trend};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of the policy.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grading {
    /// Percent on time from which the grade is A; ten less is B, another ten less C.
    #[schemars(range(min = 30, max = 100))]
    pub a_from: u32,
}

impl Default for Grading {
    fn default() -> Self {
        Self { a_from: 95 }
    }
}

// Ranges stand in the schema; rules that it cannot state go in here.
impl Settings for Grading {}

/// The component.
pub struct Policy;

impl SupplierPolicy for Policy {
    type Settings = Grading;

    fn score(request: &Request, settings: &Grading) -> Answer<Outcome> {
        let measure = request.measures.delivery.filter(|it| it.due > 0);
        if measure.is_some_and(|it| it.on_time > it.due) {
            return Err(Refusal::invalid_request("part-exceeds-whole", "more deliveries on time than due"));
        }
        // At most 100, since the part is at most the whole.
        let percent = measure.map(|it| (u64::from(it.on_time) * 100 / u64::from(it.due)) as u32);
        let grade = percent.map(|percent| match settings.a_from.saturating_sub(percent) {
            0 => Grade::A,
            1..=10 => Grade::B,
            11..=20 => Grade::C,
            _ => Grade::D,
        });
        let others = ["quality", "delivery", "service_level", "cost", "security", "responsiveness"].into_iter();
        let missing = others.filter(|name| *name != "delivery" || percent.is_none()).map(str::to_owned).collect();
        let none = CriterionScores::default();
        let outcome = Outcome {
            scores: CriterionScores { delivery: percent, ..none },
            missing,
            weight_present: percent.map_or(0, |_| 100),
            penalty_tenths: 0,
            base_tenths: percent.map(|percent| 10 * percent),
            score_tenths: percent.map(|percent| 10 * percent),
            grade,
            caps: Vec::new(),
            trend: percent.map_or(Trend::Unknown, |_| Trend::New),
            actions: vec![percent.map_or("collect-data", |_| "continue").to_owned()],
            review_months: 6,
            next_review: request.evaluated_on.add_months(6),
        };
        Ok(Decided::new(outcome, vec![Reason::new("on-time", "Deliveries on time decide.")]))
    }
}

mortise_sdk::export_supplier!(Policy);
