//! The reference component of the service level process: exports the standard
//! rules of the crate `sla-rules`.

pub use sla_rules as rules;
pub use sla_rules::Standard;

mortise_sdk::component_sla!(sla_rules::Standard, with forecast);
