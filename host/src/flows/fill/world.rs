//! What has been made so far: later records refer to it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::dice::Dice;
use super::words;
use crate::domain::number;
use crate::domain::time::Instant;
use crate::flows::{Desk, FlowError};

/// Numbers reserved at once.
const BLOCK: i64 = 5_000;

/// Everything that a further record depends on.
pub(super) struct World {
    pub(super) dice: Dice,
    /// Identifiers are unique over all organisations, though their records may be the same.
    ids: Dice,
    users: usize,
    count: u64,
    numbers: BTreeMap<String, Vec<String>>,
    blocks: BTreeMap<(String, i16), RangeInclusive<i64>>,
}

/// Numbers that are left of a block. An exhausted range still has its ends.
fn left(block: &RangeInclusive<i64>) -> i64 {
    if block.is_empty() { 0 } else { block.end() - block.start() + 1 }
}

impl World {
    pub(super) fn new(seed: u64, ids: u64, users: usize) -> Self {
        Self {
            dice: Dice::new(seed),
            ids: Dice::new(ids),
            users,
            count: 0,
            numbers: BTreeMap::new(),
            blocks: BTreeMap::new(),
        }
    }

    /// A number that no other thing of this run has.
    pub(super) fn counted(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Somebody.
    pub(super) fn user(&mut self) -> String {
        let n = self.dice.below(self.users);
        words::user(n)
    }

    /// The number of a record of the kind with this prefix; recent ones more often for what never ends.
    pub(super) fn number_of(&mut self, prefix: &str) -> Option<String> {
        let all = self.numbers.get(prefix)?;
        // An incident belongs to a problem of these days, not of the year before last.
        const RECENT: usize = 2_000;
        match prefix {
            "INC" | "PRB" | "CHG" | "SRQ" => self.dice.pick(&all[all.len().saturating_sub(RECENT)..]).cloned(),
            _ => self.dice.pick_uneven(all).cloned(),
        }
    }

    /// Sees to it that `count` numbers of a prefix and year can be taken.
    pub(super) async fn reserve(
        &mut self,
        desk: &Desk,
        org: &str,
        prefix: &str,
        year: i16,
        count: i64,
    ) -> Result<(), FlowError> {
        let key = (prefix.to_owned(), year);
        if self.blocks.get(&key).map_or(0, left) < count {
            let block = desk.store.reserve_numbers(org, prefix, i64::from(year), count.max(BLOCK)).await?;
            self.blocks.insert(key, block);
        }
        Ok(())
    }

    /// Takes a number that was reserved, and remembers the record by it.
    pub(super) fn number(&mut self, prefix: &str, year: i16) -> Option<String> {
        let counter = self.blocks.get_mut(&(prefix.to_owned(), year))?.next()?;
        let number = number::format(prefix, year, counter.unsigned_abs());
        self.numbers.entry(prefix.to_owned()).or_default().push(number.clone());
        Some(number)
    }

    /// An identifier (UUIDv7) of a record made at `at`.
    pub(super) fn id(&mut self, at: Instant) -> String {
        let millis = u128::try_from(at.0).unwrap_or_default() & 0xffff_ffff_ffff;
        let (high, low) = (u128::from(self.ids.next() & 0xfff), u128::from(self.ids.next() >> 2));
        let bits = millis << 80 | 7 << 76 | high << 64 | 0b10 << 62 | low;
        let hex = format!("{bits:032x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_was_used_up_has_nothing_left() {
        let mut block = 1..=2;
        assert_eq!(left(&block), 2);
        block.next();
        assert_eq!(left(&block), 1);
        block.next();
        assert_eq!(left(&block), 0);
    }
}
