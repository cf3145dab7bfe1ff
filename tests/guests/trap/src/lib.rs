//! Panics, which is a trap: a bug of the component, not an answer.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};

/// Traps in `clock`.
pub struct Trap;

impl SlaPolicy for Trap {
    type Settings = NoSettings;

    fn clock(_: &ClockRequest, _: &NoSettings) -> Result<Decided<ClockOutcome>, Refusal> {
        panic!("this component always traps")
    }
}

mortise_sdk::export_sla!(Trap);
