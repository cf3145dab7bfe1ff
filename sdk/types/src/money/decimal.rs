//! Decimal numbers of any scale, and divisions with a stated rounding.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::Error;

/// An exact decimal number: `mantissa` / 10^`scale`, without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { mantissa: 0, scale: 0 };

    /// The digits as a whole number, without the decimal point.
    #[must_use]
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// How many of the mantissa's digits stand behind the decimal point.
    #[must_use]
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// Whether the number is below 0.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// The mantissa at another, larger scale.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it does not fit or `scale` is the smaller one.
    pub fn at_scale(self, scale: u32) -> Result<i128, Error> {
        let more = scale.checked_sub(self.scale).ok_or(Error::OutOfRange)?;
        self.mantissa.checked_mul(power_of_ten(more)?).ok_or(Error::OutOfRange)
    }

    /// Both numbers at their common scale.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if one does not fit.
    pub fn align(self, other: Decimal) -> Result<(i128, i128), Error> {
        let scale = self.scale.max(other.scale);
        Ok((self.at_scale(scale)?, other.at_scale(scale)?))
    }

    /// The product in minor units of a currency with `decimals` decimals,
    /// rounded once, half to even.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it does not fit.
    pub fn times_half_even(self, other: Decimal, decimals: u8) -> Result<i128, Error> {
        let product = self.mantissa.checked_mul(other.mantissa).ok_or(Error::OutOfRange)?;
        let scale = self.scale.checked_add(other.scale).ok_or(Error::OutOfRange)?;
        rescale_half_even(product, scale, decimals)
    }
}

/// `mantissa` / 10^`scale` in units of 10^-`decimals`, rounded half to even.
fn rescale_half_even(mantissa: i128, scale: u32, decimals: u8) -> Result<i128, Error> {
    let decimals = u32::from(decimals);
    if scale <= decimals {
        mantissa.checked_mul(power_of_ten(decimals - scale)?).ok_or(Error::OutOfRange)
    } else {
        match power_of_ten(scale - decimals) {
            Ok(divisor) => half_even_div(mantissa, divisor),
            // The divisor exceeds twice any i128, so the quotient is below one half.
            Err(_) if scale - decimals > 39 => Ok(0),
            Err(error) => Err(error),
        }
    }
}

fn power_of_ten(exponent: u32) -> Result<i128, Error> {
    10_i128.checked_pow(exponent).ok_or(Error::OutOfRange)
}

impl FromStr for Decimal {
    type Err = Error;

    /// Reads `-?digits[.digits]`; no sign `+`, exponent, grouping or spaces.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::NotANumber(text.to_owned());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = match unsigned.split_once('.') {
            Some((_, "")) => return Err(wrong()),
            Some(parts) => parts,
            None => (unsigned, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let fraction = fraction.trim_end_matches('0');
        let mut mantissa: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            mantissa = mantissa
                .checked_mul(10)
                .and_then(|m| m.checked_add(i128::from(byte - b'0')))
                .ok_or(Error::OutOfRange)?;
        }
        if unsigned.len() < text.len() {
            mantissa = -mantissa;
        }
        let scale = u32::try_from(fraction.len()).map_err(|_| Error::OutOfRange)?;
        Ok(Decimal { mantissa, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write_scaled(self.mantissa, self.scale as usize))
    }
}

/// Reads an amount as minor units of a currency with `decimals` decimals.
///
/// # Errors
/// [`Error::NotANumber`]; [`Error::TooManyDecimals`], also where the surplus
/// decimals are zeros; [`Error::OutOfRange`].
///
/// ```
/// use mortise_types::money::parse_minor;
/// assert_eq!(parse_minor("-12.5", 2), Ok(-1250));
/// assert!(parse_minor("12.500", 2).is_err());
/// ```
pub fn parse_minor(text: &str, decimals: u8) -> Result<i128, Error> {
    let value: Decimal = text.parse()?;
    let written = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    if written > usize::from(decimals) {
        return Err(Error::TooManyDecimals { text: text.to_owned(), decimals });
    }
    value.at_scale(u32::from(decimals))
}

/// Writes minor units with exactly `decimals` decimals; zero has no sign.
#[must_use]
pub fn format_minor(minor: i128, decimals: u8) -> String {
    write_scaled(minor, usize::from(decimals))
}

fn write_scaled(mantissa: i128, scale: usize) -> String {
    let sign = if mantissa < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// `numerator` / `denominator`, rounded half to even.
///
/// # Errors
/// [`Error::DivisionByZero`]; [`Error::OutOfRange`] for `i128::MIN` / -1.
pub fn half_even_div(numerator: i128, denominator: i128) -> Result<i128, Error> {
    let (floor, twice) = floor_and_twice_rest(numerator, denominator)?;
    Ok(match twice {
        Ordering::Less => floor,
        Ordering::Greater => floor + 1,
        Ordering::Equal => floor + (floor & 1),
    })
}

/// `numerator` / `denominator`, rounded half up (towards plus infinity).
///
/// # Errors
/// [`Error::DivisionByZero`]; [`Error::OutOfRange`] for `i128::MIN` / -1.
pub fn half_up_div(numerator: i128, denominator: i128) -> Result<i128, Error> {
    let (floor, twice) = floor_and_twice_rest(numerator, denominator)?;
    Ok(if twice == Ordering::Less { floor } else { floor + 1 })
}

/// `numerator` / `denominator`, rounded up (towards plus infinity).
///
/// # Errors
/// [`Error::DivisionByZero`]; [`Error::OutOfRange`] for `i128::MIN` / -1.
pub fn ceil_div(numerator: i128, denominator: i128) -> Result<i128, Error> {
    let (quotient, rest) = quotient_and_rest(numerator, denominator)?;
    let positive = (rest < 0) == (denominator < 0);
    Ok(if rest != 0 && positive { quotient + 1 } else { quotient })
}

/// Quotient rounded towards zero, and the rest with the numerator's sign.
fn quotient_and_rest(numerator: i128, denominator: i128) -> Result<(i128, i128), Error> {
    if denominator == 0 {
        return Err(Error::DivisionByZero);
    }
    let quotient = numerator.checked_div(denominator).ok_or(Error::OutOfRange)?;
    Ok((quotient, numerator % denominator))
}

/// The quotient rounded down, and how twice the rest compares to the divisor.
fn floor_and_twice_rest(numerator: i128, denominator: i128) -> Result<(i128, Ordering), Error> {
    let (quotient, rest) = quotient_and_rest(numerator, denominator)?;
    let divisor = denominator.unsigned_abs();
    let part = rest.unsigned_abs();
    if rest == 0 {
        return Ok((quotient, Ordering::Less));
    }
    // `part` against the rest of the divisor instead of twice `part` against
    // the divisor: the same comparison, and it cannot overflow.
    let above_zero = (rest < 0) == (denominator < 0);
    Ok(if above_zero { (quotient, part.cmp(&(divisor - part))) } else { (quotient - 1, (divisor - part).cmp(&part)) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn texts_that_are_amounts() {
        for (text, decimals, minor) in [
            ("0", 2, 0),
            ("-0", 2, 0),
            ("-0.00", 2, 0),
            ("12", 2, 1200),
            ("12.5", 2, 1250),
            ("-12.05", 2, -1205),
            ("007.10", 2, 710),
            ("1000", 0, 1000),
            ("0.001", 3, 1),
        ] {
            assert_eq!(parse_minor(text, decimals), Ok(minor), "{text}");
        }
    }

    #[test]
    fn texts_that_are_none() {
        for text in ["", "-", ".", "1.", ".5", "+1", "1e3", " 1", "1,5", "1_0", "--1", "１", "1.-5", "NaN"] {
            assert_eq!(parse_minor(text, 2), Err(Error::NotANumber(text.to_owned())), "{text}");
        }
        for (text, decimals) in [("1.005", 2), ("1.000", 2), ("1.0", 0), ("0.0001", 3)] {
            assert_eq!(parse_minor(text, decimals).unwrap_err().code(), "too-many-decimals");
        }
        let huge = "9".repeat(40);
        assert_eq!(parse_minor(&huge, 2), Err(Error::OutOfRange));
    }

    #[test]
    fn writing_keeps_the_currencys_decimals() {
        assert_eq!(format_minor(0, 2), "0.00");
        assert_eq!(format_minor(-5, 2), "-0.05");
        assert_eq!(format_minor(-1205, 2), "-12.05");
        assert_eq!(format_minor(1000, 0), "1000");
        assert_eq!(format_minor(7, 3), "0.007");
        assert_eq!("12.50".parse::<Decimal>().unwrap().to_string(), "12.5");
        assert_eq!(i128::MIN.to_string(), format_minor(i128::MIN, 0));
    }

    #[test]
    fn divisions_agree_with_a_slow_search() {
        for numerator in -60_i128..=60 {
            for denominator in (-9_i128..=9).filter(|d| *d != 0) {
                // The nearest whole numbers by trying all of them: distance is
                // measured in |denominator|ths, so everything stays whole.
                let distance = |q: i128| (q * denominator - numerator).abs();
                let nearest = (-70..=70).map(distance).min().unwrap();
                let candidates: Vec<i128> = (-70..=70).filter(|q| distance(*q) == nearest).collect();
                let up = *candidates.last().unwrap();
                let even = *candidates.iter().find(|q| candidates.len() == 1 || **q % 2 == 0).unwrap();
                assert_eq!(half_up_div(numerator, denominator), Ok(up));
                assert_eq!(half_even_div(numerator, denominator), Ok(even));
                let ceil = (-70..=70)
                    .find(|q| if denominator > 0 { q * denominator >= numerator } else { q * denominator <= numerator })
                    .unwrap();
                assert_eq!(ceil_div(numerator, denominator), Ok(ceil));
            }
        }
        assert_eq!(half_even_div(1, 0), Err(Error::DivisionByZero));
        assert_eq!(half_even_div(i128::MIN, -1), Err(Error::OutOfRange));
        assert_eq!(half_even_div(i128::MIN, i128::MIN), Ok(1));
        assert_eq!(half_even_div(i128::MAX, 2), Ok(i128::MAX / 2 + 1));
    }

    #[test]
    fn products_are_rounded_once() {
        let d = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(d("2.5").times_half_even(d("133.33"), 2), Ok(33332));
        assert_eq!(d("0.5").times_half_even(d("210.03"), 2), Ok(10502));
        assert_eq!(d("12.50").times_half_even(d("7.2308"), 2), Ok(9038));
        assert_eq!(d("-12.50").times_half_even(d("7.2308"), 2), Ok(-9038));
        assert_eq!(d("3").times_half_even(d("4"), 3), Ok(12000));
        let tiny = format!("0.{}1", "0".repeat(37));
        assert_eq!(d(&tiny).times_half_even(d(&tiny), 2), Ok(0));
        assert_eq!(d(&"9".repeat(38)).times_half_even(d("10"), 2), Err(Error::OutOfRange));
    }
}
