//! Service level calculation (`itsm:sla`).

use mortise_types::sla as plain;

use super::evaluator;
use generated::itsm::sla::types as wit;

mod generated {
    wasmtime::component::bindgen!({
        path: ["../wit/types", "../wit/log", "../wit/plugin", "../wit/sla-0.2.0"],
        world: "itsm:sla/policy",
        with: {
            "itsm:types/types": crate::engine::bindings::shared::itsm::types::types,
            "itsm:log/log": crate::engine::bindings::shared::itsm::log::log,
        },
        exports: { default: async },
    });
}

mortise_types::sla_conversions!(crate::engine::bindings::sla::generated::itsm);
mortise_types::sla_forecast_conversions!(crate::engine::bindings::sla::generated::itsm);

evaluator! {
    interfaces: ["itsm:sla/evaluator@0.2.0", "itsm:sla/evaluator@0.1.0"],
    request: plain::Request,
    outcome: Sla,
    clock = "clock": Clock(ClockRequest -> ClockDecision)
        from plain::Request::Clock(it) => it to plain::Outcome::Clock;
    availability = "availability": Availability(AvailabilityRequest -> AvailabilityDecision)
        from plain::Request::Availability(it) => it to plain::Outcome::Availability;
    service_time = "service-time": ServiceTime(ServiceTimeRequest -> ServiceTimeDecision)
        from plain::Request::ServiceTime(it) => it to plain::Outcome::ServiceTime;
    chain = "chain": Chain(ChainRequest -> ChainDecision)
        from plain::Request::Chain(it) => it to plain::Outcome::Chain;
    priority = "priority": Priority(PriorityRequest -> PriorityDecision)
        from plain::Request::Priority(it) => it to plain::Outcome::Priority;
    + "itsm:sla/forecast@0.2.0" {
        forecast = "forecast": Forecast(ForecastRequest -> ForecastDecision)
            from plain::Request::Forecast(it) => it to plain::Outcome::Forecast;
    }
}
