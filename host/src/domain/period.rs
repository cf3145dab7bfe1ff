//! Accounting periods (months, `YYYY-MM`) and the periods that evaluations cover.

use jiff::civil::{Date, date};

use super::time::{add_days, add_months, parse_date};

/// The accounting period that a day belongs to.
pub fn month_of(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The first day of an accounting period; `None` if the text is not a month.
pub fn first_day(period: &str) -> Option<Date> {
    (period.len() == 7).then(|| parse_date(&format!("{period}-01")))?
}

/// The last day of an accounting period; `None` if the text is not a month.
pub fn last_day(period: &str) -> Option<Date> {
    first_day(period).map(|day| day.last_of_month())
}

/// The accounting period after this one; `None` if the text is not a month.
pub fn next(period: &str) -> Option<String> {
    first_day(period).map(|day| month_of(add_months(day, 1)))
}

/// The first and the last day of the period that an evaluation covers: a year `2026`, a half `2026-H1`, a quarter
/// `2026-Q3`, a month `2026-03`, or two days `2026-01-01/2026-06-30`.
pub fn span(text: &str) -> Option<(Date, Date)> {
    if let Some((from, to)) = text.split_once('/') {
        let (from, to) = (parse_date(from)?, parse_date(to)?);
        return (from <= to).then_some((from, to));
    }
    if let Some(first) = first_day(text) {
        return Some((first, first.last_of_month()));
    }
    let (year, part) = text.split_once('-').map_or((text, None), |(year, part)| (year, Some(part)));
    let january = first_day(&format!("{year}-01"))?;
    let (index, months) = match part {
        None => (0, 12),
        Some("H1") => (0, 6),
        Some("H2") => (1, 6),
        Some("Q1") => (0, 3),
        Some("Q2") => (1, 3),
        Some("Q3") => (2, 3),
        Some("Q4") => (3, 3),
        Some(_) => return None,
    };
    let first = add_months(january, index * months);
    let last = if first.year() == 9999 && first.month() + i8::try_from(months).ok()? > 12 {
        date(9999, 12, 31)
    } else {
        add_days(add_months(first, months), -1)
    };
    Some((first, last))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn months_have_days_and_a_next_one() {
        assert_eq!(first_day("2028-02").unwrap().to_string(), "2028-02-01");
        assert_eq!(last_day("2028-02").unwrap().to_string(), "2028-02-29");
        assert_eq!(next("2026-12").unwrap(), "2027-01");
        for text in ["", "2026", "2026-13", "2026-3", "2026-03-01", "26-03", "２026-03"] {
            assert_eq!(first_day(text), None, "{text}");
            assert_eq!(next(text), None, "{text}");
        }
    }

    #[test]
    fn evaluations_cover_what_they_say() {
        let days = |text: &str| span(text).map(|(from, to)| format!("{from} {to}"));
        assert_eq!(days("2026").unwrap(), "2026-01-01 2026-12-31");
        assert_eq!(days("2026-H2").unwrap(), "2026-07-01 2026-12-31");
        assert_eq!(days("2026-Q1").unwrap(), "2026-01-01 2026-03-31");
        assert_eq!(days("2028-02").unwrap(), "2028-02-01 2028-02-29");
        assert_eq!(days("2026-01-15/2026-02-14").unwrap(), "2026-01-15 2026-02-14");
        assert_eq!(days("9999-Q4").unwrap(), "9999-10-01 9999-12-31");
        for text in ["", "last year", "2026-Q5", "2026-H0", "2026-02-14/2026-01-15", "2026-01-15/", "26"] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_is_in_its_month(days in -700_000_i32..2_900_000) {
            let day = crate::domain::time::date_from_days(days).unwrap();
            let month = month_of(day);
            prop_assert!(first_day(&month).unwrap() <= day && day <= last_day(&month).unwrap());
            prop_assert_eq!(add_days(last_day(&month).unwrap(), 1), first_day(&next(&month).unwrap()).unwrap());
        }
    }
}
