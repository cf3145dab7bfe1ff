//! Exact figures: fractions of whole numbers, shown as decimals, compared as fractions.

use mortise_types::money::{Decimal, format_minor, half_up_div};
use serde::{Deserialize, Serialize};

/// Millionths in one: the unit in which sums are made.
pub const MICRO: i128 = 1_000_000;

/// A fraction; its denominator is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    /// `numerator` / `denominator`; `None` without a denominator, or where the numbers are too large to be exact.
    pub fn new(numerator: i128, denominator: i128) -> Option<Self> {
        match denominator {
            0 => None,
            d if d < 0 => Some(Self { numerator: numerator.checked_neg()?, denominator: d.checked_neg()? }),
            denominator => Some(Self { numerator, denominator }),
        }
    }

    /// A decimal number as it is written.
    pub fn of(value: Decimal) -> Option<Self> {
        Self::new(value.mantissa(), 10_i128.checked_pow(value.scale())?)
    }

    /// The fraction times a whole number; `None` when it is too large.
    pub fn times(self, factor: i128) -> Option<Self> {
        Self::new(self.numerator.checked_mul(factor)?, self.denominator)
    }

    /// The decimal with so many digits after the point, rounded half up.
    pub fn decimal(self, digits: u8) -> Option<String> {
        let scaled = self.numerator.checked_mul(10_i128.checked_pow(u32::from(digits))?)?;
        half_up_div(scaled, self.denominator).ok().map(|minor| format_minor(minor, digits))
    }

    /// Whether it is as large as another, compared exactly.
    pub fn is_at_least(self, other: Self) -> bool {
        self.compare(other).is_some_and(std::cmp::Ordering::is_ge)
    }

    fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        let left = self.numerator.checked_mul(other.denominator)?;
        Some(left.cmp(&other.numerator.checked_mul(self.denominator)?))
    }
}

/// Which way a measure is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The more the better.
    Higher,
    /// The less the better.
    Lower,
}

/// How a value stands to its target (guide, P06 and P47).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// At target.
    Green,
    /// At least 90 % of it.
    Amber,
    /// Less.
    Red,
}

/// A value held against a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attainment {
    /// Attainment in per cent with one decimal, at most 120.0.
    pub percent: String,
    /// What that means.
    pub status: Status,
}

/// More than this is not told (guide, P06).
const MOST_PERCENT: i128 = 120;
/// From here on a value is at target.
const GREEN_PERCENT: i128 = 100;
/// From here on it is close to it.
const AMBER_PERCENT: i128 = 90;

/// The attainment of a target: actual/target where more is better, target/actual where less is. Compared exactly;
/// only what is shown is rounded.
pub fn attainment(actual: Exact, target: Exact, direction: Direction) -> Option<Attainment> {
    let (above, below) = match direction {
        Direction::Higher => (actual, target),
        Direction::Lower => (target, actual),
    };
    let share = if below.numerator == 0 {
        // Nothing where nothing is asked for, or nothing of what should be little: more than met.
        if above.numerator < 0 { Exact::new(0, 1)? } else { Exact::new(MOST_PERCENT, 1)? }
    } else {
        let numerator = above.numerator.checked_mul(below.denominator)?;
        Exact::new(numerator, above.denominator.checked_mul(below.numerator)?)?.times(100)?
    };
    let at_least = |percent| share.compare(Exact { numerator: percent, denominator: 1 }).map(std::cmp::Ordering::is_ge);
    let status = if at_least(GREEN_PERCENT)? {
        Status::Green
    } else if at_least(AMBER_PERCENT)? {
        Status::Amber
    } else {
        Status::Red
    };
    let shown = if at_least(MOST_PERCENT)? { Exact::new(MOST_PERCENT, 1)? } else { share };
    Some(Attainment { percent: shown.decimal(1)?, status })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::of(text.parse().unwrap()).unwrap()
    }

    fn status(actual: &str, target: &str, direction: Direction) -> (String, Status) {
        let found = attainment(exact(actual), exact(target), direction).unwrap();
        (found.percent, found.status)
    }

    #[test]
    fn the_guides_examples() {
        let share = |n, of| Exact::new(n, of).unwrap().times(100).unwrap().decimal(1).unwrap();
        assert_eq!(share(46, 48), "95.8");
        assert_eq!(share(412, 500), "82.4");
        assert_eq!(share(330, 470), "70.2");
        assert_eq!(share(23, 24), "95.8");
        assert_eq!(Exact::new(20 + 30 + 52 + 70, 4).unwrap().decimal(1).unwrap(), "43.0");
        // P06 and P47.
        assert_eq!(status("83.3", "85.0", Direction::Higher), ("98.0".into(), Status::Amber));
        assert_eq!(status("250", "240", Direction::Lower), ("96.0".into(), Status::Amber));
    }

    #[test]
    fn limits_belong_to_the_better_side_and_are_exact() {
        assert_eq!(status("85", "85", Direction::Higher), ("100.0".into(), Status::Green));
        assert_eq!(status("84.9999", "85", Direction::Higher), ("100.0".into(), Status::Amber));
        assert_eq!(status("90", "100", Direction::Higher), ("90.0".into(), Status::Amber));
        assert_eq!(status("89.99", "100", Direction::Higher), ("90.0".into(), Status::Red));
        assert_eq!(status("500", "100", Direction::Higher), ("120.0".into(), Status::Green));
    }

    #[test]
    fn nothing_is_more_than_met_where_little_is_good() {
        assert_eq!(status("0", "5", Direction::Lower), ("120.0".into(), Status::Green));
        assert_eq!(status("0", "0", Direction::Lower), ("120.0".into(), Status::Green));
        assert_eq!(status("3", "0", Direction::Lower), ("0.0".into(), Status::Red));
        assert_eq!(status("0", "5", Direction::Higher), ("0.0".into(), Status::Red));
    }

    #[test]
    fn without_a_denominator_there_is_no_figure() {
        assert_eq!(Exact::new(0, 0), None);
        assert_eq!(Exact::new(i128::MAX, 1).unwrap().times(100), None);
        assert_eq!(Exact::new(5, -2).unwrap().decimal(2).unwrap(), "-2.50");
    }
}
