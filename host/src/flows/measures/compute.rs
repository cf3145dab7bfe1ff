//! Working out a measure.

use std::collections::BTreeMap;

use super::special;
use crate::domain::Kinds;
use crate::domain::kind::Label;
use crate::domain::measure::figure::MICRO;
use crate::domain::measure::reading::{Attained, Share, Spread};
use crate::domain::measure::{
    Amount, Definition, Dimension, Exact, Formula, Population, Reading, Reason, Span, Term, Unit, attainment,
    missing_in, words,
};
use crate::domain::time::Instant;
use crate::flows::{Desk, FlowError};
use crate::store::figures::Lens;

/// Readings by the value of the dimension; under none, that of everything.
pub(super) type Readings = BTreeMap<Option<String>, Reading>;

/// What is measured, when, and by what it is divided.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) desk: &'a Desk,
    pub(super) org: &'a str,
    pub(super) kinds: &'a Kinds,
    pub(super) definition: &'a Definition,
    pub(super) span: &'a Span,
    pub(super) now: Instant,
}

impl<'a> Ask<'a> {
    pub(super) fn lens(self, by: Option<Dimension>) -> Lens<'a> {
        Lens {
            org: self.org,
            kinds: self.kinds,
            span: self.span,
            now: self.now,
            constants: &self.desk.policy.constants,
            by,
        }
    }

    /// The reading of everything.
    pub(super) async fn whole(self) -> Result<Reading, FlowError> {
        let mut readings = self.readings(None).await?;
        let nothing = || Reading::none(Reason::NoData, self.nothing());
        Ok(readings.remove(&None).unwrap_or_else(nothing))
    }

    /// The readings by a dimension; those of records without a value of it come under none.
    pub(super) async fn readings(self, by: Option<Dimension>) -> Result<Readings, FlowError> {
        let missing = missing_in(self.definition, self.kinds);
        if !missing.is_empty() {
            let text = missing.join("; ");
            let missing = Label { en: text.clone(), zh: text };
            return Ok(BTreeMap::from([(None, Reading::none(Reason::NotDefined, missing))]));
        }
        match &self.definition.formula {
            Formula::Share { of, items, that } => {
                let tallies = self.desk.store.tally(self.lens(by), of, items.as_deref(), that).await?;
                Ok(self.each(added(tallies.into_iter().map(|t| (t.group, (t.hits, t.all)))), |(hits, all)| {
                    let exact = Exact::new(i128::from(hits), i128::from(all)).and_then(|share| share.times(100));
                    self.reading(exact, whole(hits), Some(whole(all)), all)
                }))
            }
            Formula::Count { of, items, that } => {
                let tallies = self.desk.store.tally(self.lens(by), of, items.as_deref(), that).await?;
                Ok(self.each(added(tallies.into_iter().map(|t| (t.group, (t.hits, t.all)))), |(hits, all)| {
                    self.reading(Exact::new(i128::from(hits), 1), whole(hits), None, all)
                }))
            }
            Formula::Mean { of, amount } => self.mean(of, amount, by).await,
            Formula::Ratio { top, bottom, scale, absolute, per_month } => {
                let ratio = Ratio { top, bottom, scale: *scale, absolute: *absolute, per_month: *per_month };
                self.ratio(ratio, by).await
            }
            Formula::Distribution { of, field } => {
                let counts = self.desk.store.distribution(self.lens(None), of, field).await?;
                let sample = counts.iter().map(|(_, count)| count).sum();
                if sample == 0 {
                    return Ok(Readings::new());
                }
                let shares = counts.into_iter().map(|(value, count)| Share { value, count }).collect();
                let reading = self.reading(Exact::new(i128::from(sample), 1), whole(sample), None, sample);
                Ok(BTreeMap::from([(None, Reading { distribution: Some(shares), ..reading })]))
            }
            Formula::Special(name) => special::readings(self, *name, by).await,
        }
    }

    async fn mean(self, of: &Population, amount: &Amount, by: Option<Dimension>) -> Result<Readings, FlowError> {
        let unit = self.denominator(amount);
        let spreads = self.desk.store.spread(self.lens(by), of, amount).await?;
        let show =
            |value: i128| Exact::new(value, unit).and_then(|v| v.decimal(self.definition.digits)).unwrap_or_default();
        Ok(spreads
            .into_iter()
            .map(|s| {
                let exact = unit.checked_mul(i128::from(s.count)).and_then(|below| Exact::new(s.sum, below));
                let sum = Exact::new(s.sum, unit).and_then(|sum| sum.decimal(6)).map(trimmed);
                let mut reading = self.reading(exact, sum.unwrap_or_default(), Some(whole(s.count)), s.count);
                reading.spread = Some(Spread { median: show(s.median), p90: show(s.p90), max: show(s.max) });
                (s.group, reading)
            })
            .collect())
    }

    /// What a sum is divided by to come into the measure's unit.
    fn denominator(self, amount: &Amount) -> i128 {
        match amount {
            Amount::Duration(..) => self.definition.unit.milliseconds(),
            // Seconds of a `dur` count as millionths like every number.
            Amount::Field(_) | Amount::ItemField { .. } | Amount::Money(_) | Amount::Gap(..) => MICRO,
            Amount::One | Amount::Items { .. } => 1,
        }
    }

    async fn ratio(self, ratio: Ratio<'_>, by: Option<Dimension>) -> Result<Readings, FlowError> {
        let top = self.terms(ratio.top, by).await?;
        if ratio.bottom.is_empty() {
            return Ok(top.into_iter().map(|(group, sum)| (group, self.plain(&ratio, &sum))).collect());
        }
        // What there is too little of below is no figure; what there is nothing of above may be 0.
        let bottom = self.terms(ratio.bottom, by).await?;
        let countable = ratio.top.iter().all(|term| matches!(term.amount, Amount::One | Amount::Items { .. }));
        let mut readings = Readings::new();
        for (group, below) in bottom {
            let above = match top.get(&group) {
                Some(above) => above.clone(),
                None if countable => Total::default(),
                None => continue,
            };
            readings.extend(self.divided(&ratio, &above, &below).map(|reading| (group, reading)));
        }
        Ok(readings)
    }

    fn plain(self, ratio: &Ratio<'_>, sum: &Total) -> Reading {
        let value = if ratio.absolute { sum.micro.abs() } else { sum.micro };
        if sum.currencies.len() > 1 {
            return several(sum);
        }
        let exact = Exact::new(value, MICRO).and_then(|value| value.times(i128::from(ratio.scale)));
        let shown = Exact::new(value, MICRO).and_then(|v| v.decimal(6)).map(trimmed).unwrap_or_default();
        let reading = self.reading(exact, shown, None, sum.count);
        Reading { currency: sum.currencies.first().cloned(), ..reading }
    }

    fn divided(self, ratio: &Ratio<'_>, above: &Total, below: &Total) -> Option<Reading> {
        let mut currencies = above.currencies.clone();
        currencies.extend(below.currencies.iter().cloned());
        currencies.sort();
        currencies.dedup();
        if currencies.len() > 1 {
            return Some(several(&Total { currencies, ..Total::default() }));
        }
        let top = if ratio.absolute { above.micro.abs() } else { above.micro };
        let months = if ratio.per_month { i128::from(self.span.months()) } else { 1 };
        let bottom = below.micro.checked_mul(months)?;
        // Nothing to divide by: no figure.
        let exact = Exact::new(top, bottom)?.times(i128::from(ratio.scale));
        let show = |value| Exact::new(value, MICRO).and_then(|v| v.decimal(6)).map(trimmed).unwrap_or_default();
        let reading = self.reading(exact, show(top), Some(show(bottom)), below.count);
        let currency = currencies.pop().filter(|_| self.definition.unit == Unit::Money);
        Some(Reading { currency, ..reading })
    }

    async fn terms(self, terms: &[Term], by: Option<Dimension>) -> Result<BTreeMap<Option<String>, Total>, FlowError> {
        let mut totals: BTreeMap<Option<String>, Total> = BTreeMap::new();
        for term in terms {
            let unit = self.denominator(&term.amount);
            for sum in self.desk.store.sums(self.lens(by), &term.of, &term.amount).await? {
                let total = totals.entry(sum.group).or_default();
                // Every sum in millionths of the measure's unit.
                let value = if unit == MICRO { sum.sum } else { sum.sum.saturating_mul(MICRO) / unit };
                total.micro = total.micro.saturating_add(if term.less { -value } else { value });
                total.count += sum.count;
                if let Some(currency) = sum.currency.filter(|currency| !total.currencies.contains(currency)) {
                    total.currencies.push(currency);
                }
            }
        }
        Ok(totals)
    }

    fn each<T>(self, groups: BTreeMap<Option<String>, T>, reading: impl Fn(T) -> Reading) -> Readings {
        groups.into_iter().map(|(group, value)| (group, reading(value))).collect()
    }

    /// A reading with its value; with why there is none, where the numbers cannot be exact.
    pub(super) fn reading(
        self,
        exact: Option<Exact>,
        numerator: String,
        denominator: Option<String>,
        sample: i64,
    ) -> Reading {
        let Some((exact, value)) = exact.and_then(|e| Some((e, e.decimal(self.definition.digits)?))) else {
            let missing = Label {
                en: "the numbers are too large to be exact".into(),
                zh: "数值过大，无法精确计算".into(),
            };
            return Reading::none(Reason::TooLarge, missing);
        };
        Reading {
            value: Some(value),
            numerator: Some(numerator),
            denominator,
            sample,
            attainment: self.attained(exact),
            ..Reading::default()
        }
    }

    fn attained(self, exact: Exact) -> Option<Attained> {
        let constants = &self.desk.policy.constants;
        let target = self.definition.target(constants)?;
        let found = attainment(exact, target, self.definition.direction?)?;
        Some(Attained::new(self.definition.target.as_ref()?.text(constants), found))
    }

    /// What is missing, in words.
    pub(super) fn nothing(self) -> Label {
        let of = match &self.definition.formula {
            Formula::Share { of, .. }
            | Formula::Count { of, .. }
            | Formula::Mean { of, .. }
            | Formula::Distribution { of, .. } => of,
            // What is divided by is what is missing first.
            Formula::Ratio { top, bottom, .. } => match bottom.first().or(top.first()) {
                Some(term) => &term.of,
                None => return special::nothing(None),
            },
            Formula::Special(name) => return special::nothing(Some(*name)),
        };
        words::nothing(of, self.span, self.kinds)
    }
}

#[derive(Clone, Copy)]
struct Ratio<'d> {
    top: &'d [Term],
    bottom: &'d [Term],
    scale: i64,
    absolute: bool,
    per_month: bool,
}

/// A sum of terms, in millionths.
#[derive(Clone, Debug, Default)]
struct Total {
    micro: i128,
    count: i64,
    currencies: Vec<String>,
}

fn several(total: &Total) -> Reading {
    let list = total.currencies.join(", ");
    let missing =
        Label { en: format!("amounts in {list} cannot be added"), zh: format!("{list} 的金额不能相加") };
    Reading::none(Reason::Currencies, missing)
}

fn added(pairs: impl Iterator<Item = (Option<String>, (i64, i64))>) -> BTreeMap<Option<String>, (i64, i64)> {
    let mut groups: BTreeMap<Option<String>, (i64, i64)> = BTreeMap::new();
    for (group, (hits, all)) in pairs {
        let sum = groups.entry(group).or_default();
        sum.0 += hits;
        sum.1 += all;
    }
    groups.retain(|_, (_, all)| *all > 0);
    groups
}

fn whole(count: i64) -> String {
    count.to_string()
}

/// A decimal without the zeros at its end.
fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}
