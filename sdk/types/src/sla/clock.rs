//! The clocks of a ticket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Calendars, Matrix, Targets};
use crate::common::Attributes;
use crate::time::Instant;

/// What was promised for one priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Seconds of service time until the first human answer.
    pub response_s: u64,
    /// Seconds of service time until the service is restored.
    pub resolution_s: u64,
    /// Id of the calendar that measures both.
    pub calendar: String,
}

/// Percentages of the target from which a clock warns. JSON: `[warning, critical]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Thresholds {
    /// From here the level is `warning`.
    pub warning: u32,
    /// From here the level is `critical`.
    pub critical: u32,
}

impl From<(u32, u32)> for Thresholds {
    fn from((warning, critical): (u32, u32)) -> Self {
        Self { warning, critical }
    }
}

impl From<Thresholds> for (u32, u32) {
    fn from(value: Thresholds) -> Self {
        (value.warning, value.critical)
    }
}

/// Impact and urgency from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Since when.
    pub at: Instant,
    /// Impact, 1 is the highest.
    pub impact: u32,
    /// Urgency, 1 is the highest.
    pub urgency: u32,
}

/// A stretch in which the ticket waited for the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// First instant of waiting.
    pub from: Instant,
    /// First instant after it; none while it lasts.
    #[serde(default)]
    pub to: Option<Instant>,
}

/// The part of an incident or request that the clocks depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// Start of both clocks.
    pub opened_at: Instant,
    /// Impact and urgency over time; at least one entry.
    pub history: Vec<Assessment>,
    /// First human answer.
    #[serde(default)]
    pub responded_at: Option<Instant>,
    /// Restoration of the service.
    #[serde(default)]
    pub restored_at: Option<Instant>,
    /// Waiting for the customer.
    #[serde(default)]
    pub pauses: Vec<Pause>,
}

/// Where do the clocks of a ticket stand?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockRequest {
    /// The instant of judgement.
    pub now: Instant,
    /// Priorities; without it the settings decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
    /// Warning levels; without it the settings decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_pct: Option<Thresholds>,
    /// Targets; without it the settings decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub targets: Option<Targets>,
    /// The calendars that the targets name.
    pub calendars: Calendars,
    /// The ticket.
    pub ticket: Ticket,
    /// Anything else known about the ticket.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

/// Whether a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockState {
    /// It runs.
    Running,
    /// It waits for the customer.
    Paused,
    /// Its goal was reached.
    Stopped,
}

/// How close a clock is to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Below the warning threshold.
    Ok,
    /// From the warning threshold.
    Warning,
    /// From the critical threshold up to and including the target.
    Critical,
    /// Over the target.
    Breached,
}

/// One clock of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Seconds of service time promised at the priority that counts now.
    pub target_s: u64,
    /// Seconds of service time used.
    pub elapsed_s: u64,
    /// Target minus elapsed.
    pub remaining_s: i64,
    /// Elapsed as a share of the target, rounded down.
    pub percent: u64,
    /// Whether it runs.
    pub state: ClockState,
    /// How close it is.
    pub level: Level,
    /// Whether the target was kept; none while not stopped.
    pub met: Option<bool>,
    /// Earliest instant at which the target is reached; see the WIT.
    pub due_at: Option<Instant>,
    /// First instant at which the target valid then was passed.
    pub breached_at: Option<Instant>,
    /// Whether that ever happened.
    pub ever_breached: bool,
}

/// The clocks of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockOutcome {
    /// The priority valid at the end of the judgement.
    pub priority: String,
    /// Until the first human answer.
    pub response: Clock,
    /// Until the service is restored.
    pub resolution: Clock,
}
