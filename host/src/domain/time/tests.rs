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
        "",
        "2025-06-03",
        "2025-06-03T02:10:00",
        "2025-06-03 02:10:00Z",
        "2025-06-03T02:10Z",
        "20250603T021000Z",
        "2025-02-29T00:00:00Z",
        "2025-06-03T24:00:00Z",
        "2025-06-03T02:10:00z",
        "2025-06-03T02:10:00.Z",
        "2025-06-03T02:10:00+0800",
        "2025-06-03T02:10:00Z[UTC]",
        "0000-06-03T02:10:00Z",
        "-2025-06-03T02:10:00Z",
        "2025-06-03T02:10:00.1234567890Z",
        "９999-06-03T02:10:00Z",
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
        let json = serde_json::to_value(a).unwrap();
        prop_assert_eq!(serde_json::from_value::<Instant>(json).unwrap(), a);
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

#[test]
fn what_is_no_moment_is_told_apart() {
    let why = |text: &str| text.parse::<Instant>().unwrap_err();
    assert_eq!(why("31.12.2026"), NotAnInstant::Form);
    assert_eq!(why("2026-02-30T00:00:00Z"), NotAnInstant::Missing);
    assert_eq!(why("2026-02-28T25:00:00Z"), NotAnInstant::Missing);
    for text in ["9999-12-31T00:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+01:00"] {
        assert_eq!(why(text), NotAnInstant::Range, "{text}");
    }
    assert_eq!(NotAnInstant::Range.to_string(), "must be between 0001-01-01T00:00:00Z and 9999-12-30T21:59:59.999Z");
}
