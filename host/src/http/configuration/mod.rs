//! Configuration management: relations, impact, baselines and audits.

pub(super) mod baseline;
pub(super) mod discovery;
pub(super) mod impact;
pub(super) mod relations;
