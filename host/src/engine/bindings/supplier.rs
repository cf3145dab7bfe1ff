//! Supplier evaluation (`itsm:supplier`).

use mortise_types::supplier as plain;

use super::evaluator;
use generated::itsm::supplier::types as wit;

mod generated {
    wasmtime::component::bindgen!({
        path: ["../wit/types", "../wit/log", "../wit/plugin", "../wit/supplier"],
        world: "itsm:supplier/policy",
        with: {
            "itsm:types/types": crate::engine::bindings::shared::itsm::types::types,
            "itsm:log/log": crate::engine::bindings::shared::itsm::log::log,
        },
        exports: { default: async },
    });
}

mortise_types::supplier_conversions!(crate::engine::bindings::supplier::generated::itsm);

evaluator! {
    interfaces: ["itsm:supplier/evaluator@0.1.0"],
    request: plain::Request,
    outcome: Supplier,
    score = "score": Score(ScoreRequest -> ScoreDecision) from it => it to std::convert::identity;
}
