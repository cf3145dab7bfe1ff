//! A small deterministic generator (xorshift).

/// Dice.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // The generator stands still at nought.
        let mut dice = Self(seed.max(1));
        for _ in 0..8 {
            dice.roll(2);
        }
        dice
    }

    /// A number below `sides`.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    /// One of some things; there has to be one.
    pub(super) fn of<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.roll(things.len() as u64) as usize]
    }
}
