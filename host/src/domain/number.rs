//! Record numbers: `PREFIX-YYYY-NNNNNN` (guide, section 0).

use std::fmt;

/// A record's number, taken apart.
///
/// One ascending counter per organisation, prefix and year; assigned at creation and never reused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// The kind's prefix, for example `INC`.
    pub prefix: String,
    /// The year of creation, in UTC.
    pub year: i16,
    /// The counter's value, from 1.
    pub counter: u64,
}

/// The text of a number: the counter has six digits, and more once a year has used those up.
pub fn format(prefix: &str, year: i16, counter: u64) -> String {
    format!("{prefix}-{year:04}-{counter:06}")
}

/// Takes a number apart; `None` if the text is not the number of a record.
///
/// There is exactly one text for every number: `INC-2026-00123` and `INC-2026-0000123` are refused.
pub fn parse(text: &str) -> Option<Number> {
    let mut parts = text.splitn(3, '-');
    let (prefix, year, counter) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = is_prefix(prefix)
        && year.len() == 4
        && digits(year)
        && (6..=18).contains(&counter.len())
        && digits(counter)
        && !(counter.len() > 6 && counter.starts_with('0'));
    if !fits {
        return None;
    }
    let counter = counter.parse().ok().filter(|counter| *counter > 0)?;
    Some(Number { prefix: prefix.to_owned(), year: year.parse().ok()?, counter })
}

/// Whether the text can be a kind's prefix: two to five capital letters.
pub fn is_prefix(text: &str) -> bool {
    (2..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format(&self.prefix, self.year, self.counter))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_round_trip() {
        assert_eq!(format("INC", 2026, 123), "INC-2026-000123");
        assert_eq!(format("CI", 2026, 1_234_567), "CI-2026-1234567");
        for text in ["INC-2026-000123", "CI-2026-1234567", "SRQ-0999-999999"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_number() {
        for text in [
            "",
            "INC",
            "INC-2026",
            "INC-2026-",
            "inc-2026-000123",
            "INC-26-000123",
            "INC-2026-00123",
            "INC-2026-0000123",
            "INC-2026-000000",
            "INC-2026-00012x",
            "INC-2026-000123-1",
            "INC-2026-+00123",
            "INC-2026-000123 ",
            "I-2026-000123",
            "INCIDENT-2026-000123",
            "INC-2026-9999999999999999999",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
