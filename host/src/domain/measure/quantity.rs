//! Numbers in the definitions of measures and evidence: as they stand there, or constants of the guide that an
//! organisation may set (`policy.NAME`, as in kind files).

use mortise_types::money::Decimal;

use super::figure::{Exact, MICRO};
use crate::domain::constant::{self, Constants};
use crate::domain::nearest::hint;

/// A number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// As the definition gives it.
    Fixed(Decimal),
    /// A constant, or what is as far below zero.
    Constant {
        /// Its name.
        name: String,
        /// `-policy.NAME`.
        negative: bool,
    },
}

impl Quantity {
    /// Reads a decimal number, `policy.NAME` or `-policy.NAME`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let Some(name) = rest.strip_prefix("policy.") else {
            let fixed: Decimal = text.parse().map_err(|_| format!("'{text}' is not a decimal number"))?;
            micro(fixed).ok_or_else(|| format!("'{text}' is too large or has more than six decimals"))?;
            return Ok(Self::Fixed(fixed));
        };
        if !constant::builtin().contains_key(name) {
            let hint = hint(name, constant::builtin().keys().map(String::as_str));
            return Err(format!("there is no constant '{name}'{hint}"));
        }
        Ok(Self::Constant { name: name.to_owned(), negative })
    }

    /// The number under an organisation's constants, as text.
    pub fn text(&self, constants: &Constants) -> String {
        match self {
            Self::Fixed(fixed) => fixed.to_string(),
            Self::Constant { .. } => self.whole(constants).to_string(),
        }
    }

    /// The exact number.
    pub fn exact(&self, constants: &Constants) -> Option<Exact> {
        match self {
            Self::Fixed(fixed) => Exact::of(*fixed),
            Self::Constant { .. } => Exact::new(i128::from(self.whole(constants)), 1),
        }
    }

    /// The same as a whole number, decimals cut off.
    pub fn whole(&self, constants: &Constants) -> i64 {
        match self {
            Self::Fixed(fixed) => micro(*fixed).unwrap_or_default() / MICRO_64,
            Self::Constant { name, negative } => {
                // Every constant that a definition names is there: it was looked up when the definition was read.
                let value = constants.get(name).unwrap_or_default();
                if *negative { value.saturating_neg() } else { value }
            }
        }
    }

    /// The same in millionths.
    pub fn micro(&self, constants: &Constants) -> i64 {
        match self {
            Self::Fixed(fixed) => micro(*fixed).unwrap_or_default(),
            Self::Constant { .. } => self.whole(constants).saturating_mul(MICRO_64),
        }
    }
}

const MICRO_64: i64 = 1_000_000;
const _: () = assert!(MICRO == MICRO_64 as i128);

fn micro(value: Decimal) -> Option<i64> {
    value.at_scale(MICRO.ilog10()).ok().and_then(|micro| i64::try_from(micro).ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_number_is_fixed_or_a_constant_that_can_be_set() {
        let guide = Constants::default();
        let own: Constants = serde_json::from_value(serde_json::json!({ "report_day": 3 })).unwrap();
        let constant = Quantity::parse("policy.report_day").unwrap();
        assert_eq!((constant.whole(&guide), constant.whole(&own)), (5, 3));
        assert_eq!(Quantity::parse("-policy.report_day").unwrap().whole(&own), -3);
        assert_eq!((constant.text(&own), constant.exact(&own)), ("3".to_owned(), Exact::new(3, 1)));
        let fixed = Quantity::parse("1.5").unwrap();
        assert_eq!((fixed.micro(&own), fixed.whole(&own)), (1_500_000, 1));
        assert!(Quantity::parse("policy.report_days").unwrap_err().contains("report_day"));
        assert!(Quantity::parse("many").unwrap_err().contains("'many'"));
    }
}
