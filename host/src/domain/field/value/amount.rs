//! Decimal numbers and amounts of money, and the limits of all numbers.

use mortise_types::money::{Currency, Decimal, Error as MoneyError};
use serde_json::{Value, json};

use super::{Checker, MAX_DEC};
use crate::domain::refusal::rule;

impl Checker<'_> {
    pub(super) fn dec(&mut self, path: &str, value: &Value) -> Option<Value> {
        let text = value.as_str().filter(|text| text.len() <= MAX_DEC);
        let Some(Ok(decimal)) = text.map(str::parse::<Decimal>) else {
            return self.wrong(path, rule::TYPE, "must be a decimal number as a text, like \"-12.5\"");
        };
        let outside = self.outside(|bound| decimal.align(bound).map(|(value, bound)| value.cmp(&bound)).ok());
        self.in_range(path, outside).map(|()| decimal.to_string().into())
    }

    pub(super) fn money(&mut self, path: &str, value: &Value) -> Option<Value> {
        let parts = value
            .as_object()
            .filter(|map| map.len() == 2)
            .and_then(|map| Some((map.get("amount")?.as_str()?, map.get("currency")?.as_str()?)));
        let Some((amount, code)) = parts else {
            let form = r#"must be an amount like {"amount": "12.50", "currency": "CNY"}"#;
            return self.wrong(path, rule::TYPE, form);
        };
        let minor = Currency::iso(code).and_then(|currency| {
            let minor = currency.parse(amount)?;
            Ok((currency, minor))
        });
        let (currency, minor) = match minor {
            Ok(minor) => minor,
            Err(error @ MoneyError::UnknownCurrency(_)) => {
                return self.wrong(&format!("{path}.currency"), rule::FORMAT, &format!("is wrong: {error}"));
            }
            Err(error) => {
                let rule = if matches!(error, MoneyError::NotANumber(_)) { rule::TYPE } else { rule::RANGE };
                return self.wrong(&format!("{path}.amount"), rule, &format!("is wrong: {error}"));
            }
        };
        let amount = currency.format(minor);
        let decimal: Option<Decimal> = amount.parse().ok();
        let outside = self.outside(|bound| decimal?.align(bound).map(|(value, bound)| value.cmp(&bound)).ok());
        self.in_range(&format!("{path}.amount"), outside)?;
        Some(json!({ "amount": amount, "currency": code }))
    }

    /// Whether a decimal lies outside the field's limits, given its order to a bound.
    fn outside(&self, order: impl Fn(Decimal) -> Option<std::cmp::Ordering>) -> bool {
        let to = |bound: i64| bound.to_string().parse::<Decimal>().ok().and_then(&order);
        self.rules.min.is_some_and(|min| to(min).is_none_or(|order| order.is_lt()))
            || self.rules.max.is_some_and(|max| to(max).is_none_or(|order| order.is_gt()))
    }

    pub(super) fn in_range(&mut self, path: &str, outside: bool) -> Option<()> {
        if !outside {
            return Some(());
        }
        let limits = match (self.rules.min, self.rules.max) {
            (Some(min), Some(max)) => format!("must be from {min} to {max}"),
            (Some(min), None) => format!("must be at least {min}"),
            (None, Some(max)) => format!("must be at most {max}"),
            (None, None) => "is out of range".to_owned(),
        };
        self.wrong(path, rule::RANGE, &limits)
    }
}
