//! The standard rules of the service level process (guide, section 3.1).
//!
//! A component that varies them depends on this crate with
//! `default-features = false` and calls [`rules`] with other settings.

pub mod rules;
pub mod settings;

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{
    AvailabilityOutcome, AvailabilityRequest, ChainOutcome, ChainRequest, ClockOutcome,
    ClockRequest, PriorityOutcome, PriorityRequest, ServiceTimeOutcome, ServiceTimeRequest,
};

/// The standard policy.
#[derive(Debug)]
pub struct Standard;

impl SlaPolicy for Standard {
    type Settings = settings::Settings;

    fn clock(
        request: &ClockRequest,
        settings: &Self::Settings,
    ) -> Result<Decided<ClockOutcome>, Refusal> {
        rules::clock(request, settings)
    }

    fn availability(
        request: &AvailabilityRequest,
        _: &Self::Settings,
    ) -> Result<Decided<AvailabilityOutcome>, Refusal> {
        rules::availability(request)
    }

    fn service_time(
        request: &ServiceTimeRequest,
        _: &Self::Settings,
    ) -> Result<Decided<ServiceTimeOutcome>, Refusal> {
        rules::service_time(request)
    }

    fn chain(request: &ChainRequest, _: &Self::Settings) -> Result<Decided<ChainOutcome>, Refusal> {
        rules::chain(request)
    }

    fn priority(
        request: &PriorityRequest,
        settings: &Self::Settings,
    ) -> Result<Decided<PriorityOutcome>, Refusal> {
        rules::priority(request, settings)
    }
}

#[cfg(feature = "component")]
mortise_sdk::export_sla!(Standard);
