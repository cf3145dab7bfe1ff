//! Allocates until the 4 GB that a guest can address are full, or the host says no.

use std::hint::black_box;

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};

/// Allocates in `clock`.
pub struct Hog;

const MEGABYTE: usize = 1 << 20;

impl SlaPolicy for Hog {
    type Settings = NoSettings;

    fn clock(_: &ClockRequest, _: &NoSettings) -> Result<Decided<ClockOutcome>, Refusal> {
        let mut kept = Vec::new();
        loop {
            // Not zero: every page is really touched.
            kept.push(black_box(vec![1_u8; MEGABYTE]));
        }
    }
}

mortise_sdk::export_sla!(Hog);
