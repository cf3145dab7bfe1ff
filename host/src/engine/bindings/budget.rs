//! Budgeting and accounting (`itsm:budget`).

use mortise_types::budget as plain;

use super::evaluator;
use generated::itsm::budget::types as wit;

mod generated {
    wasmtime::component::bindgen!({
        path: ["../wit/types", "../wit/log", "../wit/plugin", "../wit/budget"],
        world: "itsm:budget/policy",
        with: {
            "itsm:types/types": crate::engine::bindings::shared::itsm::types::types,
            "itsm:log/log": crate::engine::bindings::shared::itsm::log::log,
        },
        exports: { default: async },
    });
}

mortise_types::budget_conversions!(crate::engine::bindings::budget::generated::itsm);

evaluator! {
    interfaces: ["itsm:budget/evaluator@0.1.0"],
    request: plain::Request,
    outcome: Budget,
    allocate = "allocate": Allocate(AllocateRequest -> AllocateDecision)
        from plain::Request::Allocate(it) => it to plain::Outcome::Allocate;
    line = "line": Line(LineRequest -> LineDecision)
        from plain::Request::Line(it) => it to plain::Outcome::Line;
    commit = "commit": Commit(CommitRequest -> CommitDecision)
        from plain::Request::Commit(it) => it to plain::Outcome::Commit;
    change_cost = "change-cost": ChangeCost(ChangeCostRequest -> ChangeCostDecision)
        from plain::Request::ChangeCost(it) => it to plain::Outcome::ChangeCost;
    service_cost = "service-cost": ServiceCost(ServiceCostRequest -> ServiceCostDecision)
        from plain::Request::ServiceCost(it) => it to plain::Outcome::ServiceCost;
    close = "close": Close(CloseRequest -> CloseDecision)
        from plain::Request::Close(it) => it to plain::Outcome::Close;
    post = "post": Post(PostRequest -> PostDecision)
        from plain::Request::Post(it) => it to plain::Outcome::Post;
    run_rate = "run-rate": RunRate(RunRateRequest -> RunRateDecision)
        from plain::Request::RunRate(it) => it to plain::Outcome::RunRate;
    convert = "convert": Convert(ConvertRequest -> ConvertDecision)
        from plain::Request::Convert(it) => it to plain::Outcome::Convert;
}
