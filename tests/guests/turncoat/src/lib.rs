//! The standard rules, but for records of the category "loop": on these it never returns. Nothing survives a call, so
//! what makes it turn has to come with the request.

use std::hint::black_box;

use mortise_sdk::prelude::*;
use mortise_sdk::types::Value;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};
use sla_rules::{Settings, Standard};

/// Behaves until it is told not to.
pub struct Turncoat;

impl SlaPolicy for Turncoat {
    type Settings = Settings;

    fn clock(request: &ClockRequest, settings: &Settings) -> Result<Decided<ClockOutcome>, Refusal> {
        if request.attributes.get("category") == Some(&Value::Text("loop".to_owned())) {
            let mut turns = 0_u64;
            loop {
                turns = black_box(turns.wrapping_add(1));
            }
        }
        Standard::clock(request, settings)
    }
}

mortise_sdk::export_sla!(Turncoat);
