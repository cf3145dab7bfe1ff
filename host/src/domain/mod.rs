//! The rules of records: pure functions over values handed in by the caller.
//!
//! Nothing here is asynchronous, reads a clock, touches a file or a network, or makes up an
//! identifier: time is an argument and ids come from outside, so the same call always gives the
//! same answer. `mortise_types` (the process contract's Rust face) lies below this room; every
//! other room of the host lies above it.

pub mod access;
pub mod asset;
pub mod attachment;
pub mod audit;
pub mod automatic;
pub mod availability;
pub mod backtest;
pub mod breaker;
pub mod canonical;
pub mod change;
pub mod component;
pub mod configuration;
pub mod constant;
pub mod contract;
pub mod decision;
pub mod evidence;
pub mod expression;
pub mod field;
pub mod job;
pub mod kind;
pub mod ledger;
pub mod lifecycle;
pub mod lookup;
pub mod manual;
pub mod measure;
pub(crate) mod nearest;
pub mod number;
pub mod outcome;
pub mod period;
pub mod policy;
pub mod reading;
pub mod record;
pub mod recurrence;
pub mod refusal;
pub mod role;
pub mod sample;
pub mod search;
pub mod signature;
pub mod table;
pub mod time;
pub mod trend;
pub mod triage;
pub mod trust;
pub mod view;
pub mod when;
pub mod work;
pub mod workdays;

#[cfg(test)]
mod walk;

pub use audit::AuditEntry;
pub use field::{Field, FieldType};
pub use job::{Job, JobItem, JobState, Outcome};
pub use kind::{Kind, KindError, Kinds};
pub use lifecycle::TransitionContext;
pub use number::Number;
pub use record::{Change, Record, Stamp};
pub use refusal::{Class, FieldProblem, Refusal, rule};
pub use role::{Actor, Role, Who};
pub use time::Instant;
