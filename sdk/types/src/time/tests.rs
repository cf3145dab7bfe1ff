//! Reading, writing and reckoning of times.

#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn instants_are_read_with_any_offset_and_written_in_utc() {
    for (text, printed) in [
        ("2025-06-03T02:10:00Z", "2025-06-03T02:10:00Z"),
        ("2025-06-03T10:10:00+08:00", "2025-06-03T02:10:00Z"),
        ("2025-01-01T00:30:00.999+01:00", "2024-12-31T23:30:00Z"),
        ("1969-12-31 23:59:59-00:00", "1969-12-31T23:59:59Z"),
        ("2024-02-29t23:59:59z", "2024-02-29T23:59:59Z"),
    ] {
        assert_eq!(text.parse::<Instant>().unwrap().to_string(), printed);
    }
    for text in [
        "",
        "2025-06-03",
        "2025-06-03T02:10Z",
        "2025-02-29T00:00:00Z",
        "2025-06-03T24:00:00Z",
        "2025-06-03T02:10:00",
        "2025-06-03T02:10:00.Z",
        "2025-06-03T02:10:00+0800",
        "2025-06-03T02:60:00Z",
        "2025-06-03T02:10:00ZZ",
        "2025-13-03T02:10:00Z",
    ] {
        assert!(text.parse::<Instant>().is_err(), "{text}");
    }
}

#[test]
fn dates_go_round_over_four_centuries() {
    let mut date = Date::from_civil(1799, 12, 31).unwrap();
    let end = Date::from_civil(2201, 1, 1).unwrap();
    while date < end {
        let (year, month, day) = date.civil();
        assert_eq!(Date::from_civil(year, month, day), Some(date));
        date.0 += 1;
        let next = date.civil();
        assert!(next == (year, month, day + 1) || next.2 == 1, "{date}");
    }
    assert_eq!("1970-01-01".parse::<Date>(), Ok(Date(0)));
    assert_eq!(Date(0).weekday(), Weekday::Thu);
    assert_eq!("2025-06-03".parse::<Date>().unwrap().weekday(), Weekday::Tue);
    assert_eq!("1969-12-28".parse::<Date>().unwrap().weekday(), Weekday::Sun);
    assert!("2025-06-031".parse::<Date>().is_err());
}

#[test]
fn months_are_added_with_end_of_month_clamp() {
    for (from, months, to) in [
        ("2025-08-31", 6, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-03-31", 12, "2027-03-31"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-03-31", 0, "2026-03-31"),
    ] {
        assert_eq!(from.parse::<Date>().unwrap().add_months(months).to_string(), to);
    }
}

#[test]
fn times_of_day_reach_midnight_at_the_end() {
    assert_eq!("24:00".parse::<TimeOfDay>(), Ok(TimeOfDay(1440)));
    assert_eq!("09:05".parse::<TimeOfDay>().unwrap().to_string(), "09:05");
    for text in ["24:01", "9:00", "09:60", "09.00", "09:000", ""] {
        assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
    }
}
