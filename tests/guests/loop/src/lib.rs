//! Never returns: fuel, epochs or the wall clock must end it.

use std::hint::black_box;

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};

/// Loops in `clock`.
pub struct Loop;

impl SlaPolicy for Loop {
    type Settings = NoSettings;

    fn clock(_: &ClockRequest, _: &NoSettings) -> Result<Decided<ClockOutcome>, Refusal> {
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }
}

mortise_sdk::export_sla!(Loop);
