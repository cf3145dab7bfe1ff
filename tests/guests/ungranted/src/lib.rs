//! The standard decision, after one log line: harmless, yet the import needs a grant.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{ClockOutcome, ClockRequest};
use mortise_sdk::{Level, log};
use sla_rules::{Settings, Standard};

/// Logs once in `clock`.
pub struct Ungranted;

impl SlaPolicy for Ungranted {
    type Settings = Settings;

    fn clock(request: &ClockRequest, settings: &Settings) -> Result<Decided<ClockOutcome>, Refusal> {
        log(Level::Info, "measuring the clocks of a ticket");
        Standard::clock(request, settings)
    }
}

mortise_sdk::export_sla!(Ungranted);
