//! Currencies and their number of decimals.

use super::{Error, format_minor, parse_minor};

/// A currency by its ISO 4217 code, with the decimals of its minor unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    code: String,
    decimals: u8,
}

impl Currency {
    /// The currency with this code, as ISO 4217 lists it.
    ///
    /// # Errors
    /// [`Error::UnknownCurrency`].
    pub fn iso(code: &str) -> Result<Self, Error> {
        let decimals = iso_decimals(code).ok_or_else(|| Error::UnknownCurrency(code.to_owned()))?;
        Ok(Currency::with_decimals(code, decimals))
    }

    /// A currency whose decimals are declared elsewhere, such as in settings.
    #[must_use]
    pub fn with_decimals(code: &str, decimals: u8) -> Self {
        Currency { code: code.to_owned(), decimals }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The decimals of an amount.
    #[must_use]
    pub fn decimals(&self) -> u8 {
        self.decimals
    }

    /// Reads an amount as minor units. Errors as [`parse_minor`].
    ///
    /// # Errors
    /// As [`parse_minor`].
    pub fn parse(&self, text: &str) -> Result<i128, Error> {
        parse_minor(text, self.decimals)
    }

    /// Writes minor units with the currency's decimals.
    #[must_use]
    pub fn format(&self, minor: i128) -> String {
        format_minor(minor, self.decimals)
    }
}

/// Currencies of ISO 4217 whose minor unit is the currency itself.
const WITHOUT_DECIMALS: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";

/// Currencies divided into hundredths.
const TWO_DECIMALS: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD \
    CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS \
    GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL \
    MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK \
    PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS \
    TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG";

/// Currencies divided into thousandths.
const THREE_DECIMALS: &str = "BHD IQD JOD KWD LYD OMR TND";

/// Units of account with four decimals.
const FOUR_DECIMALS: &str = "CLF UYW";

/// The decimals that ISO 4217 gives a currency; `None` for an unknown code.
/// Codes are in capital letters.
#[must_use]
pub fn iso_decimals(code: &str) -> Option<u8> {
    [(TWO_DECIMALS, 2), (WITHOUT_DECIMALS, 0), (THREE_DECIMALS, 3), (FOUR_DECIMALS, 4)]
        .into_iter()
        .find(|(codes, _)| codes.split_ascii_whitespace().any(|known| known == code))
        .map(|(_, decimals)| decimals)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn decimals_of_known_currencies() {
        for (code, decimals) in [("CNY", 2), ("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)] {
            assert_eq!(iso_decimals(code), Some(decimals), "{code}");
        }
        for code in ["", "cny", "XXX", "CNYUSD", "CNY USD", " "] {
            assert_eq!(iso_decimals(code), None, "{code}");
        }
        assert_eq!(Currency::iso("ABC").unwrap_err().code(), "unknown-currency");
    }

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<&str> = [WITHOUT_DECIMALS, TWO_DECIMALS, THREE_DECIMALS, FOUR_DECIMALS]
            .iter()
            .flat_map(|list| list.split_ascii_whitespace())
            .collect();
        assert!(codes.iter().all(|code| code.len() == 3));
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn reading_and_writing() {
        let dinar = Currency::iso("KWD").unwrap();
        assert_eq!(dinar.parse("1.5"), Ok(1500));
        assert_eq!(dinar.format(-1500), "-1.500");
        let token = Currency::with_decimals("XTS", 6);
        assert_eq!((token.code(), token.decimals()), ("XTS", 6));
    }
}
