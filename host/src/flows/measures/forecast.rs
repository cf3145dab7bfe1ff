//! How well forecasts came true.

use std::collections::BTreeMap;

use mortise_types::money::{Decimal, half_up_div};
use serde_json::Value;

use super::compute::{Ask, Readings};
use super::special::{MOST, standing};
use crate::domain::measure::figure::MICRO;
use crate::domain::measure::{Dimension, Exact, Lies, Population};
use crate::domain::record::Record;
use crate::flows::FlowError;
use crate::store::figures::Page;

/// Points before the last that a trend takes at least.
const POINTS: usize = 2;

/// For each resource the last sample against the least-squares trend of those before it, as the capacity forecast
/// draws it; the mean of what it misses by, in per cent of the sample.
pub(super) async fn capacity(ask: Ask<'_>) -> Result<Readings, FlowError> {
    let of = standing("CAP", &["active", "acting"]);
    let (mut sum, mut count) = (0_i128, 0_i64);
    for (record, _) in ask.desk.store.population(ask.lens(None), &of, &[], Page::first(MOST)).await? {
        let Some(missed) = samples(&record).as_deref().and_then(missed) else { continue };
        sum = sum.saturating_add(missed);
        count += 1;
    }
    if count == 0 {
        return Ok(Readings::new());
    }
    let exact = Exact::new(sum, i128::from(count) * MICRO);
    let shown = Exact::new(sum, MICRO).and_then(|v| v.decimal(6)).unwrap_or_default();
    Ok(BTreeMap::from([(None, ask.reading(exact, shown, Some(count.to_string()), count))]))
}

/// The values of a resource's samples, in millionths, by day.
fn samples(record: &Record) -> Option<Vec<i128>> {
    let mut samples: Vec<(String, i128)> = record
        .data
        .get("samples")?
        .as_array()?
        .iter()
        .filter_map(|sample| Some((sample["at"].as_str()?.to_owned(), micro(&sample["value"])?)))
        .collect();
    samples.sort();
    Some(samples.into_iter().map(|(_, value)| value).collect())
}

/// What the last value misses the trend by, in millionths of a per cent of itself.
fn missed(values: &[i128]) -> Option<i128> {
    let (last, earlier) = values.split_last()?;
    if earlier.len() < POINTS || *last == 0 {
        return None;
    }
    let n = i128::try_from(earlier.len()).ok()?;
    let xs = || 0..n;
    let (sum_x, sum_xx) = (xs().sum::<i128>(), xs().map(|x| x * x).sum::<i128>());
    let sum_y = earlier.iter().try_fold(0_i128, |sum, y| sum.checked_add(*y))?;
    let sum_xy = xs().zip(earlier).try_fold(0_i128, |sum, (x, y)| sum.checked_add(x.checked_mul(*y)?))?;
    // The trend at x = n, as a fraction over n·d: intercept + slope·n.
    let d = n * sum_xx - sum_x * sum_x;
    let slope = n.checked_mul(sum_xy)?.checked_sub(sum_x.checked_mul(sum_y)?)?;
    let intercept = d.checked_mul(sum_y)?.checked_sub(slope.checked_mul(sum_x)?)?;
    let expected = intercept.checked_add(slope.checked_mul(n)?.checked_mul(n)?)?;
    let below = n.checked_mul(d)?;
    let off = expected.checked_sub(last.checked_mul(below)?)?.checked_abs()?;
    half_up_div(off.checked_mul(100 * MICRO)?, below.checked_mul(last.abs())?).ok()
}

/// What was consumed in the period against what the record of the period before forecast for it.
pub(super) async fn demand(ask: Ask<'_>, by: Option<Dimension>) -> Result<Readings, FlowError> {
    let of = |lies| Population { lies, ..standing("DMD", &[]) };
    let all = ask.desk.store.population(ask.lens(None), &of(Lies::Standing), &[], Page::first(MOST)).await?;
    let key = |record: &Record, period: &str| {
        let text = |field| record.text(field).unwrap_or_default().to_owned();
        (text("service"), text("units"), record.text(period).unwrap_or_default().to_owned())
    };
    let forecasts: BTreeMap<_, i128> = all
        .iter()
        .filter_map(|(record, _)| Some((key(record, "period"), micro(record.data.get("forecast")?)?)))
        .collect();
    let mut sums: BTreeMap<Option<String>, (i128, i128, i64)> = BTreeMap::new();
    for (record, _) in
        ask.desk.store.population(ask.lens(None), &of(Lies::Named("period".into())), &[], Page::first(MOST)).await?
    {
        let forecast = forecasts.get(&key(&record, "previous_period"));
        let (Some(forecast), Some(consumed)) = (forecast, record.data.get("consumption").and_then(micro)) else {
            continue;
        };
        let group = by.and_then(|_| record.text("service")).map(str::to_owned);
        let sum = sums.entry(group).or_default();
        *sum = (sum.0.saturating_add((consumed - forecast).abs()), sum.1.saturating_add(consumed), sum.2 + 1);
    }
    let shown = |micro| Exact::new(micro, MICRO).and_then(|v| v.decimal(6)).unwrap_or_default();
    Ok(sums
        .into_iter()
        .filter(|(_, (_, consumed, _))| *consumed > 0)
        .map(|(group, (off, consumed, count))| {
            let exact = Exact::new(off, consumed).and_then(|share| share.times(100));
            (group, ask.reading(exact, shown(off), Some(shown(consumed)), count))
        })
        .collect())
}

fn micro(value: &Value) -> Option<i128> {
    value.as_str()?.parse::<Decimal>().ok()?.at_scale(MICRO.ilog10()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_sample_on_the_trend_misses_nothing() {
        let micro = |values: &[i128]| missed(&values.iter().map(|v| v * MICRO).collect::<Vec<_>>());
        assert_eq!(micro(&[50, 55, 60, 65, 70, 75]).unwrap(), 0);
        // The trend 50, 55 leads to 60; 80 is off by a quarter of itself.
        assert_eq!(micro(&[50, 55, 80]).unwrap(), 25 * MICRO);
        assert_eq!(micro(&[50, 55]), None);
        assert_eq!(micro(&[50, 55, 0]), None);
    }
}
