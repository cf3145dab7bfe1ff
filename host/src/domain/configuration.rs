//! Configuration management (guide, P21): relations between items, services, assets and contracts, what depends on
//! what, baselines, and the comparison of an audit.

pub mod audit;
pub mod baseline;
pub mod graph;
pub mod relations;
pub mod spread;

#[cfg(test)]
mod tests;
