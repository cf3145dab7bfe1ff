//! Dates, instants and times of day, in the forms of the golden files.
//!
//! The civil calendar is the proleptic Gregorian one, computed here: a time
//! zone or date crate would be most of a guest's size.

use std::fmt;
use std::str::FromStr;

mod form;
#[cfg(test)]
mod tests;

pub use form::interval_pairs;

/// Seconds in a day.
pub const DAY_S: i64 = 86_400;

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// JSON: RFC 3339. Any offset is read, fractions are cut off; written in UTC (`Z`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub i64);

/// A calendar date: days since 1970-01-01. JSON: `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Date(pub i32);

/// A local time of day in minutes since midnight, 0 to 1440. JSON: `HH:MM`, `24:00` included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeOfDay(pub u16);

/// A half-open stretch of time `[from, to)`. JSON: `{"from": …, "to": …}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// First instant of it.
    pub from: Instant,
    /// First instant after it.
    pub to: Instant,
}

/// A service window `[start, end)` of a day in local time. JSON: `["09:00", "12:00"]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// First minute in service.
    pub start: TimeOfDay,
    /// First minute after it.
    pub end: TimeOfDay,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Date {
    /// The date of a year, month 1–12 and day of month; none if there is no such day.
    #[must_use]
    pub fn from_civil(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(0..=9999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if day < 1 || day > days_in_month(year, month) {
            return None;
        }
        Some(Self(days_from_civil(year, month, day)))
    }

    /// Year, month 1–12 and day of month.
    #[must_use]
    pub fn civil(self) -> (i32, u32, u32) {
        civil_from_days(i64::from(self.0))
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        match (i64::from(self.0) + 3).rem_euclid(7) {
            0 => Weekday::Mon,
            1 => Weekday::Tue,
            2 => Weekday::Wed,
            3 => Weekday::Thu,
            4 => Weekday::Fri,
            5 => Weekday::Sat,
            _ => Weekday::Sun,
        }
    }

    /// The same day of a later month; a day that month lacks becomes its last day.
    #[must_use]
    pub fn add_months(self, months: u32) -> Self {
        let (year, month, day) = self.civil();
        let index = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
        let year = i32::try_from(index.div_euclid(12)).unwrap_or(i32::MAX / 400);
        let month = index.rem_euclid(12) as u32 + 1;
        Self(days_from_civil(year, month, day.min(days_in_month(year, month))))
    }
}

/// The number of days of a month 1–12.
#[must_use]
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years are counted from March, so that the leap day
/// ends a year, in eras of 400 years, which all have the same length.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month as i32 + 9) % 12) + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // Wraps only for years beyond ±5.8 million, which no constructor lets in.
    era.wrapping_mul(146_097).wrapping_add(day_of_era - 719_468)
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i32, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

/// `count` ASCII digits at `at`, as a number.
fn digits(text: &[u8], at: usize, count: usize) -> Option<u32> {
    text.get(at..at + count)?
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

fn parse_date(text: &[u8]) -> Option<Date> {
    if text.get(4) != Some(&b'-') || text.get(7) != Some(&b'-') {
        return None;
    }
    Date::from_civil(digits(text, 0, 4)? as i32, digits(text, 5, 2)?, digits(text, 8, 2)?)
}

fn parse_instant(text: &[u8]) -> Option<Instant> {
    let date = parse_date(text)?;
    if !matches!(text.get(10), Some(b'T' | b't' | b' ')) || text.get(13) != Some(&b':') || text.get(16) != Some(&b':') {
        return None;
    }
    let (hour, minute, second) = (digits(text, 11, 2)?, digits(text, 14, 2)?, digits(text, 17, 2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        rest = &fraction[length..];
    }
    let offset_s = match rest {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), zone @ ..] if zone.len() == 5 && zone[2] == b':' => {
            let (hours, minutes) = (digits(zone, 0, 2)?, digits(zone, 3, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let size = i64::from(hours * 3600 + minutes * 60);
            if *sign == b'-' { -size } else { size }
        }
        _ => return None,
    };
    let local = i64::from(hour * 3600 + minute * 60 + second);
    Some(Instant(i64::from(date.0) * DAY_S + local - offset_s))
}

impl FromStr for Instant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_instant(text.as_bytes())
            .ok_or_else(|| format!("`{text}` is not an instant such as 2025-06-03T02:10:00Z (RFC 3339)"))
    }
}

impl FromStr for Date {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = text.as_bytes();
        parse_date(bytes)
            .filter(|_| bytes.len() == 10)
            .ok_or_else(|| format!("`{text}` is not a date such as 2025-06-03"))
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = text.as_bytes();
        let parse = || {
            let minutes = digits(bytes, 0, 2)? * 60 + digits(bytes, 3, 2)?;
            let whole = bytes.len() == 5 && bytes[2] == b':' && digits(bytes, 3, 2)? < 60;
            (whole && minutes <= 1440).then_some(TimeOfDay(minutes as u16))
        };
        parse().ok_or_else(|| format!("`{text}` is not a time of day from 00:00 to 24:00"))
    }
}

/// A year as RFC 3339 has it; outside its range signed and longer, as ISO 8601 does.
fn write_date(f: &mut fmt::Formatter<'_>, days: i64) -> fmt::Result {
    let (year, month, day) = civil_from_days(days);
    if (0..=9999).contains(&year) {
        write!(f, "{year:04}-{month:02}-{day:02}")
    } else {
        write!(f, "{year:+07}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_date(f, self.0.div_euclid(DAY_S))?;
        let second = self.0.rem_euclid(DAY_S);
        write!(f, "T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_date(f, i64::from(self.0))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}
