//! Requests and outcomes of every process, as plain Rust types whose JSON form
//! is exactly that of the golden files.
//!
//! Guests use them through the SDK, the host uses them beneath its domain, the
//! tests read golden files with them. One module per process; `wit` holds the
//! conversions between these types and those that a bindings generator makes
//! from the WIT.

pub mod budget;
#[doc(hidden)]
pub mod by_op;
pub mod change_risk;
pub mod common;

pub mod money;
pub mod process;
pub mod sla;
pub mod supplier;
pub mod time;
#[doc(hidden)]
pub mod wit;

pub use common::{Attributes, Data, Decided, Milestone, Reason, Refusal, RefusalKind, Value};
pub use process::{Decision, Outcome, Process, Request};
pub use time::{Date, Instant, Interval, TimeOfDay, Weekday, Window};
