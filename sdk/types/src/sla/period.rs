//! Service time and availability of a period.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Calendars;
use crate::common::Attributes;
use crate::time::{Instant, Interval, interval_pairs};

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
