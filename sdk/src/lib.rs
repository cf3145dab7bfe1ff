//! Write a Mortise decision component in Rust.
//!
//! A component decides for one process. Implement that process's trait
//! ([`SlaPolicy`], [`ChangeRiskPolicy`], [`BudgetPolicy`] or [`SupplierPolicy`]) for a
//! type and export it with the macro of the same process:
//!
//! ```
//! use mortise_sdk::prelude::*;
//! use mortise_sdk::types::sla::{Coverage, ChainOutcome, ChainRequest};
//!
//! /// Every SLA is feasible.
//! struct Optimist;
//!
//! impl SlaPolicy for Optimist {
//!     type Settings = NoSettings;
//!
//!     fn chain(request: &ChainRequest, _: &NoSettings) -> Answer<ChainOutcome> {
//!         let outcome = ChainOutcome {
//!             committed_s: request.handover_s,
//!             slack_s: 0,
//!             feasible: true,
//!             findings: Vec::new(),
//!         };
//!         Ok(Decided::new(outcome, vec![Reason::new("optimism", "It will work out.")]))
//!     }
//! }
//!
//! mortise_sdk::export_sla!(Optimist);
//! # fn main() {}
//! ```
//!
//! Operations that are not implemented are refused with `not-supported`. A
//! rule is a pure function of request and settings: there is no clock, no
//! randomness, no file and no network in a component.

pub mod clocks;
mod log;
pub mod lookup;
mod policy;
mod settings;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use log::{Level, log};
pub use mortise_types as types;
pub use policy::{BudgetPolicy, ChangeRiskPolicy, Policy, SlaPolicy, SupplierPolicy};
pub use settings::{NoSettings, Problem, Settings};

/// Every decision has an instance of its own, whose memory goes as a whole: giving back parts of it is work for nothing.
#[cfg(all(target_arch = "wasm32", feature = "arena"))]
#[global_allocator]
static ARENA: mini_alloc::MiniAlloc = mini_alloc::MiniAlloc::INIT;

/// What a rule returns: the outcome with its reasons, or why there is none.
pub type Answer<T> = Result<types::Decided<T>, types::Refusal>;

/// What a component's code usually needs.
pub mod prelude {
    pub use crate::types::{Decided, Reason, Refusal};
    pub use crate::{
        Answer, BudgetPolicy, ChangeRiskPolicy, NoSettings, Policy, Problem, Settings, SlaPolicy, SupplierPolicy,
    };
}

// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

/// What the export macros expand to; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::policy::{budget, change_risk, sla, supplier, wrong_process};
    pub use wit_bindgen;
}
