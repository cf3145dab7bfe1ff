//! The standard decision, explained in more text than any host should store.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};
use sla_rules::{Settings, Standard};

/// Explains `clock` at length.
pub struct BigOutput;

const MESSAGES: usize = 8;
const MEGABYTE: usize = 1 << 20;

impl SlaPolicy for BigOutput {
    type Settings = Settings;

    fn clock(request: &ClockRequest, settings: &Settings) -> Result<Decided<ClockOutcome>, Refusal> {
        let mut decided = Standard::clock(request, settings)?;
        for _ in 0..MESSAGES {
            let reason = Reason::new("because", "x".repeat(MEGABYTE));
            decided.reasons.push(reason);
        }
        Ok(decided)
    }
}

mortise_sdk::export_sla!(BigOutput);
