//! The standard rules with every target doubled: whoever swaps it in sees the next decision
//! change by a known factor.

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{
    AvailabilityOutcome, AvailabilityRequest, ChainOutcome, ChainRequest, ClockOutcome, ClockRequest, PriorityOutcome,
    PriorityRequest, ServiceTimeOutcome, ServiceTimeRequest,
};
use sla_rules::{Settings, Standard};

/// Gives twice the time.
pub struct Double;

impl SlaPolicy for Double {
    type Settings = Settings;

    fn clock(request: &ClockRequest, settings: &Settings) -> Result<Decided<ClockOutcome>, Refusal> {
        let (mut request, mut settings) = (request.clone(), settings.clone());
        for target in request.targets.iter_mut().flat_map(|map| map.values_mut()) {
            target.response_s *= 2;
            target.resolution_s *= 2;
        }
        for target in settings.targets.values_mut() {
            target.response_s *= 2;
            target.resolution_s *= 2;
        }
        Standard::clock(&request, &settings)
    }

    fn availability(
        request: &AvailabilityRequest,
        settings: &Settings,
    ) -> Result<Decided<AvailabilityOutcome>, Refusal> {
        Standard::availability(request, settings)
    }

    fn service_time(request: &ServiceTimeRequest, settings: &Settings) -> Result<Decided<ServiceTimeOutcome>, Refusal> {
        Standard::service_time(request, settings)
    }

    fn chain(request: &ChainRequest, settings: &Settings) -> Result<Decided<ChainOutcome>, Refusal> {
        Standard::chain(request, settings)
    }

    fn priority(request: &PriorityRequest, settings: &Settings) -> Result<Decided<PriorityOutcome>, Refusal> {
        Standard::priority(request, settings)
    }
}

mortise_sdk::export_sla!(Double);
