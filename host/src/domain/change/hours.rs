//! Whether a time touches the hours of a service.

use mortise_types::common::DAY_S;
use mortise_types::sla::{Calendar, Coverage};
use mortise_types::{Date, Window};

/// Whether two stretches of time `[from, to)` share a moment.
pub fn overlap<T: Ord + Copy>(one: (T, T), other: (T, T)) -> bool {
    one.0.max(other.0) < one.1.min(other.1)
}

/// Whether the service is in use at any time of `[from, to)`, in seconds since
/// 1970-01-01T00:00:00Z, by its calendar (guide, section 3.1: a local date's windows hold its local
/// times of day). The calendar's offsets must reach back to `from`.
pub fn in_service(calendar: &Calendar, from: i64, to: i64) -> bool {
    if calendar.mode == Coverage::Continuous {
        return from < to;
    }
    let ends = calendar.utc_offsets.iter().skip(1).map(|next| next.from.0).chain([i64::MAX]);
    calendar.utc_offsets.iter().zip(ends).any(|(offset, end)| {
        let (from, to) = (from.max(offset.from.0), to.min(end));
        from < to && touches(calendar, from, to, i64::from(offset.offset_s))
    })
}

/// The same for a time in which the offset from UTC does not change.
fn touches(calendar: &Calendar, from: i64, to: i64, offset_s: i64) -> bool {
    let (local_from, local_to) = (from + offset_s, to + offset_s);
    let days = local_from.div_euclid(DAY_S)..=(local_to - 1).div_euclid(DAY_S);
    days.into_iter().any(|day| {
        let Ok(date) = i32::try_from(day) else { return false };
        let at = |minutes: u16| day * DAY_S + i64::from(minutes) * 60;
        let mut windows = windows(calendar, Date(date)).iter();
        windows.any(|window| overlap((at(window.start.0), at(window.end.0)), (local_from, local_to)))
    })
}

/// The windows of a local date: an adjusted day's plan, none on a holiday, else the weekday's plan.
/// A date that is both works: a calendar so wrong must not make a change look harmless.
fn windows(calendar: &Calendar, date: Date) -> &[Window] {
    match calendar.adjusted_workdays.iter().find(|day| day.date == date) {
        Some(adjusted) => calendar.weekly.on(adjusted.plan),
        None if calendar.holidays.contains(&date) => &[],
        None => calendar.weekly.on(date.weekday()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use mortise_types::Instant;
    use serde_json::json;

    fn calendar() -> Calendar {
        serde_json::from_value(json!({
            "time_zone": "Asia/Shanghai",
            "mode": "business",
            "weekly": {
                "mon": [["09:00", "12:00"], ["13:00", "18:00"]], "fri": [["09:00", "12:00"], ["13:00", "18:00"]],
            },
            "holidays": ["2025-10-06"],
            "adjusted_workdays": [{ "date": "2025-10-11", "use": "fri" }],
            "utc_offsets": [{ "from": "2025-01-01T00:00:00Z", "offset_s": 28800 }],
        }))
        .unwrap()
    }

    fn touched(calendar: &Calendar, from: &str, to: &str) -> bool {
        let at = |text: &str| text.parse::<Instant>().unwrap().0;
        in_service(calendar, at(from), at(to))
    }

    #[test]
    fn windows_are_local_and_half_open() {
        let calendar = calendar();
        // Friday 2025-10-10, local time is UTC + 8 h.
        assert!(touched(&calendar, "2025-10-10T00:30:00Z", "2025-10-10T01:00:01Z"));
        assert!(!touched(&calendar, "2025-10-10T00:30:00Z", "2025-10-10T01:00:00Z"));
        assert!(!touched(&calendar, "2025-10-10T04:00:00Z", "2025-10-10T05:00:00Z"));
        assert!(!touched(&calendar, "2025-10-10T10:00:00Z", "2025-10-10T18:00:00Z"));
        assert!(!touched(&calendar, "2025-10-10T02:00:00Z", "2025-10-10T02:00:00Z"));
    }

    #[test]
    fn holidays_rest_and_adjusted_days_work() {
        let calendar = calendar();
        assert!(!touched(&calendar, "2025-10-05T18:00:00Z", "2025-10-06T16:00:00Z"));
        assert!(touched(&calendar, "2025-10-11T01:00:00Z", "2025-10-11T02:00:00Z"));
        assert!(!touched(&calendar, "2025-10-11T16:00:00Z", "2025-10-12T16:00:00Z"));
        assert!(touched(&calendar, "2025-10-11T16:00:00Z", "2025-10-18T16:00:00Z"));
    }

    #[test]
    fn a_changing_offset_moves_the_hours() {
        let berlin: Calendar = serde_json::from_value(json!({
            "time_zone": "Europe/Berlin",
            "mode": "business",
            "weekly": { "sun": [["08:00", "09:00"]] },
            "utc_offsets": [
                { "from": "2026-03-28T00:00:00Z", "offset_s": 3600 },
                { "from": "2026-03-29T01:00:00Z", "offset_s": 7200 },
            ],
        }))
        .unwrap();
        assert!(touched(&berlin, "2026-03-29T06:00:00Z", "2026-03-29T06:10:00Z"));
        assert!(!touched(&berlin, "2026-03-29T07:00:00Z", "2026-03-29T08:00:00Z"));
    }

    #[test]
    fn around_the_clock_is_always_in_use() {
        let always = Calendar { mode: Coverage::Continuous, ..calendar() };
        assert!(touched(&always, "2025-10-05T18:00:00Z", "2025-10-05T18:00:01Z"));
        assert!(!touched(&always, "2025-10-05T18:00:00Z", "2025-10-05T18:00:00Z"));
    }

    #[test]
    fn stretches_that_only_meet_do_not_overlap() {
        assert!(overlap((1, 3), (2, 4)) && overlap((2, 4), (1, 3)) && overlap((1, 9), (3, 4)));
        assert!(!overlap((1, 2), (2, 3)) && !overlap((2, 2), (1, 3)));
    }
}
