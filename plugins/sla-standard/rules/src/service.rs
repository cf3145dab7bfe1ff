//! Service time: when is a calendar in service?

use std::borrow::Cow;
use std::collections::BTreeMap;

use mortise_sdk::prelude::Refusal;
use mortise_sdk::types::sla::{Calendar, Calendars, Coverage};
use mortise_sdk::types::{Date, Instant, TimeOfDay, Weekday, Window};

use crate::span::Span;

/// The id of the calendar that is always in service, even if the request does
/// not carry it.
const ALWAYS: &str = "24x7";

const DAY_S: i64 = mortise_sdk::types::time::DAY_S;

/// Instants of the years 0000 to 9999, which is what RFC 3339 can write.
pub(crate) const FIRST: i64 = -62_167_219_200;
pub(crate) const LAST: i64 = 253_402_300_799;

/// The longest stretch that is measured on windows, so that a slip of a
/// century in a request ends in a refusal and not in a long walk over days.
const LONGEST_S: i64 = 36_600 * DAY_S;

/// A calendar, checked.
#[derive(Debug)]
pub(crate) enum Service<'a> {
    /// Always in service.
    Always,
    /// In service in windows.
    Windows(Plan<'a>),
}

/// A business calendar whose windows are in order.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    week: [Cow<'a, [Window]>; 7],
    calendar: &'a Calendar,
}

/// The calendars of a request, each checked when it is first used.
#[derive(Debug)]
pub(crate) struct Services<'a> {
    calendars: &'a Calendars,
    checked: BTreeMap<&'a str, Service<'a>>,
}

impl<'a> Services<'a> {
    pub(crate) fn new(calendars: &'a Calendars) -> Self {
        Self { calendars, checked: BTreeMap::new() }
    }

    /// The calendar of that id.
    pub(crate) fn get(&mut self, id: &'a str) -> Result<&Service<'a>, Refusal> {
        use std::collections::btree_map::Entry;
        Ok(match self.checked.entry(id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(match self.calendars.get(id) {
                Some(calendar) => Service::of(id, calendar)?,
                None if id == ALWAYS => Service::Always,
                None => {
                    return Err(Refusal::invalid_request(
                        "unknown-calendar",
                        format!("the request has no calendar {id}"),
                    ));
                }
            }),
        })
    }
}

impl<'a> Service<'a> {
    fn of(id: &str, calendar: &'a Calendar) -> Result<Self, Refusal> {
        if calendar.mode == Coverage::Continuous {
            return Ok(Self::Always);
        }
        let holidays = &calendar.holidays;
        let adjusted = &calendar.adjusted_workdays;
        for (index, day) in adjusted.iter().enumerate() {
            let rivals = adjusted[..index].iter().any(|it| it.date == day.date && it.plan != day.plan);
            if rivals || holidays.contains(&day.date) {
                return Err(Refusal::invalid_request(
                    "calendar-conflict",
                    format!("calendar {id} says two things about {}", day.date),
                ));
            }
        }
        if !calendar.utc_offsets.windows(2).all(|pair| pair[0].from < pair[1].from) {
            return Err(Refusal::invalid_request(
                "invalid-utc-offsets",
                format!("the UTC offsets of calendar {id} are not in ascending order"),
            ));
        }
        let weekly = &calendar.weekly;
        let [mon, tue, wed, thu, fri, sat, sun] =
            [&weekly.mon, &weekly.tue, &weekly.wed, &weekly.thu, &weekly.fri, &weekly.sat, &weekly.sun]
                .map(|day| in_order(id, day));
        let week = [mon?, tue?, wed?, thu?, fri?, sat?, sun?];
        Ok(Self::Windows(Plan { week, calendar }))
    }

    /// The stretches of service in `[from, to)`, ascending and merged.
    ///
    /// Refused with `no-utc-offset` if the zone is not known from the start on.
    pub(crate) fn within(&self, from: i64, to: i64) -> Result<Stretches<'_>, Refusal> {
        let days = match self {
            _ if from >= to => Days::Over,
            Self::Always => Days::All(Span { from, to }),
            Self::Windows(plan) => Days::Planned(Walk::new(plan, from, to)?),
        };
        Ok(Stretches { days, pending: None })
    }
}

/// Windows sorted, without overlap; borrowed if they are so already.
fn in_order<'a>(id: &str, windows: &'a [Window]) -> Result<Cow<'a, [Window]>, Refusal> {
    if let Some(window) = windows.iter().find(|window| window.start > window.end || window.end > TimeOfDay(1440)) {
        return Err(Refusal::invalid_request(
            "invalid-window",
            format!("calendar {id} has a window from {} to {}", window.start, window.end),
        ));
    }
    if windows.windows(2).all(|pair| pair[0].end <= pair[1].start) {
        return Ok(Cow::Borrowed(windows));
    }
    let mut windows = windows.to_vec();
    windows.sort_unstable_by_key(|window| window.start);
    windows.dedup_by(|next, last| {
        let joined = next.start <= last.end;
        if joined {
            last.end = last.end.max(next.end);
        }
        joined
    });
    Ok(Cow::Owned(windows))
}

impl Plan<'_> {
    /// The windows of a local date: the plan its adjusted workday names, else
    /// none on a holiday, else its weekday's.
    fn on(&self, day: i64) -> &[Window] {
        // In range: instants are checked to be in years that have four digits.
        let date = Date(day as i32);
        let adjusted = self.calendar.adjusted_workdays.iter().find(|it| it.date == date);
        let plan = match adjusted {
            Some(adjusted) => adjusted.plan,
            None if self.calendar.holidays.contains(&date) => return &[],
            None => date.weekday(),
        };
        &self.week[match plan {
            Weekday::Mon => 0,
            Weekday::Tue => 1,
            Weekday::Wed => 2,
            Weekday::Thu => 3,
            Weekday::Fri => 4,
            Weekday::Sat => 5,
            Weekday::Sun => 6,
        }]
    }
}

/// Iterates over merged stretches of service.
pub(crate) struct Stretches<'a> {
    days: Days<'a>,
    pending: Option<Span>,
}

enum Days<'a> {
    Over,
    All(Span),
    Planned(Walk<'a>),
}

impl Iterator for Stretches<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let walk = match &mut self.days {
            Days::Over => return None,
            Days::All(span) => {
                let span = *span;
                self.days = Days::Over;
                return Some(span);
            }
            Days::Planned(walk) => walk,
        };
        for span in walk {
            match &mut self.pending {
                Some(pending) if span.from <= pending.to => pending.to = span.to,
                pending => {
                    if let Some(done) = pending.replace(span) {
                        return Some(done);
                    }
                }
            }
        }
        self.pending.take()
    }
}

/// Walks over the windows of all local dates, one stretch of constant UTC
/// offset after the other.
///
/// Within such a stretch a window is an interval of UTC. Clipping it to the
/// stretch is all there is to say about clock changes: a window that starts
/// in the gap begins at the change, and one that touches the repeated hour is
/// met in both stretches.
struct Walk<'a> {
    plan: &'a Plan<'a>,
    /// What is left to walk over at the present offset.
    stretch: Span,
    /// The end of the whole walk.
    to: i64,
    /// Index of the next offset.
    next_offset: usize,
    offset_s: i64,
    /// The local date of `windows`, days since 1970-01-01.
    day: i64,
    /// The windows of the day that are still to come.
    windows: &'a [Window],
}

impl<'a> Walk<'a> {
    fn new(plan: &'a Plan<'a>, from: i64, to: i64) -> Result<Self, Refusal> {
        if from < FIRST || to > LAST + 1 || to - from > LONGEST_S {
            return Err(Refusal::invalid_request(
                "period-too-long",
                "a period is measured within the years 0000 to 9999 and over at most 100 years",
            ));
        }
        let offsets = &plan.calendar.utc_offsets;
        let next_offset = offsets.partition_point(|offset| offset.from.0 <= from);
        let Some(offset) = next_offset.checked_sub(1).map(|index| offsets[index].offset_s) else {
            return Err(Refusal::invalid_request(
                "no-utc-offset",
                format!("the calendar has no UTC offset for {}", Instant(from)),
            ));
        };
        let mut walk = Self {
            plan,
            stretch: Span { from, to },
            to,
            next_offset,
            offset_s: i64::from(offset),
            day: 0,
            windows: &[],
        };
        walk.enter(from);
        Ok(walk)
    }

    /// Starts at an instant with the offset that is set.
    fn enter(&mut self, from: i64) {
        let offsets = &self.plan.calendar.utc_offsets;
        let change = offsets.get(self.next_offset).map_or(self.to, |offset| offset.from.0);
        self.stretch = Span { from, to: self.to.min(change) };
        self.day = (from + self.offset_s).div_euclid(DAY_S);
        self.windows = self.plan.on(self.day);
    }
}

impl Iterator for Walk<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            let midnight = self.day * DAY_S - self.offset_s;
            while let Some((window, rest)) = self.windows.split_first() {
                self.windows = rest;
                let from = (midnight + i64::from(window.start.0) * 60).max(self.stretch.from);
                let to = (midnight + i64::from(window.end.0) * 60).min(self.stretch.to);
                if from < to {
                    return Some(Span { from, to });
                }
            }
            if midnight + DAY_S < self.stretch.to {
                self.day += 1;
                self.windows = self.plan.on(self.day);
            } else if self.stretch.to < self.to {
                let offset = &self.plan.calendar.utc_offsets[self.next_offset];
                self.offset_s = i64::from(offset.offset_s);
                self.next_offset += 1;
                self.enter(offset.from.0);
            } else {
                return None;
            }
        }
    }
}
