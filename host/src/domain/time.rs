//! Instants, dates and time zones. Nothing here reads a clock.
//!
//! The zone database is the one compiled into the binary, never the machine's: two nodes and a
//! replay years later resolve a calendar in the same way.

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

/// The text is not a moment in RFC 3339 form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a moment like 2026-03-31T09:30:00Z (RFC 3339, with its offset from UTC)")]
pub struct NotAnInstant;

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
            return Err(NotAnInstant);
        }
        let timestamp: Timestamp = text.parse().map_err(|_| NotAnInstant)?;
        let milliseconds = timestamp.as_nanosecond().div_euclid(1_000_000);
        let milliseconds = i64::try_from(milliseconds).map_err(|_| NotAnInstant)?;
        if (FIRST..=LAST).contains(&milliseconds) { Ok(Self(milliseconds)) } else { Err(NotAnInstant) }
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
    let Some((head, rest)) = bytes.split_at_checked(19) else { return false };
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

fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn moments_are_read_and_printed() {
        assert_eq!(at("1970-01-01T00:00:00Z"), Instant(0));
        assert_eq!(at("2025-06-03T10:10:00+08:00").to_string(), "2025-06-03T02:10:00Z");
        assert_eq!(at("2025-06-03T02:10:00.1239-00:30").to_string(), "2025-06-03T02:40:00.123Z");
        assert_eq!(at("1969-12-31T23:59:59.5Z"), Instant(-500));
        assert_eq!(Instant(-500).seconds(), -1);
        assert_eq!(Instant(-500).sortable(), "1969-12-31T23:59:59.500Z");
        assert_eq!(at("0001-01-01T00:00:00Z").0, FIRST);
        assert_eq!(Instant(LAST).to_string(), "9999-12-30T21:59:59.999Z");
        assert_eq!(at("2026-12-31T23:30:00-02:00").year(), 2027);
    }

    #[test]
    fn other_texts_are_no_moments() {
        for text in [
            "", "2025-06-03", "2025-06-03T02:10:00", "2025-06-03 02:10:00Z", "2025-06-03T02:10Z", "20250603T021000Z",
            "2025-02-29T00:00:00Z", "2025-06-03T24:00:00Z", "2025-06-03T02:10:00z", "2025-06-03T02:10:00.Z",
            "2025-06-03T02:10:00+0800", "2025-06-03T02:10:00Z[UTC]", "0000-06-03T02:10:00Z", "-2025-06-03T02:10:00Z",
            "2025-06-03T02:10:00.1234567890Z", "９999-06-03T02:10:00Z",
        ] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }

    #[test]
    fn dates_are_real_days() {
        assert_eq!(parse_date("2024-02-29").unwrap().to_string(), "2024-02-29");
        for text in ["2025-02-29", "2025-2-9", "20250209", "2025-02-09T", "+002025-02-0", "0000-01-01", "2025-13-01"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
        assert_eq!(days_from_date(parse_date("1970-01-02").unwrap()), 1);
        assert_eq!(date_from_days(-1).unwrap().to_string(), "1969-12-31");
        assert_eq!(date_from_days(i32::MAX), None);
    }

    #[test]
    fn months_are_clamped_at_the_end_of_the_month() {
        let add = |date: &str, months| add_months(parse_date(date).unwrap(), months).to_string();
        assert_eq!(add("2025-08-31", 6), "2026-02-28");
        assert_eq!(add("2024-02-29", 12), "2025-02-28");
        assert_eq!(add("2026-03-31", 1), "2026-04-30");
        assert_eq!(add("2026-03-31", -1), "2026-02-28");
        assert_eq!(add("9999-12-31", 1), "9999-12-31");
    }

    #[test]
    fn offsets_follow_the_clock_changes() {
        let offsets = utc_offsets("Europe/Berlin", at("2025-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z")).unwrap();
        let expected = [
            ("2025-01-01T00:00:00Z", 3600),
            ("2025-03-30T01:00:00Z", 7200),
            ("2025-10-26T01:00:00Z", 3600),
            ("2026-03-29T01:00:00Z", 7200),
            ("2026-10-25T01:00:00Z", 3600),
        ];
        assert_eq!(offsets, expected.map(|(text, offset)| (at(text), offset)));
        let shanghai = utc_offsets("Asia/Shanghai", at("2025-01-01T00:00:00Z"), at("2040-01-01T00:00:00Z")).unwrap();
        assert_eq!(shanghai, [(at("2025-01-01T00:00:00Z"), 28800)]);
        assert!(utc_offsets("Mars/Olympus", Instant(0), Instant(1)).is_err());
    }

    #[test]
    fn a_change_exactly_at_the_start_counts_once() {
        let change = at("2025-03-30T01:00:00Z");
        assert_eq!(utc_offsets("Europe/Berlin", change, change.plus(1)).unwrap(), [(change, 7200)]);
        let before = change.plus(-1);
        assert_eq!(utc_offsets("Europe/Berlin", before, change).unwrap(), [(before, 3600), (change, 7200)]);
    }

    #[test]
    fn zones_are_checked_and_spelled_right() {
        assert_eq!(zone_name("asia/shanghai").unwrap(), "Asia/Shanghai");
        assert_eq!(zone_name("UTC").unwrap(), "UTC");
        for name in ["", "CST8", "Asia/Nowhere", "../etc/passwd"] {
            assert!(zone_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_day_begins_where_the_clocks_say() {
        let start = |zone, date| start_of_day(zone, parse_date(date).unwrap()).unwrap().to_string();
        assert_eq!(start("Asia/Shanghai", "2025-10-09"), "2025-10-08T16:00:00Z");
        // Beirut's clocks skip midnight in spring.
        assert_eq!(start("Asia/Beirut", "2024-03-31"), "2024-03-30T22:00:00Z");
        let evening = at("2025-06-30T17:00:00Z");
        assert_eq!(local_date("Asia/Shanghai", evening).unwrap().to_string(), "2025-07-01");
        assert_eq!(local_date("UTC", evening).unwrap().to_string(), "2025-06-30");
    }

    proptest! {
        #[test]
        fn texts_round_trip_and_sort_like_moments(a in FIRST..=LAST, b in FIRST..=LAST) {
            let (a, b) = (Instant(a), Instant(b));
            prop_assert_eq!(at(&a.to_string()), a);
            prop_assert_eq!(at(&a.sortable()), a);
            prop_assert_eq!(a.sortable().cmp(&b.sortable()), a.cmp(&b));
            prop_assert_eq!(at(&serde_json::to_value(a).unwrap().as_str().unwrap().to_owned()), a);
        }

        #[test]
        fn offsets_agree_with_the_local_date(start in 1_000_000_000_i64..2_500_000_000, length in 1_i64..100_000_000) {
            let (from, to) = (Instant::from_seconds(start), Instant::from_seconds(start + length));
            for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"] {
                let offsets = utc_offsets(zone, from, to).unwrap();
                prop_assert!(offsets[0].0 == from && offsets.is_sorted_by_key(|(at, _)| *at));
                let (_, offset) = offsets.iter().rev().find(|(at, _)| *at <= to).unwrap();
                let days = (to.seconds() + i64::from(*offset)).div_euclid(86_400);
                prop_assert_eq!(i64::from(days_from_date(local_date(zone, to).unwrap())), days);
            }
        }

        #[test]
        fn days_round_trip(days in -719_162_i32..2_932_896) {
            let date = date_from_days(days).unwrap();
            prop_assert_eq!(days_from_date(date), days);
            prop_assert_eq!(parse_date(&date.to_string()), Some(date));
            let next = add_months(date, 1);
            prop_assert!(next.day() == date.day() || next.day() == next.days_in_month());
        }
    }
}
