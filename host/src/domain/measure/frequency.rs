//! The periods in which a measure is taken (guide, P47: frequency).

use jiff::civil::Date;

use crate::domain::period::{self, month_of};
use crate::domain::time::add_days;

/// How often a measure is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frequency {
    /// Each day.
    Day,
    /// Each week from Monday to Sunday.
    Week,
    /// Each month.
    Month,
    /// Each quarter.
    Quarter,
    /// Each year.
    Year,
}

impl Frequency {
    /// Reads the word that a measure definition (KPI) has.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => return None,
        })
    }

    /// The name of the period that a day lies in: `2026-03`, `2026-Q1`, `2026`; of a day or a week its first and last
    /// day, `2026-03-02/2026-03-08`.
    pub fn period_of(self, day: Date) -> String {
        match self {
            Self::Day => format!("{day}/{day}"),
            Self::Week => {
                let first = add_days(day, -i32::from(day.weekday().to_monday_zero_offset()));
                format!("{first}/{}", add_days(first, 6))
            }
            Self::Month => month_of(day),
            Self::Quarter => format!("{:04}-Q{}", day.year(), (day.month() - 1) / 3 + 1),
            Self::Year => format!("{:04}", day.year()),
        }
    }

    /// The name of the period after the one of this name; `None` for a text that names none.
    pub fn after(self, name: &str) -> Option<String> {
        period::span(name).map(|(_, last)| self.period_of(add_days(last, 1)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::time::parse_date;

    #[test]
    fn every_day_lies_in_a_period_that_the_next_one_follows() {
        let day = parse_date("2026-12-30").unwrap();
        for (word, name, after) in [
            ("day", "2026-12-30/2026-12-30", "2026-12-31/2026-12-31"),
            ("week", "2026-12-28/2027-01-03", "2027-01-04/2027-01-10"),
            ("month", "2026-12", "2027-01"),
            ("quarter", "2026-Q4", "2027-Q1"),
            ("year", "2026", "2027"),
        ] {
            let frequency = Frequency::parse(word).unwrap();
            assert_eq!(frequency.period_of(day), name);
            assert_eq!(frequency.after(name).unwrap(), after);
            let (first, last) = period::span(name).unwrap();
            assert!(first <= day && day <= last);
        }
        assert_eq!(Frequency::parse("hour"), None);
        assert_eq!(Frequency::Month.after("spring"), None);
    }
}
