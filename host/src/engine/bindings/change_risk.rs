//! Change risk scoring (`itsm:change-risk`).

use mortise_types::change_risk as plain;

use super::evaluator;
use generated::itsm::change_risk::types as wit;

mod generated {
    wasmtime::component::bindgen!({
        path: ["../wit/types", "../wit/log", "../wit/plugin", "../wit/change-risk"],
        world: "itsm:change-risk/policy",
        with: {
            "itsm:types/types": crate::engine::bindings::shared::itsm::types::types,
            "itsm:log/log": crate::engine::bindings::shared::itsm::log::log,
        },
        exports: { default: async },
    });
}

mortise_types::change_risk_conversions!(crate::engine::bindings::change_risk::generated::itsm);

evaluator! {
    interfaces: ["itsm:change-risk/evaluator@0.1.0"],
    request: plain::Request,
    outcome: ChangeRisk,
    score = "score": Score(ScoreRequest -> ScoreDecision) from it => it to std::convert::identity;
}
