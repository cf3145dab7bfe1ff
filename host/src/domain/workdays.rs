//! Working days: which days count, and the moment some working days later.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use serde_json::{Map, Value};

use super::record::Record;
use super::time::{self, Instant, add_days, parse_date};

/// Which local dates are working days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workdays {
    zone: String,
    /// Monday to Sunday.
    week: [bool; 7],
    off: BTreeSet<Date>,
    on: BTreeSet<Date>,
}

impl Default for Workdays {
    /// Monday to Friday in UTC.
    fn default() -> Self {
        Self::monday_to_friday("UTC".to_owned())
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Workdays {
    fn monday_to_friday(zone: String) -> Self {
        let week = [true, true, true, true, true, false, false];
        Self { zone, week, off: BTreeSet::new(), on: BTreeSet::new() }
    }

    /// The working days of a calendar record: the days on which its plan has service, without its holidays and with
    /// its adjusted working days (调休上班日). A calendar that never closes has those of Monday to Friday in its zone.
    /// `None` if the calendar's zone is not known or its plan has no day.
    pub fn of_calendar(calendar: &Record) -> Option<Self> {
        Self::of_fields(&calendar.data)
    }

    /// The same by the fields of a calendar record.
    pub fn of_fields(calendar: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| calendar.get(name).and_then(Value::as_str);
        let zone = time::zone_name(text("time_zone")?).ok()?;
        if text("mode") != Some("business") {
            return Some(Self::monday_to_friday(zone));
        }
        let weekly = calendar.get("weekly")?;
        let has_service = |day: &str| weekly.get(day).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let week = DAYS.map(has_service);
        if !week.contains(&true) {
            return None;
        }
        let list = |name: &str| calendar.get(name).and_then(Value::as_array).into_iter().flatten();
        let off = list("holidays").filter_map(|day| parse_date(day.as_str()?)).collect();
        let on = list("adjusted_workdays")
            .filter(|day| day["use"].as_str().is_some_and(has_service))
            .filter_map(|day| parse_date(day["date"].as_str()?))
            .collect();
        Some(Self { zone, week, off, on })
    }

    /// Whether a local date is a working day.
    pub fn contains(&self, day: Date) -> bool {
        let of_week = match day.weekday() {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        };
        self.on.contains(&day) || (self.week[of_week] && !self.off.contains(&day))
    }

    /// The same time of day, `days` working days after the local date of `from`: from a Friday afternoon, one
    /// working day leads to Monday afternoon, and so does it from a Saturday.
    pub fn after(&self, from: Instant, days: u32) -> Instant {
        /// Beyond this many days without enough working days, calendar days are counted.
        const HORIZON: u32 = 4_000;
        const DAY_MS: i64 = 86_400_000;
        let fallback = from.plus(i64::from(days).saturating_mul(DAY_MS));
        let Ok(today) = time::local_date(&self.zone, from) else { return fallback };
        let (mut day, mut left) = (today, days);
        for _ in 0..HORIZON.max(days.saturating_mul(7)) {
            if left == 0 {
                break;
            }
            day = add_days(day, 1);
            left -= u32::from(self.contains(day));
        }
        if left > 0 {
            return fallback;
        }
        let start = |day| time::start_of_day(&self.zone, day);
        match (start(today), start(day)) {
            (Ok(was), Ok(is)) => is.plus(from.0 - was.0),
            _ => fallback,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn calendar(data: Value) -> Record {
        Record {
            id: "1".to_owned(),
            org: "o".to_owned(),
            kind: "calendar".to_owned(),
            number: "CLN-2026-000001".to_owned(),
            title: String::new(),
            state: "active".to_owned(),
            owner: String::new(),
            revision: 1,
            created_at: Instant(0),
            created_by: String::new(),
            updated_at: Instant(0),
            kind_version: 0,
            data: data.as_object().cloned().unwrap(),
        }
    }

    fn china() -> Workdays {
        let day = json!([["09:00", "18:00"]]);
        Workdays::of_calendar(&calendar(json!({
            "time_zone": "Asia/Shanghai",
            "mode": "business",
            "weekly": { "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": [] },
            "holidays": ["2025-10-01", "2025-10-02", "2025-10-03", "2025-10-06", "2025-10-07", "2025-10-08"],
            "adjusted_workdays": [{ "date": "2025-10-11", "use": "mon" }, { "date": "2025-10-12", "use": "sun" }],
        })))
        .unwrap()
    }

    fn after(workdays: &Workdays, from: &str, days: u32) -> String {
        workdays.after(from.parse().unwrap(), days).to_string()
    }

    #[test]
    fn weekends_do_not_count() {
        let utc = Workdays::default();
        assert_eq!(after(&utc, "2026-03-06T15:00:00Z", 3), "2026-03-11T15:00:00Z");
        assert_eq!(after(&utc, "2026-03-07T15:00:00Z", 1), "2026-03-09T15:00:00Z");
        assert_eq!(after(&utc, "2026-03-07T15:00:00Z", 0), "2026-03-07T15:00:00Z");
    }

    #[test]
    fn holidays_do_not_count_and_adjusted_days_do() {
        // Resolved on Tuesday 30 September at 17:00 local; the holiday week passes, Saturday 11 October is worked.
        assert_eq!(after(&china(), "2025-09-30T09:00:00Z", 3), "2025-10-11T09:00:00Z");
        // The zone decides what day it is: 17:00 in UTC is Wednesday already.
        assert_eq!(after(&china(), "2025-09-30T17:00:00Z", 1), "2025-10-08T17:00:00Z");
    }

    #[test]
    fn the_time_of_day_is_kept_when_the_clocks_change() {
        let berlin =
            Workdays::of_calendar(&calendar(json!({ "time_zone": "Europe/Berlin", "mode": "24x7", "weekly": {} })))
                .unwrap();
        // Friday 27 March 2026 at 12:00 local; on Sunday the clocks go forward.
        assert_eq!(after(&berlin, "2026-03-27T11:00:00Z", 1), "2026-03-30T10:00:00Z");
    }

    #[test]
    fn a_plan_without_days_is_no_calendar_of_working_days() {
        let of = |data| Workdays::of_calendar(&calendar(data));
        assert_eq!(of(json!({ "time_zone": "UTC", "mode": "business", "weekly": {} })), None);
        assert_eq!(of(json!({ "time_zone": "Mars/Olympus", "mode": "24x7", "weekly": {} })), None);
    }

    proptest! {
        #[test]
        fn the_day_reached_is_the_right_working_day(start in 1_700_000_000_i64..1_900_000_000, days in 0_u32..40) {
            let workdays = china();
            let from = Instant::from_seconds(start);
            let to = workdays.after(from, days);
            let (first, last) =
                (time::local_date("Asia/Shanghai", from).unwrap(), time::local_date("Asia/Shanghai", to).unwrap());
            let mut counted = 0;
            let mut day = first;
            while day < last {
                day = add_days(day, 1);
                counted += u32::from(workdays.contains(day));
            }
            prop_assert_eq!(counted, days);
            prop_assert!(days == 0 || workdays.contains(last));
        }
    }
}
