//! Exact money: decimal texts in, integer minor units inside, decimal texts out.
//!
//! An amount is held as a whole number of its currency's minor units in an
//! `i128`; nothing here is a floating-point number, and an arithmetic overflow
//! is an error, never a wrong figure. Rounding is half to even and happens once
//! per product; shares are dealt by largest remainder. Source: domain guide,
//! section 3.3.

use std::fmt;

mod currency;
mod decimal;
mod shares;

pub use currency::{Currency, iso_decimals};
pub use decimal::{Decimal, ceil_div, format_minor, half_even_div, half_up_div, parse_minor};
pub use shares::largest_remainder;

/// Why a text is no amount, or a calculation has no exact answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The text is not plain decimal digits with an optional minus sign.
    NotANumber(String),
    /// The amount has more decimals than its currency.
    TooManyDecimals {
        /// The amount as written.
        text: String,
        /// The decimals that are allowed.
        decimals: u8,
    },
    /// The currency is not in ISO 4217 and no setting declares it.
    UnknownCurrency(String),
    /// The numbers are too large for exact arithmetic in 128 bits.
    OutOfRange,
    /// Division by zero.
    DivisionByZero,
    /// A weight is negative, or all of them are 0.
    NoAllocationBasis,
}

impl Error {
    /// The stable code under which a refusal reports this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotANumber(_) => "not-a-number",
            Error::TooManyDecimals { .. } => "too-many-decimals",
            Error::UnknownCurrency(_) => "unknown-currency",
            Error::OutOfRange => "out-of-range",
            Error::DivisionByZero => "division-by-zero",
            Error::NoAllocationBasis => "no-allocation-basis",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotANumber(text) => write!(f, "`{}` is not a decimal number such as -1234.50", shorten(text)),
            Error::TooManyDecimals { text, decimals } => {
                write!(f, "`{}` has more decimals than its currency allows ({decimals})", shorten(text))
            }
            Error::UnknownCurrency(code) => {
                write!(f, "`{}` is not a known ISO 4217 currency", shorten(code))
            }
            Error::OutOfRange => write!(f, "the numbers are too large to be calculated exactly"),
            Error::DivisionByZero => write!(f, "division by zero"),
            Error::NoAllocationBasis => {
                write!(f, "the weights must not be negative and must not all be 0")
            }
        }
    }
}

impl std::error::Error for Error {}

/// The first characters of a text from outside, so that a message stays short.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        text.to_owned()
    } else {
        text.chars().take(LONGEST).chain("…".chars()).collect()
    }
}
