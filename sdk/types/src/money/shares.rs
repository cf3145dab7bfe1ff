//! Dividing an amount so that the parts add up to the last minor unit.

use super::{Decimal, Error};

/// Divides `amount` (minor units) in proportion to `weights` by largest
/// remainder: exact shares are rounded down on the absolute value, the
/// left-over units go to the largest fractions, ties to the earlier weight, and
/// the sign is put back. The parts always add up to `amount`.
///
/// # Errors
/// [`Error::NoAllocationBasis`] if a weight is negative or their sum is 0, so
/// that nothing is ever divided equally by silent default;
/// [`Error::OutOfRange`] if a product does not fit.
///
/// ```
/// use mortise_types::money::{Decimal, largest_remainder};
/// let thirds = ["1", "1", "1"].map(|w| w.parse::<Decimal>().unwrap());
/// assert_eq!(largest_remainder(10_000, &thirds), Ok(vec![3334, 3333, 3333]));
/// ```
pub fn largest_remainder(amount: i128, weights: &[Decimal]) -> Result<Vec<i128>, Error> {
    if weights.iter().any(|weight| weight.is_negative()) {
        return Err(Error::NoAllocationBasis);
    }
    let scale = weights.iter().map(|weight| weight.scale()).max().unwrap_or(0);
    let mut whole = Vec::with_capacity(weights.len());
    let mut sum: i128 = 0;
    for weight in weights {
        let weight = weight.at_scale(scale)?;
        sum = sum.checked_add(weight).ok_or(Error::OutOfRange)?;
        whole.push(weight);
    }
    if sum == 0 {
        return Err(Error::NoAllocationBasis);
    }

    let size = amount.checked_abs().ok_or(Error::OutOfRange)?;
    let mut parts = Vec::with_capacity(whole.len());
    let mut fractions = Vec::with_capacity(whole.len());
    let mut left = size;
    for (index, weight) in whole.into_iter().enumerate() {
        let product = size.checked_mul(weight).ok_or(Error::OutOfRange)?;
        parts.push(product / sum);
        fractions.push((product % sum, index));
        left -= product / sum;
    }
    // The sort is stable, so equal fractions stay in the weights' order. There
    // are fewer units left than fractions above 0: a weight of 0 gets none.
    fractions.sort_by(|(a, _), (b, _)| b.cmp(a));
    for (_, index) in fractions {
        if left == 0 {
            break;
        }
        parts[index] += 1;
        left -= 1;
    }
    if amount < 0 {
        for part in &mut parts {
            *part = -*part;
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn deal(amount: i128, weights: &[&str]) -> Result<Vec<i128>, Error> {
        let weights: Vec<Decimal> = weights.iter().map(|w| w.parse().unwrap()).collect();
        largest_remainder(amount, &weights)
    }

    #[test]
    fn the_guides_examples() {
        assert_eq!(deal(10_000, &["1", "1", "1"]), Ok(vec![3334, 3333, 3333]));
        assert_eq!(deal(1000, &["7", "5", "3"]), Ok(vec![467, 333, 200]));
        assert_eq!(deal(-5, &["0.5", "0.3", "0.2"]), Ok(vec![-3, -1, -1]));
        assert_eq!(deal(1_000_000, &["24", "12", "6"]), Ok(vec![571_429, 285_714, 142_857]));
    }

    #[test]
    fn no_basis() {
        for weights in [&["0", "0.00"][..], &[], &["-1", "2"], &["-0.5", "0.5"]] {
            assert_eq!(deal(10, weights), Err(Error::NoAllocationBasis));
        }
        assert_eq!(deal(10, &["0", "-0", "1"]), Ok(vec![0, 0, 10]));
    }

    #[test]
    fn numbers_beyond_128_bits_are_refused() {
        assert_eq!(deal(i128::MAX, &["2", "3"]), Err(Error::OutOfRange));
        assert_eq!(deal(i128::MIN, &["1"]), Err(Error::OutOfRange));
        assert_eq!(deal(i128::MAX, &["1"]), Ok(vec![i128::MAX]));
    }

    /// A small deterministic generator (xorshift): the tests need variety, not chance.
    fn next(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn parts_add_up_and_stay_within_one_unit() {
        let mut state = 0x9E37_79B9_7F4A_7C15;
        for _ in 0..20_000 {
            let amount = i128::from(next(&mut state) % 2_000_001) - 1_000_000;
            let count = 1 + next(&mut state) % 8;
            let weights: Vec<String> =
                (0..count).map(|_| format!("{}.{:03}", next(&mut state) % 50, next(&mut state) % 1000)).collect();
            let texts: Vec<&str> = weights.iter().map(String::as_str).collect();
            let thousandths: Vec<i128> = weights.iter().map(|w| w.replace('.', "").parse().unwrap()).collect();
            let sum: i128 = thousandths.iter().sum();
            if sum == 0 {
                continue;
            }
            let parts = deal(amount, &texts).unwrap();
            assert_eq!(parts.iter().sum::<i128>(), amount);
            for (part, weight) in parts.iter().zip(&thousandths) {
                assert!((part * sum - amount * weight).abs() < sum);
                assert!(*weight != 0 || *part == 0);
            }
            assert_eq!(parts, one_by_one(amount, &thousandths));
            let mirrored: Vec<i128> = deal(-amount, &texts).unwrap().iter().map(|p| -p).collect();
            assert_eq!(parts, mirrored);
        }
    }

    /// The same rule the slow way: hand out one left-over unit after the other,
    /// each to the part that is furthest below its exact share.
    fn one_by_one(amount: i128, weights: &[i128]) -> Vec<i128> {
        let sum: i128 = weights.iter().sum();
        let size = amount.abs();
        let mut parts: Vec<i128> = weights.iter().map(|w| size * w / sum).collect();
        while parts.iter().sum::<i128>() < size {
            let lack = |i: usize| size * weights[i] - parts[i] * sum;
            let mut best = 0;
            for i in 1..weights.len() {
                if lack(i) > lack(best) {
                    best = i;
                }
            }
            parts[best] += 1;
        }
        parts.iter().map(|p| p * amount.signum()).collect()
    }
}
