//! The period that a measure or a report is about, in a time zone.

use jiff::civil::Date;

use crate::domain::period;
use crate::domain::time::{self, Instant, UnknownZone, add_days, add_months, utc_offsets};

/// Whole days of a time zone, from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub first: Date,
    /// Last day; it belongs to the period.
    pub last: Date,
    /// IANA name of the zone whose days they are.
    pub zone: String,
    /// When the first day begins.
    pub from: Instant,
    /// When the day after the last begins.
    pub to: Instant,
    /// Offsets from UTC in milliseconds around the period: each holds from its instant on.
    pub offsets: Vec<(Instant, i64)>,
}

/// Days before and after a period for which its zone's offsets are known.
const AROUND_MS: i64 = 1_000 * 86_400_000;

impl Span {
    /// The days from `first` to `last` in a zone.
    ///
    /// # Errors
    /// [`UnknownZone`] when the zone is not in the database.
    pub fn new(first: Date, last: Date, zone: &str) -> Result<Self, UnknownZone> {
        let zone = time::zone_name(zone)?;
        let from = time::start_of_day(&zone, first)?;
        let to = time::start_of_day(&zone, add_days(last, 1))?;
        let offsets = utc_offsets(&zone, from.plus(-AROUND_MS), to.plus(AROUND_MS))?;
        let offsets = offsets.into_iter().map(|(at, seconds)| (at, i64::from(seconds) * 1000)).collect();
        Ok(Self { first, last, zone, from, to, offsets })
    }

    /// The instant as of which things are looked at: the end of the period, or now while it lasts.
    pub fn at(&self, now: Instant) -> Instant {
        self.to.min(now)
    }

    /// The start of the day that lies `months` before the day of `at`.
    pub fn months_before(&self, at: Instant, months: i32) -> Instant {
        let on = |day| time::start_of_day(&self.zone, day).unwrap_or(at);
        time::local_date(&self.zone, at).map_or(at, |day| on(add_months(day, -months)))
    }

    /// Names of the years, halves, quarters and months that lie within the period, each with the day after it.
    pub fn names(&self) -> Vec<(String, Date)> {
        let mut names = Vec::new();
        for year in self.first.year()..=self.last.year() {
            let parts = ["", "-H1", "-H2", "-Q1", "-Q2", "-Q3", "-Q4"].map(|part| format!("{year:04}{part}"));
            let months = (1..=12).map(|month| format!("{year:04}-{month:02}"));
            for name in parts.into_iter().chain(months) {
                if let Some((first, last)) = period::span(&name)
                    && self.first <= first
                    && last <= self.last
                {
                    names.push((name, add_days(last, 1)));
                }
            }
        }
        names
    }

    /// How many calendar months the period touches.
    pub fn months(&self) -> i64 {
        let months = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
        months(self.last) - months(self.first) + 1
    }

    /// The period before it: as many whole months, or as many days where it is not made of whole months.
    ///
    /// # Errors
    /// [`UnknownZone`] never, for a zone that was found once.
    pub fn previous(&self) -> Result<Self, UnknownZone> {
        let last = add_days(self.first, -1);
        let whole = self.first.day() == 1 && self.last == self.last.last_of_month();
        let first = if whole {
            add_months(self.first, -i32::try_from(self.months()).unwrap_or(i32::MAX))
        } else {
            let days = time::days_from_date(self.last) - time::days_from_date(self.first);
            add_days(last, -days)
        };
        Self::new(first, last, &self.zone)
    }

    /// `2026-03-01/2026-03-31`, or the shorter name of a month, quarter, half or year.
    pub fn name(&self) -> String {
        let exact = |(name, after): &(String, Date)| {
            *after == add_days(self.last, 1) && period::span(name).is_some_and(|(first, _)| first == self.first)
        };
        let named = self.names().into_iter().find(exact).map(|(name, _)| name);
        named.unwrap_or_else(|| format!("{}/{}", self.first, self.last))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn span(text: &str, zone: &str) -> Span {
        let (first, last) = period::span(text).unwrap();
        Span::new(first, last, zone).unwrap()
    }

    #[test]
    fn days_begin_where_the_zone_says() {
        let march = span("2026-03", "Asia/Shanghai");
        assert_eq!(march.from.to_string(), "2026-02-28T16:00:00Z");
        assert_eq!(march.to.to_string(), "2026-03-31T16:00:00Z");
        assert_eq!(march.offsets, [(march.offsets[0].0, 8 * 3_600_000)]);
        assert!(span("2026-03", "Europe/Berlin").offsets.len() > 4);
    }

    #[test]
    fn a_period_knows_the_names_within_it() {
        let names: Vec<String> = span("2026-Q1", "UTC").names().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["2026-Q1", "2026-01", "2026-02", "2026-03"]);
        assert_eq!(span("2026-Q1", "UTC").name(), "2026-Q1");
        assert_eq!(span("2026-01-02/2026-01-05", "UTC").name(), "2026-01-02/2026-01-05");
        assert_eq!((span("2026-Q1", "UTC").months(), span("2026-01-31/2026-02-01", "UTC").months()), (3, 2));
    }

    #[test]
    fn the_period_before_is_as_long() {
        assert_eq!(span("2026-Q1", "UTC").previous().unwrap().name(), "2025-Q4");
        assert_eq!(span("2026-03", "UTC").previous().unwrap().name(), "2026-02");
        let days = span("2026-01-15/2026-01-21", "UTC").previous().unwrap();
        assert_eq!(days.name(), "2026-01-08/2026-01-14");
    }

    #[test]
    fn months_before_a_moment_are_counted_on_the_calendar() {
        let march = span("2026-03", "Asia/Shanghai");
        let year_ago = march.months_before(march.to, 12);
        assert_eq!(year_ago.to_string(), "2025-03-31T16:00:00Z");
    }
}
