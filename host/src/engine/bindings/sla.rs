//! Service level calculation (`itsm:sla`).

use mortise_types::sla as plain;

use super::evaluator;
use generated::itsm::sla::types as wit;

/// The contract in binary form, against which an upload is compared.
pub(in crate::engine) use generated::COMPONENT_TYPE as CONTRACT;

mod generated {
    wasmtime::component::bindgen!({
        path: ["../wit/types", "../wit/log", "../wit/plugin", "../wit/sla"],
        world: "itsm:sla/policy",
        with: {
            "itsm:types/types": crate::engine::bindings::shared::itsm::types::types,
            "itsm:log/log": crate::engine::bindings::shared::itsm::log::log,
        },
        exports: { default: async },
        include_component_type: true,
    });
}

mortise_types::sla_conversions!(crate::engine::bindings::sla::generated::itsm);

evaluator! {
    interface: "itsm:sla/evaluator@0.1.0",
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
}
