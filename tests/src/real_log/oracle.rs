//! When was each incident of the log restored, and was that in time? From the log alone, in plain arithmetic.

use std::fmt;

/// Columns of the log.
const NUMBER: usize = 0;
const STATE: usize = 1;
const OPENED: usize = 9;
const UPDATED: usize = 13;
const IMPACT: usize = 20;
const URGENCY: usize = 21;
const RESOLVED: usize = 34;

/// How the resolution clock of an incident ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Met,
    /// In time in the end, though not by a target that it had before.
    MetLate,
    Breached,
    Open,
    OpenLate,
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::MetLate => "met after a breach",
            Self::Breached => "breached",
            Self::Open => "open",
            Self::OpenLate => "open after a breach",
        })
    }
}

/// An incident's life, in seconds since 1970.
#[derive(Default)]
pub(super) struct Incident {
    pub(super) number: String,
    opened: i64,
    /// Since when which priority.
    priorities: Vec<(i64, u8)>,
    /// When it waited for somebody else; the last one may not have ended.
    waits: Vec<(i64, i64)>,
    restored: Option<i64>,
    last: i64,
}

/// The incidents of the log, whose rows stand together.
pub(super) fn incidents<'a>(rows: impl Iterator<Item = Vec<&'a str>>) -> Vec<Incident> {
    let mut lives: Vec<Vec<Vec<&str>>> = Vec::new();
    for row in rows {
        match lives.last_mut().filter(|life| life[0][NUMBER] == row[NUMBER]) {
            Some(life) => life.push(row),
            None => lives.push(vec![row]),
        }
    }
    lives.into_iter().map(incident).collect()
}

fn incident(mut rows: Vec<Vec<&str>>) -> Incident {
    rows.sort_by_key(|row| instant(row[UPDATED]));
    let opened = instant(rows[0][OPENED]);
    let mut told = Incident { number: rows[0][NUMBER].to_owned(), opened, ..Incident::default() };
    let mut waiting = None;
    for row in rows {
        let at = instant(row[UPDATED]);
        let priority = match (row[IMPACT], row[URGENCY]) {
            ("1", "1") => 1,
            ("1", "2") | ("2", "1") => 2,
            ("2", "2") | ("3", "1") => 3,
            ("2", "3") | ("3", "2" | "3") => 4,
            other => panic!("{other:?} is not in the log"),
        };
        if told.priorities.last().is_none_or(|(_, before)| *before != priority) {
            let from = if told.priorities.is_empty() { opened } else { at.max(opened) };
            told.priorities.push((from, priority));
        }
        match (row[STATE].starts_with("Awaiting"), waiting) {
            (true, None) => waiting = Some(at),
            (false, Some(since)) => {
                told.waits.push((since, at));
                waiting = None;
            }
            _ => {}
        }
        told.restored = match row[STATE] {
            "Resolved" | "Closed" if row[RESOLVED] != "?" => Some(instant(row[RESOLVED])),
            "Resolved" | "Closed" => told.restored.or(Some(at)),
            _ => None,
        };
        told.last = at;
    }
    told.waits.extend(waiting.map(|since| (since, i64::MAX)));
    told
}

impl Incident {
    /// How it ends when a P3 has so many seconds of office hours.
    pub(super) fn judgement(&self, p3: i64) -> Judgement {
        let restored = self.restored.filter(|at| *at <= self.last);
        let end = restored.unwrap_or(self.last).max(self.opened);
        let (mut used, mut ever, mut now) = (0, false, false);
        let held: Vec<_> = self.priorities.iter().filter(|(from, _)| *from <= end).collect();
        for (i, (from, priority)) in held.iter().enumerate() {
            let to = held.get(i + 1).map_or(end, |next| next.0);
            // A priority that was replaced in the instant in which it was set never held.
            if *from == to && i + 1 < held.len() {
                continue;
            }
            let (clock, target): (fn(i64) -> i64, i64) = match priority {
                1 => (every_second, 7_200),
                2 => (every_second, 14_400),
                3 => (office_seconds, p3),
                _ => (office_seconds, 86_400),
            };
            let within = |a: i64, b: i64| clock(b.clamp(*from, to)) - clock(a.clamp(*from, to));
            let waited: i64 = self.waits.iter().map(|(a, b)| within(*a, (*b).min(end))).sum();
            used += within(*from, to) - waited;
            now = used > target;
            ever |= now;
        }
        match (now, ever, restored) {
            (true, ..) => Judgement::Breached,
            (false, false, Some(_)) => Judgement::Met,
            (false, true, Some(_)) => Judgement::MetLate,
            (false, false, None) => Judgement::Open,
            (false, true, None) => Judgement::OpenLate,
        }
    }
}

/// Seconds of any hour since 1970.
fn every_second(at: i64) -> i64 {
    at
}

/// Seconds from Monday to Friday, 08:00 to 18:00, since Monday 1970-01-05.
fn office_seconds(at: i64) -> i64 {
    const DAY: i64 = 86_400;
    const OFFICE: i64 = 36_000;
    let since = at - 4 * DAY;
    let (week, day, second) = (since.div_euclid(7 * DAY), since.rem_euclid(7 * DAY) / DAY, since.rem_euclid(DAY));
    let today = if day < 5 { (second - 8 * 3600).clamp(0, OFFICE) } else { 0 };
    week * 5 * OFFICE + day.min(5) * OFFICE + today
}

/// `29/2/2016 01:16`, in UTC.
fn instant(text: &str) -> i64 {
    let parts: Vec<i64> = text.split(['/', ' ', ':']).map(|part| part.parse().unwrap()).collect();
    let [day, month, year, hour, minute] = parts[..] else { panic!("'{text}' is no date of the log") };
    days(year, month, day) * 86_400 + hour * 3600 + minute * 60
}

/// Days since 1970-01-01: whole years, whole months, days.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let years: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month - 1).unwrap();
    years + lengths[..before].iter().sum::<i64>() + day - 1
}
