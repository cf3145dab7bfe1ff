//! Words about time, as the filters of lists have them: `today`, `now-7d`, `last-quarter`, `2026-03-31`.
//!
//! | Word | Stands for |
//! |---|---|
//! | `2026-03-31T09:30:00Z` | the moment |
//! | `now` | the moment of asking |
//! | `2026-03-31` | the day |
//! | `today`, `yesterday`, `tomorrow` | the day |
//! | `this-`, `last-` or `next-` with `day`, `week`, `month`, `quarter` or `year` | the days of it; a week begins on Monday |
//!
//! `now` and days may be followed by steps: `now-7d`, `today+1mo-1d`, with the units `min` and `h` (of `now` only), `d`,
//! `w`, `mo` and `y`. Days begin and end in the zone of whoever asks.

use jiff::civil::{Date, Weekday};

use super::time::{Instant, UnknownZone, add_days, add_months, local_date, parse_date, start_of_day, zone_name};

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A moment.
    Moment(Instant),
    /// The days from the first, inclusive, to the second, exclusive.
    Days(Date, Date),
}

/// A clock on the wall: what words about time refer to.
#[derive(Clone, Debug)]
pub struct Wall {
    now: Instant,
    zone: String,
    today: Date,
}

impl Wall {
    /// The time now in a zone of the IANA database.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn new(now: Instant, zone: &str) -> Result<Self, UnknownZone> {
        let zone = zone_name(zone)?;
        let today = local_date(&zone, now)?;
        Ok(Self { now, zone, today })
    }

    /// What the word stands for; `None` when it is not one of them.
    pub fn read(&self, word: &str) -> Option<When> {
        if let Some(date) = parse_date(word) {
            return Some(day(date));
        }
        if let Ok(moment) = word.parse() {
            return Some(When::Moment(moment));
        }
        if let Some((which, unit)) = word.split_once('-')
            && let Some(offset) = ["last", "this", "next"].iter().position(|known| *known == which)
        {
            // Last is the first of the three: one before this.
            let offset = i32::try_from(offset).ok()? - 1;
            return self.period(unit, offset);
        }
        let end = word.find(['+', '-']).unwrap_or(word.len());
        let (word, steps) = word.split_at(end);
        match word {
            "now" => self.stepped(steps).map(When::Moment),
            "today" => days(self.today, steps).map(day),
            "yesterday" => days(add_days(self.today, -1), steps).map(day),
            "tomorrow" => days(add_days(self.today, 1), steps).map(day),
            _ => None,
        }
    }

    /// The day of a word; of several days, the first.
    pub fn date(&self, when: When) -> Date {
        match when {
            // The zone was found before.
            When::Moment(at) => local_date(&self.zone, at).unwrap_or(self.today),
            When::Days(first, _) => first,
        }
    }

    /// The moment of a word; of days, the one at which they begin.
    pub fn moment(&self, when: When) -> Instant {
        match when {
            When::Moment(at) => at,
            When::Days(first, _) => self.start(first),
        }
    }

    fn start(&self, date: Date) -> Instant {
        start_of_day(&self.zone, date).unwrap_or(self.now)
    }

    fn period(&self, unit: &str, offset: i32) -> Option<When> {
        let today = self.today;
        let (first, months) = match unit {
            "day" => return Some(day(add_days(today, offset))),
            "week" => {
                let monday = add_days(today, -i32::from(today.weekday().since(Weekday::Monday)) + 7 * offset);
                return Some(When::Days(monday, add_days(monday, 7)));
            }
            "month" => (today.first_of_month(), 1),
            "quarter" => {
                let into = i32::from((today.month() - 1) % 3);
                (add_months(today.first_of_month(), -into), 3)
            }
            "year" => (today.first_of_year(), 12),
            _ => return None,
        };
        let first = add_months(first, months * offset);
        Some(When::Days(first, add_months(first, months)))
    }

    /// `now` with steps: hours and minutes have a length, days and months keep the time of the day.
    fn stepped(&self, steps: &str) -> Option<Instant> {
        let mut at = self.now;
        for (count, unit) in read_steps(steps)? {
            at = match unit {
                "min" => at.plus(i64::from(count) * 60_000),
                "h" => at.plus(i64::from(count) * 3_600_000),
                unit => {
                    let date = local_date(&self.zone, at).ok()?;
                    let time = at.0 - self.start(date).0;
                    self.start(step(date, count, unit)?).plus(time)
                }
            };
        }
        Some(at)
    }
}

fn day(date: Date) -> When {
    When::Days(date, add_days(date, 1))
}

fn days(date: Date, steps: &str) -> Option<Date> {
    read_steps(steps)?.into_iter().try_fold(date, |date, (count, unit)| step(date, count, unit))
}

fn step(date: Date, count: i32, unit: &str) -> Option<Date> {
    Some(match unit {
        "d" => add_days(date, count),
        "w" => add_days(date, count.checked_mul(7)?),
        "mo" => add_months(date, count),
        "y" => add_months(date, count.checked_mul(12)?),
        _ => return None,
    })
}

/// `-7d+2h` as counts and units.
fn read_steps(text: &str) -> Option<Vec<(i32, &str)>> {
    const MOST: i32 = 100_000;
    let mut steps = Vec::new();
    let mut left = text;
    while !left.is_empty() {
        let sign = match left.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let rest = left.get(1..)?;
        let unit = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i32 = rest[..unit].parse().ok().filter(|count| *count <= MOST)?;
        let rest = &rest[unit..];
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        steps.push((sign * count, &rest[..end]));
        left = &rest[end..];
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// Wednesday, 07:30 in Shanghai; Tuesday, 23:30 in UTC.
    fn wall(zone: &str) -> Wall {
        Wall::new("2026-03-31T23:30:00Z".parse().unwrap(), zone).unwrap()
    }

    #[test]
    fn words_stand_for_days_of_the_zone() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        for (zone, word, first, end) in [
            ("UTC", "today", "2026-03-31", "2026-04-01"),
            ("Asia/Shanghai", "today", "2026-04-01", "2026-04-02"),
            ("UTC", "yesterday", "2026-03-30", "2026-03-31"),
            ("UTC", "tomorrow+1w", "2026-04-08", "2026-04-09"),
            ("UTC", "today-1mo", "2026-02-28", "2026-03-01"),
            ("UTC", "today-1y+2d", "2025-04-02", "2025-04-03"),
            ("UTC", "2026-01-05", "2026-01-05", "2026-01-06"),
            ("UTC", "this-week", "2026-03-30", "2026-04-06"),
            ("UTC", "last-week", "2026-03-23", "2026-03-30"),
            ("UTC", "this-month", "2026-03-01", "2026-04-01"),
            ("Asia/Shanghai", "this-month", "2026-04-01", "2026-05-01"),
            ("UTC", "last-month", "2026-02-01", "2026-03-01"),
            ("UTC", "this-quarter", "2026-01-01", "2026-04-01"),
            ("UTC", "last-quarter", "2025-10-01", "2026-01-01"),
            ("UTC", "next-quarter", "2026-04-01", "2026-07-01"),
            ("UTC", "last-year", "2025-01-01", "2026-01-01"),
            ("UTC", "next-day", "2026-04-01", "2026-04-02"),
        ] {
            assert_eq!(wall(zone).read(word), Some(When::Days(date(first), date(end))), "{zone} {word}");
        }
    }

    #[test]
    fn now_moves_by_hours_and_by_days_of_the_zone() {
        for (zone, word, at) in [
            ("UTC", "now", "2026-03-31T23:30:00Z"),
            ("UTC", "now-7d", "2026-03-24T23:30:00Z"),
            ("UTC", "now+90min-1h", "2026-04-01T00:00:00Z"),
            // Berlin put its clocks forward on 29 March: the day before it was shorter.
            ("Europe/Berlin", "now-3d", "2026-03-29T00:30:00Z"),
            ("UTC", "2026-03-31T08:00:00+08:00", "2026-03-31T00:00:00Z"),
        ] {
            assert_eq!(wall(zone).read(word), Some(When::Moment(at.parse().unwrap())), "{zone} {word}");
        }
        let shanghai = wall("Asia/Shanghai");
        assert_eq!(shanghai.moment(shanghai.read("today").unwrap()), "2026-03-31T16:00:00Z".parse().unwrap());
        assert_eq!(shanghai.date(shanghai.read("now").unwrap()).to_string(), "2026-04-01");
    }

    #[test]
    fn other_words_stand_for_nothing() {
        for word in ["", "soon", "now-", "now-7", "now7d", "now-7x", "today-1h", "this-", "this-decade", "-7d", "NOW"] {
            assert_eq!(wall("UTC").read(word), None, "{word}");
        }
        assert!(Wall::new(Instant(0), "Mars/Olympus").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(word in "(now|today|this-|last-)?[-+0-9a-z]{0,12}|.*") {
            let wall = wall("Asia/Shanghai");
            if let Some(when) = wall.read(&word) {
                let _ = (wall.date(when), wall.moment(when));
            }
        }
    }
}
