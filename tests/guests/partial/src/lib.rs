//! A policy that leaves operations out: it knows priorities, and nothing of clocks.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{PriorityOutcome, PriorityRequest};

/// Everything has the highest priority.
pub struct Partial;

impl SlaPolicy for Partial {
    type Settings = NoSettings;

    fn priority(_: &PriorityRequest, _: &NoSettings) -> Answer<PriorityOutcome> {
        Ok(Decided::new(PriorityOutcome { priority: "P1".to_owned() }, Vec::new()))
    }
}

mortise_sdk::export_sla!(Partial);
