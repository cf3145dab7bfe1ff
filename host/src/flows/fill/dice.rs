//! Chance that is the same for the same seed, on every machine.

/// A source of chance (SplitMix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which must not be zero; each is as likely as any other.
    pub(super) fn below(&mut self, n: usize) -> usize {
        // The high half of a product: without the bias of a remainder that anybody would notice.
        let wide = u128::from(self.next()) * (n as u128);
        usize::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `least` to `most`, both included.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = usize::try_from(most.saturating_sub(least).max(0)).unwrap_or(usize::MAX - 1);
        least.saturating_add(i64::try_from(self.below(width.saturating_add(1).max(1))).unwrap_or_default())
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }

    /// One of these, the earlier ones more often: some services have most of the incidents.
    pub(super) fn pick_uneven<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() {
            return None;
        }
        let (one, other) = (self.below(all.len()), self.below(all.len()));
        all.get(one.min(other))
    }

    /// One of these by weight.
    pub(super) fn weigh<T: Copy>(&mut self, all: &[(T, usize)]) -> Option<T> {
        let sum = all.iter().map(|(_, weight)| weight).sum::<usize>();
        let mut at = self.below(sum.max(1));
        all.iter().find_map(|(value, weight)| {
            if at < *weight {
                return Some(*value);
            }
            at -= weight;
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_row() {
        let row = |seed| {
            let mut dice = Dice::new(seed);
            (0..100).map(|_| dice.between(-5, 5)).collect::<Vec<_>>()
        };
        assert_eq!(row(1), row(1));
        assert_ne!(row(1), row(2));
        assert!(row(1).iter().all(|n| (-5..=5).contains(n)));
        assert!((-5..=5).all(|n| row(1).contains(&n)));
    }

    #[test]
    fn weights_are_kept() {
        let mut dice = Dice::new(7);
        let heads = (0..10_000).filter(|_| dice.weigh(&[(true, 9), (false, 1)]) == Some(true)).count();
        assert!((8_800..9_200).contains(&heads), "{heads}");
        assert_eq!(dice.pick::<u8>(&[]), None);
        assert_eq!(dice.weigh::<u8>(&[]), None);
    }
}
