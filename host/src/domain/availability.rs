//! The availability of a service as its parts promise it (guide, section 4, `availability-model`): parts in series, and
//! groups of parts that stand in for each other. Exact fractions.

/// A share of time, as a fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    up: i128,
    of: i128,
}

impl Share {
    /// Always there.
    pub const WHOLE: Self = Self { up: 1, of: 1 };

    /// A fraction between nothing and the whole; none where it is no such share.
    pub fn new(up: i128, of: i128) -> Option<Self> {
        if of <= 0 || up < 0 || up > of {
            return None;
        }
        let common = gcd(up, of);
        Some(Self { up: up / common, of: of / common })
    }

    /// Both are needed; none when the numbers are too large to be exact.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        // What cancels out is taken out first, so that more parts can be multiplied.
        let (a, b) = (gcd(self.up, other.of), gcd(other.up, self.of));
        let up = (self.up / a).checked_mul(other.up / b)?;
        Self::new(up, (self.of / b).checked_mul(other.of / a)?)
    }

    /// When it is not there.
    #[must_use]
    pub fn missing(self) -> Self {
        Self { up: self.of - self.up, of: self.of }
    }

    /// In thousandths of a percent, rounded half up.
    pub fn milli_pct(self) -> Option<i64> {
        let twice = self.up.checked_mul(200_000)?.checked_add(self.of)?;
        i64::try_from(twice / self.of.checked_mul(2)?).ok()
    }

    /// Whether it is at least so many thousandths of a percent.
    pub fn is_at_least(self, milli_pct: i64) -> Option<bool> {
        Some(self.up.checked_mul(100_000)? >= i128::from(milli_pct).checked_mul(self.of)?)
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.max(b), a.min(b));
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// The availability of parts, each with its group: of a group one is enough, every group and every part without one is
/// needed. None when the numbers are too large to be exact.
pub fn model(parts: &[(Share, Option<&str>)]) -> Option<Share> {
    let mut whole = Share::WHOLE;
    for (index, (share, group)) in parts.iter().enumerate() {
        let Some(group) = group else {
            whole = whole.and(*share)?;
            continue;
        };
        let same = |part: &&(Share, Option<&str>)| part.1 == Some(*group);
        if parts.iter().take(index).any(|part| same(&part)) {
            continue;
        }
        let mut missing = Share::WHOLE;
        for (share, _) in parts.iter().filter(same) {
            missing = missing.and(share.missing())?;
        }
        whole = whole.and(missing.missing())?;
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn parts_in_series_and_redundant_ones() {
        let pct = |milli: i128| Share::new(milli, 100_000).unwrap();
        // The guide's T03a to T03c.
        let series = model(&[(pct(99_900), None), (pct(99_950), None), (pct(99_500), None)]).unwrap();
        assert_eq!((series.milli_pct(), series.is_at_least(99_300)), (Some(99_351), Some(true)));
        let nodes = model(&[(pct(99_000), Some("nodes")), (pct(99_900), None), (pct(99_000), Some("nodes"))]).unwrap();
        assert_eq!((nodes.milli_pct(), nodes.is_at_least(99_900)), (Some(99_890), Some(false)));
        let one = model(&[(Share::new(720, 724).unwrap(), None)]).unwrap();
        assert_eq!((one.milli_pct(), one.is_at_least(99_500)), (Some(99_448), Some(false)));
        assert_eq!(model(&[]), Some(Share::WHOLE));
        assert_eq!((Share::new(2, 1), Share::new(0, 0), Share::new(-1, 2)), (None, None, None));
        let many = vec![(Share::new(i128::from(i64::MAX) - 1, i128::from(i64::MAX)).unwrap(), None); 9];
        assert_eq!(model(&many), None);
    }
}
