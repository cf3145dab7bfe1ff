//! The rules, one file per subject. Pure functions without a clock: the
//! instant of judgement is part of the request.

mod availability;
mod chain;
mod clock;
mod priority;
mod service;
mod span;

pub use availability::{availability, service_time};
pub use chain::chain;
pub use clock::clock;
pub use priority::priority;
