//! Where the clocks of a ticket will stand.

use serde::{Deserialize, Serialize};

use super::{Clock, ClockRequest};
use crate::time::Instant;

/// What is assumed about the time after a judgement. What is not assumed stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Assumption {
    /// Impact from the judgement on, 1 is the highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<u32>,
    /// Urgency from the judgement on, 1 is the highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgency: Option<u32>,
    /// The ticket waits for the customer from the judgement until here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<Instant>,
}

/// Where will the clocks of a ticket stand if nobody answers and nothing is restored?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastRequest {
    /// The ticket as it stands at `now`.
    pub clocks: ClockRequest,
    /// Instants to look at: 1 to 64, ascending, none before `now`.
    pub at: Vec<Instant>,
    /// What is assumed.
    #[serde(default)]
    pub assume: Assumption,
}

/// The clocks at one later instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlook {
    /// The instant.
    pub at: Instant,
    /// The priority that is valid then.
    pub priority: String,
    /// Until the first human answer.
    pub response: Clock,
    /// Until the service is restored.
    pub resolution: Clock,
}

/// What will become of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastOutcome {
    /// One for each instant asked for, in the same order.
    pub outlooks: Vec<Outlook>,
    /// Last instant at which a first answer still keeps its target; none if there was one, or if it is too late.
    pub respond_by: Option<Instant>,
    /// Last instant at which restoring the service still keeps its target; none if it is restored, or if it is too
    /// late.
    pub restore_by: Option<Instant>,
}
