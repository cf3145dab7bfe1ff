//! Integration tests: one binary, stories on both databases.

pub mod app;
pub mod postgres;

#[cfg(test)]
mod sla;
#[cfg(test)]
mod swap;
