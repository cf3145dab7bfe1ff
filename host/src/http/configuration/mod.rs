//! Configuration management: relations and impact.

pub(super) mod impact;
pub(super) mod relations;
