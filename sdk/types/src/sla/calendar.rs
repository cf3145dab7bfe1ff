//! Service calendars.

use serde::{Deserialize, Serialize};

use crate::time::{Date, Instant, Weekday, Window};

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
