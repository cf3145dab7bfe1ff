//! The period that a caller asks about.

use jiff::civil::Date;

use crate::domain::measure::Span;
use crate::domain::period as periods;
use crate::domain::refusal::{Refusal, rule};
use crate::domain::time::{add_days, add_months, parse_date, zone_name};

/// A period in the caller's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodAsk {
    /// First day, `2026-03-01`.
    pub from: Option<String>,
    /// Last day; it belongs to the period.
    pub to: Option<String>,
    /// Instead of both: `2026-03`, `2026-Q1`, `2026-H1`, `2026`.
    pub period: Option<String>,
    /// Time zone whose days they are; UTC when it is not given.
    pub tz: Option<String>,
}

/// Years of a period at most: what is asked of the database names each of its months.
const MOST_YEARS: i32 = 30;
/// A period begins in this year or later: nobody kept records before.
const FIRST_YEAR: i16 = 1900;
/// A period ends in this year or earlier: the days around it have to have a date, too.
const LAST_YEAR: i16 = 9990;

/// The period asked about; `otherwise` where neither days nor a period were given. Where there is one, a first day alone
/// goes on to its end, and a last day alone ends a year.
///
/// # Errors
/// What is no day, no period or no time zone; days in the wrong order; only one of two days where there is no `otherwise`.
pub fn period(ask: &PeriodAsk, otherwise: Option<(Date, Date)>) -> Result<Span, Refusal> {
    let day = |name: &'static str, text: &str| {
        let wrong = || Refusal::invalid(rule::TYPE, name, format!("{name}: '{text}' is not a day like 2026-03-31"));
        parse_date(text).ok_or_else(wrong)
    };
    let zone = ask.tz.as_deref().unwrap_or("UTC");
    zone_name(zone).map_err(|error| Refusal::invalid(rule::FORMAT, "tz", error.to_string()))?;
    let (first, last) = match (&ask.from, &ask.to, &ask.period) {
        (Some(from), Some(to), None) => (day("from", from)?, day("to", to)?),
        (None, None, Some(text)) => periods::span(text).ok_or_else(|| {
            let message = format!("period: '{text}' is no period like 2026-03, 2026-Q1, 2026-H1 or 2026");
            Refusal::invalid(rule::TYPE, "period", message)
        })?,
        (None, None, None) => otherwise.ok_or_else(|| {
            Refusal::invalid(rule::REQUIRED, "from", "from and to are required, or period instead of both")
        })?,
        (Some(from), None, None) => match otherwise {
            Some((_, today)) => (day("from", from)?, today),
            None => return Err(Refusal::invalid(rule::REQUIRED, "to", "to is required with from")),
        },
        (None, Some(to), None) => match otherwise {
            Some(_) => year_until(day("to", to)?),
            None => return Err(Refusal::invalid(rule::REQUIRED, "from", "from is required with to")),
        },
        (_, _, Some(_)) => {
            return Err(Refusal::invalid(rule::FORMAT, "period", "period is given instead of from and to"));
        }
    };
    if first > last {
        return Err(Refusal::invalid(rule::RANGE, "to", format!("to is before from: {last} before {first}")));
    }
    for (day, name) in [(first, "from"), (last, "to")] {
        if !(FIRST_YEAR..=LAST_YEAR).contains(&day.year()) {
            let field = if ask.period.is_some() { "period" } else { name };
            let message = format!("a period lies within the years {FIRST_YEAR} to {LAST_YEAR}");
            return Err(Refusal::invalid(rule::RANGE, field, message));
        }
    }
    if add_months(first, MOST_YEARS * 12) <= last {
        let field = if ask.period.is_some() { "period" } else { "to" };
        let message = format!("a period has {MOST_YEARS} years at most; {first} to {last} is longer");
        return Err(Refusal::invalid(rule::RANGE, field, message));
    }
    Span::new(first, last, zone).map_err(|error| Refusal::invalid(rule::FORMAT, "tz", error.to_string()))
}

/// The year that ends with a day.
pub fn year_until(last: Date) -> (Date, Date) {
    (add_days(add_months(last, -12), 1), last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ask(from: &str, to: &str, of: &str, tz: &str) -> Result<String, String> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let ask = PeriodAsk { from: text(from), to: text(to), period: text(of), tz: text(tz) };
        period(&ask, None)
            .map(|span| span.name())
            .map_err(|refusal| format!("{} {}", refusal.field.unwrap(), refusal.rule))
    }

    #[test]
    fn one_day_alone_is_enough_where_there_is_a_usual_period() {
        let today = parse_date("2026-12-01").unwrap();
        let name = |from: Option<&str>, to: Option<&str>| {
            let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
            let ask = PeriodAsk { from, to, ..PeriodAsk::default() };
            let span = period(&ask, Some(year_until(today))).unwrap();
            (span.first.to_string(), span.last.to_string())
        };
        let days = |first: &str, last: &str| (first.to_owned(), last.to_owned());
        assert_eq!(name(None, None), days("2025-12-02", "2026-12-01"));
        assert_eq!(name(Some("2026-06-01"), None), days("2026-06-01", "2026-12-01"));
        assert_eq!(name(None, Some("2025-12-31")), days("2025-01-01", "2025-12-31"));
    }

    #[test]
    fn a_period_is_given_in_one_way() {
        assert_eq!(ask("2026-03-01", "2026-03-31", "", "Asia/Shanghai").unwrap(), "2026-03");
        assert_eq!(ask("", "", "2026-Q1", "").unwrap(), "2026-Q1");
        assert!(ask("2000-01-01", "2029-12-31", "", "").is_ok());
        for (from, to, of, tz, problem) in [
            ("", "", "", "", "from required"),
            ("2026-03-01", "", "", "", "to required"),
            ("", "2026-03-01", "", "", "from required"),
            ("2026-03-01", "2026-02-01", "", "", "to range"),
            ("2026-02-30", "2026-03-01", "", "", "from type"),
            ("", "", "2026-Q5", "", "period type"),
            ("2026-03-01", "2026-03-02", "2026", "", "period format"),
            ("", "", "2026", "Mars/Base", "tz format"),
            ("1000-01-01", "9999-12-31", "", "", "from range"),
            ("2000-01-01", "9999-12-31", "", "", "to range"),
            ("2000-01-01", "2030-01-01", "", "", "to range"),
            ("9999-12-01", "9999-12-31", "", "", "from range"),
            ("", "", "0999", "", "period range"),
        ] {
            assert_eq!(ask(from, to, of, tz).unwrap_err(), problem);
        }
    }
}
