//! What a sample of monitoring says (guide, P46, event filter).

use mortise_types::money::Decimal;

/// Where a sample lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// At the threshold or above it.
    High,
    /// Below the threshold less the margin.
    Low,
    /// Between the two: neither raises nor clears.
    Between,
}

impl Side {
    /// Where `value` lies; `margin` is in whole units of the metric. `None` when the numbers are too large to compare.
    pub fn of(value: Decimal, threshold: Decimal, margin: i64) -> Option<Self> {
        let scale = value.scale().max(threshold.scale());
        let (value, threshold) = (value.at_scale(scale).ok()?, threshold.at_scale(scale).ok()?);
        let margin = 10_i128.checked_pow(scale)?.checked_mul(i128::from(margin))?;
        Some(match value {
            value if value >= threshold => Self::High,
            value if value < threshold.checked_sub(margin)? => Self::Low,
            _ => Self::Between,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn samples_lie_on_one_side_of_the_threshold_or_between() {
        for (value, side) in [
            ("82", Side::Low),
            ("84.999", Side::Low),
            ("85", Side::Between),
            ("85.0", Side::Between),
            ("89.99", Side::Between),
            ("90", Side::High),
            ("90.00", Side::High),
            ("93", Side::High),
            ("-3", Side::Low),
        ] {
            assert_eq!(Side::of(value.parse().unwrap(), "90".parse().unwrap(), 5), Some(side), "{value}");
        }
        let tiny = format!("0.{}1", "0".repeat(30));
        assert_eq!(Side::of(tiny.parse().unwrap(), "0".parse().unwrap(), 0), Some(Side::High));
    }
}
