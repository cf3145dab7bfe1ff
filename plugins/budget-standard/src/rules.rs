//! The operations of the budget process.

mod control;
mod cost;
mod period;
mod reading;

pub use control::{allocate, commit, line};
pub use cost::{change_cost, convert, run_rate, service_cost};
pub use period::{close, post};
