//! Instants, dates and time zones. Nothing here reads a clock.
//!
//! The zone database is the one compiled into the binary, never the machine's: two nodes and a
//! replay years later resolve a calendar in the same way.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment: milliseconds since 1970-01-01T00:00:00Z. Its text is RFC 3339 in UTC, with
/// milliseconds only where they are not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// Why a text is no moment that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnInstant {
    /// It is not in RFC 3339 form.
    #[error("must be a moment like 2026-03-31T09:30:00Z (RFC 3339, with its offset from UTC)")]
    Form,
    /// There is no such day, time of day or offset.
    #[error("names a day, a time of day or an offset from UTC that does not exist")]
    Missing,
    /// It is before the first or after the last moment that has a text.
    #[error("must be between {} and {}", Instant(FIRST), Instant(LAST))]
    Range,
}

/// The name is not in the zone database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time zone of the IANA database (like Asia/Shanghai)")]
pub struct UnknownZone(pub String);

/// The first and the last millisecond this type gives a text to: the years 1 to 9999, whose texts
/// sort like the moments they stand for.
const FIRST: i64 = -62_135_596_800_000;
const LAST: i64 = 253_402_207_200_000 - 1;

impl Instant {
    /// A moment from whole seconds since 1970-01-01T00:00:00Z (the unit of the process contracts).
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment `milliseconds` later (earlier when negative).
    #[must_use]
    pub fn plus(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// The calendar year in UTC, as record numbers use it.
    pub fn year(self) -> i16 {
        self.utc().date().year()
    }

    /// The text with exactly three digits of milliseconds, so that the order of texts is the order
    /// of moments.
    pub fn sortable(self) -> String {
        let utc = self.utc();
        format!("{}T{}.{:03}Z", utc.date(), clock(utc.time()), utc.time().millisecond())
    }

    fn timestamp(self) -> Timestamp {
        // Moments outside the years 1 to 9999 do not come in (see `from_str`); arithmetic that
        // left them stops at the end.
        Timestamp::from_millisecond(self.0.clamp(FIRST, LAST)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn utc(self) -> jiff::civil::DateTime {
        TimeZone::UTC.to_datetime(self.timestamp())
    }
}

fn clock(time: Time) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = self.utc();
        let time = utc.time();
        write!(f, "{}T{}", utc.date(), clock(time))?;
        if time.millisecond() != 0 {
            write!(f, ".{:03}", time.millisecond())?;
        }
        f.write_str("Z")
    }
}

impl FromStr for Instant {
    type Err = NotAnInstant;

    /// Reads RFC 3339 with any offset; parts of a millisecond are dropped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // jiff also reads other forms of ISO 8601; records keep to one.
        if !is_rfc3339(text) {
            return Err(NotAnInstant::Form);
        }
        let exists = |text: &str| text.parse::<Timestamp>().is_ok();
        let timestamp: Timestamp = text.parse().map_err(|_| {
            // A day that there is, and a time that there is on another day: only both together lie beyond the end.
            let day = text.get(..10).and_then(|day| day.parse::<Date>().ok());
            let clock = text.get(10..).is_some_and(|rest| exists(&format!("2000-01-02{rest}")));
            if day.is_some() && clock { NotAnInstant::Range } else { NotAnInstant::Missing }
        })?;
        let milliseconds = timestamp.as_nanosecond().div_euclid(1_000_000);
        let milliseconds = i64::try_from(milliseconds).map_err(|_| NotAnInstant::Range)?;
        if (FIRST..=LAST).contains(&milliseconds) { Ok(Self(milliseconds)) } else { Err(NotAnInstant::Range) }
    }
}

fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let matches = |bytes: &[u8], pattern: &str| {
        bytes.len() == pattern.len()
            && bytes.iter().zip(pattern.bytes()).all(|(byte, sign)| match sign {
                b'0' => byte.is_ascii_digit(),
                sign => *byte == sign,
            })
    };
    let Some((head, rest)) = bytes.split_at_checked(19) else {
        return false;
    };
    let fraction = match rest.split_first() {
        Some((b'.', digits)) => 1 + digits.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let offset = &rest[fraction..];
    matches(head, "0000-00-00T00:00:00")
        && fraction != 1
        && fraction <= 10
        && (offset == b"Z" || matches(offset, "+00:00") || matches(offset, "-00:00"))
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads a date: exactly `YYYY-MM-DD`, a day that exists, from the year 1 on.
pub fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 10 || text.starts_with(['-', '+']) {
        return None;
    }
    text.parse::<Date>().ok().filter(|date| date.year() > 0 && date.to_string() == text)
}

/// A date from days since 1970-01-01 (the unit of the process contracts); `None` beyond the years
/// 1 to 9999.
pub fn date_from_days(days: i32) -> Option<Date> {
    let date = Date::constant(1970, 1, 1).checked_add(Span::new().try_days(days).ok()?).ok()?;
    (date.year() > 0).then_some(date)
}

/// Days since 1970-01-01.
pub fn days_from_date(date: Date) -> i32 {
    // Two dates within jiff's range are at most 7.3 million days apart.
    date.since(Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days())
}

/// The date some months later; the day is clamped to the end of a shorter month
/// (2025-08-31 + 6 months = 2026-02-28). Stops at the year 9999.
pub fn add_months(date: Date, months: i32) -> Date {
    Span::new().try_months(months).map_or(date, |span| date.saturating_add(span))
}

/// The date some days later (earlier when negative). Stops at the year 9999.
pub fn add_days(date: Date, days: i32) -> Date {
    Span::new().try_days(days).map_or(date, |span| date.saturating_add(span))
}

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Checks a zone's name and returns it as the database spells it.
///
/// # Errors
///
/// [`UnknownZone`] when the database does not hold it.
pub fn zone_name(name: &str) -> Result<String, UnknownZone> {
    let zone = zone(name)?;
    Ok(zone.iana_name().unwrap_or(name).to_owned())
}

/// The zone of that name.
///
/// # Errors
///
/// [`UnknownZone`] when the database does not hold it.
pub(crate) fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    ZONES.get(name).map_err(|_| UnknownZone(name.to_owned()))
}

/// The zone's offsets from UTC, in seconds, that hold between two moments: first the one in force
/// at `from` (dated `from`), then every change after it up to and including `to`.
///
/// This is what a calendar hands to a component, which has no zone database (guide, section 3.1).
///
/// # Errors
///
/// [`UnknownZone`] when the database does not hold the zone.
pub fn utc_offsets(name: &str, from: Instant, to: Instant) -> Result<Vec<(Instant, i32)>, UnknownZone> {
    let zone = zone(name)?;
    let mut offsets = vec![(from, zone.to_offset(from.timestamp()).seconds())];
    for transition in zone.following(from.timestamp()) {
        let at = Instant(transition.timestamp().as_millisecond());
        if at > to {
            break;
        }
        let offset = transition.offset().seconds();
        // A transition may change the zone's abbreviation only.
        if offsets.last().is_none_or(|(_, last)| *last != offset) {
            offsets.push((at, offset));
        }
    }
    Ok(offsets)
}

/// The date on the wall of a zone at a moment.
///
/// # Errors
///
/// [`UnknownZone`] when the database does not hold the zone.
pub fn local_date(name: &str, at: Instant) -> Result<Date, UnknownZone> {
    Ok(zone(name)?.to_datetime(at.timestamp()).date())
}

/// The moment at which a date begins in a zone: local midnight, or the first moment after it where
/// the clocks skip midnight.
///
/// # Errors
///
/// [`UnknownZone`] when the database does not hold the zone.
pub fn start_of_day(name: &str, date: Date) -> Result<Instant, UnknownZone> {
    let zone = zone(name)?;
    let start = date.to_zoned(zone).and_then(|zoned| zoned.start_of_day());
    Ok(Instant(start.map_or(FIRST, |zoned| zoned.timestamp().as_millisecond())))
}
