//! Requests and outcomes of the service level process (guide, section 3.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod calendar;
mod chain;
mod clock;
mod forecast;
mod period;
#[cfg(test)]
mod tests;

pub use crate::common::{Attributes, Date, Instant, Interval, TimeOfDay, Weekday, Window, interval_pairs};
pub use calendar::{AdjustedWorkday, Calendar, Coverage, UtcOffset, Weekly};
pub use chain::{ChainElement, ChainOutcome, ChainRequest, ChainSla};
pub use clock::{Assessment, Clock, ClockOutcome, ClockRequest, ClockState, Level, Pause, Target, Thresholds, Ticket};
pub use forecast::{Assumption, ForecastOutcome, ForecastRequest, Outlook};
pub use period::{AvailabilityOutcome, AvailabilityRequest, ServiceTimeOutcome, ServiceTimeRequest};

/// A request, told apart in JSON by `op`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
pub enum Request {
    /// Where do the clocks of a ticket stand?
    Clock(ClockRequest),
    /// When was a service agreed, and when was it up?
    Availability(AvailabilityRequest),
    /// How much service time lies between two instants?
    ServiceTime(ServiceTimeRequest),
    /// Can an SLA be kept with the agreements under it?
    Chain(ChainRequest),
    /// Which priority do impact and urgency give?
    Priority(PriorityRequest),
    /// Where will the clocks of a ticket stand? Since `itsm:sla` 0.2.0.
    Forecast(ForecastRequest),
}

crate::request_by_op!(Request {
    "clock" => Clock,
    "availability" => Availability,
    "service-time" => ServiceTime,
    "chain" => Chain,
    "priority" => Priority,
    "forecast" => Forecast,
});

/// The outcome of the operation of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Outcome {
    Clock(ClockOutcome),
    Availability(AvailabilityOutcome),
    ServiceTime(ServiceTimeOutcome),
    Chain(ChainOutcome),
    Priority(PriorityOutcome),
    Forecast(ForecastOutcome),
}

crate::outcome_by_op!(Outcome {
    "clock" => Clock,
    "availability" => Availability,
    "service-time" => ServiceTime,
    "chain" => Chain,
    "priority" => Priority,
    "forecast" => Forecast,
});

/// Impact (1 is the highest) → urgency → priority.
pub type Matrix = BTreeMap<u32, BTreeMap<u32, String>>;

/// Priority → what was promised for it.
pub type Targets = BTreeMap<String, Target>;

/// Calendars by id.
pub type Calendars = BTreeMap<String, Calendar>;

/// Which priority do impact and urgency give?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityRequest {
    /// Priorities; without it the settings decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix: Option<Matrix>,
    /// Impact, 1 is the highest.
    pub impact: u32,
    /// Urgency, 1 is the highest.
    pub urgency: u32,
    /// Anything else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

/// The priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorityOutcome {
    /// E.g. `P3`.
    pub priority: String,
}
