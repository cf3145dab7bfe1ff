//! The standard rules of the service level process (guide, section 3.1).
//!
//! Pure functions without a clock: the instant of judgement is part of the
//! request. The component `sla-standard` exports [`Standard`]; a component that
//! varies the rules depends on this crate, since a component has only one set
//! of exports, and calls it with other settings or other requests.

mod availability;
mod chain;
mod clock;
mod explain;
mod forecast;
mod priority;
mod promise;
mod service;
mod settings;
mod span;
mod ticket;

use mortise_sdk::prelude::*;
use mortise_sdk::types::sla::{
    AvailabilityOutcome, AvailabilityRequest, ChainOutcome, ChainRequest, ClockOutcome, ClockRequest, ForecastOutcome,
    ForecastRequest, PriorityOutcome, PriorityRequest, ServiceTimeOutcome, ServiceTimeRequest,
};

pub use settings::{Profile, Settings, Target};

/// The standard policy.
#[derive(Debug)]
pub struct Standard;

impl SlaPolicy for Standard {
    type Settings = Settings;

    fn clock(request: &ClockRequest, settings: &Settings) -> Answer<ClockOutcome> {
        clock::clock(request, settings)
    }

    fn availability(request: &AvailabilityRequest, _: &Settings) -> Answer<AvailabilityOutcome> {
        availability::availability(request)
    }

    fn service_time(request: &ServiceTimeRequest, _: &Settings) -> Answer<ServiceTimeOutcome> {
        availability::service_time(request)
    }

    fn chain(request: &ChainRequest, _: &Settings) -> Answer<ChainOutcome> {
        chain::chain(request)
    }

    fn priority(request: &PriorityRequest, settings: &Settings) -> Answer<PriorityOutcome> {
        priority::priority(request, settings)
    }

    fn forecast(request: &ForecastRequest, settings: &Settings) -> Answer<ForecastOutcome> {
        forecast::forecast(request, settings)
    }
}

mortise_sdk::policy_sla!(Standard);
