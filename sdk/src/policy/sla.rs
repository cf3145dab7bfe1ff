//! Service levels.

use mortise_types::sla::{
    AvailabilityOutcome, AvailabilityRequest, ChainOutcome, ChainRequest, ClockOutcome, ClockRequest, ForecastOutcome,
    ForecastRequest, Outcome, PriorityOutcome, PriorityRequest, Request, ServiceTimeOutcome, ServiceTimeRequest,
};
use mortise_types::{Decided, Refusal};

use crate::settings::Settings;

/// The rules of the service level process (guide, section 3.1).
///
/// Every operation that is not implemented is refused with `not-supported`.
pub trait SlaPolicy {
    /// The component's settings.
    type Settings: Settings;

    /// Where do the clocks of a ticket stand?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn clock(_request: &ClockRequest, _settings: &Self::Settings) -> Result<Decided<ClockOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation clock"))
    }

    /// When was a service agreed, and when was it up?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn availability(
        _request: &AvailabilityRequest,
        _settings: &Self::Settings,
    ) -> Result<Decided<AvailabilityOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation availability"))
    }

    /// How much service time lies between two instants?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn service_time(
        _request: &ServiceTimeRequest,
        _settings: &Self::Settings,
    ) -> Result<Decided<ServiceTimeOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation service-time"))
    }

    /// Can an SLA be kept with the agreements under it?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn chain(_request: &ChainRequest, _settings: &Self::Settings) -> Result<Decided<ChainOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation chain"))
    }

    /// Which priority do impact and urgency give?
    ///
    /// # Errors
    /// The refusal of the rules.
    fn priority(_request: &PriorityRequest, _settings: &Self::Settings) -> Result<Decided<PriorityOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation priority"))
    }

    /// Where will the clocks of a ticket stand? Reaches a host only from a component that is exported with its
    /// forecast: `export_sla!(Type, with forecast)`, which builds it against `itsm:sla` 0.2.0.
    ///
    /// # Errors
    /// The refusal of the rules.
    fn forecast(_request: &ForecastRequest, _settings: &Self::Settings) -> Result<Decided<ForecastOutcome>, Refusal> {
        Err(Refusal::not_supported("this component has no operation forecast"))
    }
}

/// Runs the operation that a request names.
///
/// # Errors
/// The refusal of the rules.
pub fn decide<P: SlaPolicy>(request: &Request, settings: &P::Settings) -> Result<Decided<Outcome>, Refusal> {
    Ok(match request {
        Request::Clock(request) => P::clock(request, settings)?.map(Outcome::Clock),
        Request::Availability(request) => P::availability(request, settings)?.map(Outcome::Availability),
        Request::ServiceTime(request) => P::service_time(request, settings)?.map(Outcome::ServiceTime),
        Request::Chain(request) => P::chain(request, settings)?.map(Outcome::Chain),
        Request::Priority(request) => P::priority(request, settings)?.map(Outcome::Priority),
        Request::Forecast(request) => P::forecast(request, settings)?.map(Outcome::Forecast),
    })
}

/// Exports a type that implements [`SlaPolicy`] as a component of the process `sla`.
///
/// Name, version and summary of the component are those of the crate
/// (`Cargo.toml`: `name`, `version`, `description`).
///
/// `export_sla!(Type)` builds against `itsm:sla` 0.1.0, which every host runs. `export_sla!(Type, with forecast)`
/// builds against 0.2.0: the host then asks [`SlaPolicy::forecast`] too, and a host that knows only 0.1.0 refuses the
/// component by name.
#[macro_export]
macro_rules! export_sla {
    ($policy:ty $(, $($with:ident)+)?) => {
        $crate::policy_sla!($policy);
        $crate::component_sla!($policy $(, $($with)+)?);
    };
}

/// Makes a type that implements [`SlaPolicy`] a [`Policy`](crate::Policy) without exporting it:
/// for a library of rules that several components share.
#[macro_export]
macro_rules! policy_sla {
    ($policy:ty) => {
        $crate::__policy!($policy, SlaPolicy, Sla, sla);
    };
}

/// Exports a [`Policy`](crate::Policy) of a library as a component of the process `sla`; `, with forecast` as in
/// [`export_sla!`](crate::export_sla).
#[macro_export]
macro_rules! component_sla {
    ($policy:ty) => {
        $crate::component_sla! {
            @world $policy,
            bindings: __sla_bindings,
            conversions: [sla_conversions],
            added: {},
        }
    };
    ($policy:ty, with forecast) => {
        $crate::component_sla! {
            @world $policy,
            bindings: __sla_0_2_bindings,
            conversions: [sla_conversions, sla_forecast_conversions],
            added: { forecast: { forecast(ForecastRequest) -> ForecastDecision } },
        }
    };
    (@world $policy:ty, $($world:tt)+) => {
        $crate::__component! {
            policy: $policy,
            as: SlaPolicy,
            module: sla,
            $($world)+
            operations: {
                clock(ClockRequest) -> ClockDecision,
                availability(AvailabilityRequest) -> AvailabilityDecision,
                service_time(ServiceTimeRequest) -> ServiceTimeDecision,
                chain(ChainRequest) -> ChainDecision,
                priority(PriorityRequest) -> PriorityDecision,
            },
        }
    };
}
