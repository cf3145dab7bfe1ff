//! The standard decision, after more log lines than any host should write.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};
use mortise_sdk::{Level, log};
use sla_rules::{Settings, Standard};

/// Logs in `clock`.
pub struct LogFlood;

const LINES: usize = 10_000;
const LENGTH: usize = 1000;

impl SlaPolicy for LogFlood {
    type Settings = Settings;

    fn clock(request: &ClockRequest, settings: &Settings) -> Result<Decided<ClockOutcome>, Refusal> {
        let line = "flood ".repeat(LENGTH / 6);
        for _ in 0..LINES {
            log(Level::Warn, &line);
        }
        Standard::clock(request, settings)
    }
}

mortise_sdk::export_sla!(LogFlood);
