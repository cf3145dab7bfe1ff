//! Requests and outcomes of the service level process (guide, section 3.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::common::{
    Attributes, Date, Instant, Interval, TimeOfDay, Weekday, Window, interval_pairs,
};

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
}

crate::request_by_op!(Request {
    "clock" => Clock,
    "availability" => Availability,
    "service-time" => ServiceTime,
    "chain" => Chain,
    "priority" => Priority,
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
}

crate::outcome_by_op!(Outcome {
    "clock" => Clock,
    "availability" => Availability,
    "service-time" => ServiceTime,
    "chain" => Chain,
    "priority" => Priority,
});

/// Impact (1 is the highest) → urgency → priority.
pub type Matrix = BTreeMap<u32, BTreeMap<u32, String>>;

/// Priority → what was promised for it.
pub type Targets = BTreeMap<String, Target>;

/// Calendars by id.
pub type Calendars = BTreeMap<String, Calendar>;

/// When service is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Coverage {
    /// Always.
    #[serde(rename = "24x7")]
    Continuous,
    /// In the windows of a plan.
    #[serde(rename = "business")]
    Business,
}

/// The windows of each day of an ordinary week; a day that is left out has no service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct Weekly {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mon: Vec<Window>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tue: Vec<Window>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wed: Vec<Window>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thu: Vec<Window>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fri: Vec<Window>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sat: Vec<Window>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sun: Vec<Window>,
}

impl Weekly {
    /// The windows of a day of the week.
    #[must_use]
    pub fn on(&self, day: Weekday) -> &[Window] {
        match day {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }
}

/// A date on which the plan of a named weekday is used (调休上班日).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustedWorkday {
    /// The local date.
    pub date: Date,
    /// Whose plan it uses.
    #[serde(rename = "use")]
    pub plan: Weekday,
}

/// Local time minus UTC, from an instant on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UtcOffset {
    /// First instant with this offset.
    pub from: Instant,
    /// Seconds to add to UTC.
    pub offset_s: i32,
}

/// A service calendar whose zone the host has resolved to offsets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// IANA name of the zone, for people.
    pub time_zone: String,
    /// Always, or in the windows.
    pub mode: Coverage,
    /// The plan of an ordinary week.
    #[serde(default)]
    pub weekly: Weekly,
    /// Local dates without service.
    #[serde(default)]
    pub holidays: Vec<Date>,
    /// Local dates with another day's plan.
    #[serde(default)]
    pub adjusted_workdays: Vec<AdjustedWorkday>,
    /// Ascending; the first entry is not later than the first instant judged.
    #[serde(default)]
    pub utc_offsets: Vec<UtcOffset>,
}

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

/// When was a service agreed, and when was it up?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityRequest {
    /// Id of the calendar of the agreed service time.
    pub calendar: String,
    /// The calendar, at least.
    pub calendars: Calendars,
    /// Promised availability, thousandths of a percent.
    pub target_milli_pct: u32,
    /// The period judged.
    pub period: Interval,
    /// Maintenance agreed with the customer.
    #[serde(default)]
    pub planned_maintenance: Vec<Interval>,
    /// Reports of outages; they may overlap.
    #[serde(default)]
    pub outages: Vec<Interval>,
    /// Anything else known about the service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

/// The availability of a service in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityOutcome {
    /// Agreed service time, seconds.
    pub agreed_s: u64,
    /// Outage within agreed service time, seconds.
    pub down_s: u64,
    /// Thousandths of a percent, half up; none without agreed service time.
    pub availability_milli_pct: Option<u32>,
    /// Whether the exact share reached the target; none without agreed service time.
    pub met: Option<bool>,
    /// Merged outages that fell into agreed service time.
    pub outage_count: u32,
}

/// How much service time lies between two instants?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTimeRequest {
    /// Id of the calendar.
    pub calendar: String,
    /// The calendar, at least.
    pub calendars: Calendars,
    /// From when.
    pub from: Instant,
    /// Until when.
    pub to: Instant,
    /// Anything else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

/// The service time in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceTimeOutcome {
    /// Seconds.
    pub service_s: u64,
    /// The stretches of service, ascending, merged. JSON: `[from, to]` pairs.
    #[serde(with = "interval_pairs")]
    pub intervals: Vec<Interval>,
}

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
