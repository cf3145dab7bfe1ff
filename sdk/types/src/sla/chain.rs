//! The agreements under an SLA.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Coverage;
use crate::common::Attributes;

/// The customer's side of a chain of agreements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainSla {
    /// Seconds promised to the customer.
    pub target_s: u64,
    /// When the promise holds.
    pub coverage: Coverage,
}

/// One agreement under an SLA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainElement {
    /// Its number or name.
    pub id: String,
    /// Its kind, `OLA` or `UC`.
    pub kind: String,
    /// Its place in the chain; elements of one stage work in parallel.
    pub stage: u32,
    /// Seconds promised to us.
    pub target_s: u64,
    /// When that promise holds.
    pub coverage: Coverage,
}

/// Can an SLA be kept with the agreements under it?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainRequest {
    /// The SLA.
    pub sla: ChainSla,
    /// Seconds lost between the stages in total.
    #[serde(default)]
    pub handover_s: u64,
    /// The agreements under it.
    pub elements: Vec<ChainElement>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

/// Whether an SLA can be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainOutcome {
    /// Hand-over plus the longest target of each stage, seconds.
    pub committed_s: u64,
    /// SLA minus committed.
    pub slack_s: i64,
    /// No finding.
    pub feasible: bool,
    /// What is wrong, ascending.
    pub findings: Vec<String>,
}
