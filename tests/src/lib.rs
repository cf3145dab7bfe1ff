//! Integration tests: one binary, stories on both databases.

pub mod app;
pub mod client;
pub mod postgres;

#[cfg(test)]
mod change;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod import;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod sla;
#[cfg(test)]
mod swap;
