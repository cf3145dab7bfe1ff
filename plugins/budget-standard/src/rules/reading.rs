//! Reading a request's amounts, and adding them without overflow.

use std::fmt::Display;

use mortise_sdk::prelude::*;
use mortise_sdk::types::money::{self, Currency, Decimal};

use crate::settings::StandardSettings;

/// One hundred percent in basis points.
pub(crate) const WHOLE_BP: i128 = 10_000;

/// The currency of a code, with the decimals that settings or ISO 4217 give it.
pub(crate) fn currency(code: &str, settings: &StandardSettings) -> Result<Currency, Refusal> {
    match settings.currency_decimals.get(code) {
        Some(decimals) => Ok(Currency::with_decimals(code, *decimals)),
        None => Currency::iso(code).map_err(|error| at("currency", &error)),
    }
}

/// An amount of a field, in minor units.
pub(crate) fn amount(currency: &Currency, field: impl Display, text: &str) -> Result<i128, Refusal> {
    currency.parse(text).map_err(|error| at(field, &error))
}

/// An amount of a field that must not be negative, in minor units.
pub(crate) fn not_negative(currency: &Currency, field: &str, text: &str) -> Result<i128, Refusal> {
    let minor = amount(currency, field, text)?;
    if minor < 0 {
        return Err(Refusal::invalid_request(
            "negative-amount",
            format!("{field}: {} is negative", currency.format(minor)),
        ));
    }
    Ok(minor)
}

/// The sum of a list field, in minor units.
pub(crate) fn total<'a>(
    currency: &Currency,
    field: &str,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<i128, Refusal> {
    let mut total = 0;
    for (index, text) in texts.into_iter().enumerate() {
        total = sum([total, amount(currency, format_args!("{field}/{index}"), text)?])?;
    }
    Ok(total)
}

/// A number of a field with any number of decimals.
pub(crate) fn decimal(field: impl Display, text: &str) -> Result<Decimal, Refusal> {
    text.parse().map_err(|error| at(field, &error))
}

/// A quantity of a field: a decimal that is not negative.
pub(crate) fn quantity(field: impl Display, text: &str) -> Result<Decimal, Refusal> {
    let quantity = decimal(&field, text)?;
    if quantity.is_negative() {
        return Err(Refusal::invalid_request("negative-quantity", format!("{field}: {quantity} is negative")));
    }
    Ok(quantity)
}

/// The sum of some amounts. Never `i128::MIN`, so that every sum can be negated.
pub(crate) fn sum<const N: usize>(amounts: [i128; N]) -> Result<i128, Refusal> {
    amounts
        .into_iter()
        .try_fold(0_i128, i128::checked_add)
        .filter(|sum| *sum != i128::MIN)
        .ok_or_else(|| exact(money::Error::OutOfRange))
}

/// The product of an amount and a whole number.
pub(crate) fn product(amount: i128, factor: i128) -> Result<i128, Refusal> {
    amount.checked_mul(factor).filter(|product| *product != i128::MIN).ok_or_else(|| exact(money::Error::OutOfRange))
}

/// The refusal for an error of a field.
pub(crate) fn at(field: impl Display, error: &money::Error) -> Refusal {
    Refusal::invalid_request(error.code(), format!("{field}: {error}"))
}

/// The refusal for an error of a calculation.
pub(crate) fn exact(error: money::Error) -> Refusal {
    Refusal::invalid_request(error.code(), error.to_string())
}
