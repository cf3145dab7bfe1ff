//! Random calendars, and when they are in service, minute by minute.

use mortise_sdk::types::sla::{AdjustedWorkday, Calendar, Coverage, UtcOffset, Weekly};
use mortise_sdk::types::{Date, Instant, TimeOfDay, Weekday, Window};

use crate::random::Random;

/// 2025-03-01T00:00:00Z. All times of the tests are whole minutes from here.
pub(crate) const START: i64 = 1_740_787_200;

/// How many minutes of it are looked at: 60 days.
pub(crate) const MINUTES: i64 = 60 * 1440;

pub(crate) fn at(minute: i64) -> Instant {
    Instant(START + minute * 60)
}

/// A calendar with windows, changes of the UTC offset, holidays and adjusted
/// workdays at random. Windows may overlap, touch, be empty or out of order.
pub(crate) fn calendar(random: &mut Random) -> Calendar {
    if random.chance(15) {
        return Calendar {
            time_zone: "Etc/UTC".to_owned(),
            mode: Coverage::Continuous,
            weekly: Weekly::default(),
            // None of these counts, not even the conflict.
            holidays: vec![Date(20_150)],
            adjusted_workdays: vec![AdjustedWorkday { date: Date(20_150), plan: Weekday::Sun }],
            utc_offsets: Vec::new(),
        };
    }
    let fixed = random.chance(40);
    let mut day = |likely: i64| {
        let mut windows = Vec::new();
        if fixed && random.chance(likely) {
            for (start, end) in [(9, 12), (13, 18)] {
                windows.push(window(start * 60, end * 60));
            }
        } else if random.chance(likely) {
            for _ in 0..random.between(1, 3) {
                let start = random.between(0, 48) * 30;
                let end = if random.chance(15) { 1440 } else { random.between(start, 1440) };
                windows.push(window(start, end));
            }
        }
        windows
    };
    let weekly =
        Weekly { mon: day(90), tue: day(90), wed: day(90), thu: day(90), fri: day(90), sat: day(20), sun: day(20) };
    let first_day = (START / 86_400) as i32;
    let mut holidays = Vec::new();
    let mut adjusted_workdays = Vec::<AdjustedWorkday>::new();
    for offset in -1..62 {
        let date = Date(first_day + offset);
        match random.between(1, 20) {
            1 => holidays.push(date),
            2 => adjusted_workdays
                .push(AdjustedWorkday { date, plan: *random.pick(&[Weekday::Mon, Weekday::Sat, Weekday::Sun]) }),
            _ => {}
        }
    }
    let mut utc_offsets = vec![UtcOffset {
        from: at(-random.between(0, 3) * 1440 * 100),
        offset_s: (random.between(-24, 28) * 1800) as i32,
    }];
    let mut minute = random.between(1, 20) * 720;
    while minute < MINUTES && random.chance(70) {
        let change = *random.pick(&[3600, -3600, 1800, -1800, 0]);
        let last = utc_offsets[utc_offsets.len() - 1].offset_s;
        utc_offsets.push(UtcOffset { from: at(minute), offset_s: last + change });
        minute += random.between(1, 20) * 720 + random.between(0, 2) * 30;
    }
    Calendar {
        time_zone: "Nowhere/Special".to_owned(),
        mode: Coverage::Business,
        weekly,
        holidays,
        adjusted_workdays,
        utc_offsets,
    }
}

fn window(start: i64, end: i64) -> Window {
    Window { start: TimeOfDay(start as u16), end: TimeOfDay(end as u16) }
}

/// Whether each minute is in service: its local date's windows contain its local time of day.
pub(crate) fn minutes_in_service(calendar: &Calendar) -> Vec<bool> {
    (0..MINUTES).map(|minute| in_service(calendar, at(minute))).collect()
}

fn in_service(calendar: &Calendar, instant: Instant) -> bool {
    if calendar.mode == Coverage::Continuous {
        return true;
    }
    let offsets = calendar.utc_offsets.iter().rev();
    let offset = offsets.clone().find(|offset| offset.from <= instant).unwrap();
    let local = instant.0 + i64::from(offset.offset_s);
    let date = Date(local.div_euclid(86_400) as i32);
    let time = TimeOfDay((local.rem_euclid(86_400) / 60) as u16);
    let adjusted = calendar.adjusted_workdays.iter().find(|day| day.date == date);
    let weekday = match adjusted {
        Some(day) => day.plan,
        None if calendar.holidays.contains(&date) => return false,
        None => date.weekday(),
    };
    let windows = calendar.weekly.on(weekday).iter();
    windows.clone().any(|window| window.start <= time && time < window.end)
}
