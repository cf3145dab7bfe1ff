//! Chance with a seed (SplitMix64), and damage done by it.

pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// Damages bytes in one to eight places: flips, overwrites, cuts, doubles.
    pub(crate) fn damage(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(8) {
            if bytes.is_empty() {
                bytes.push(0);
            }
            let at = self.below(bytes.len());
            match self.below(6) {
                0 | 1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes[at] = *self.pick(&[0, 1, 0x7f, 0x80, 0xff]),
                3 => drop(bytes.drain(at..(at + 1 + self.below(16)).min(bytes.len()))),
                4 => bytes.truncate(at.max(1)),
                _ => {
                    let part = bytes[at..(at + 1 + self.below(32)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, part);
                }
            }
        }
    }

    /// Damages a text: lines left out, doubled or moved, and characters changed.
    pub(crate) fn damage_text(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for _ in 0..=self.below(4) {
            if lines.is_empty() {
                break;
            }
            let (at, to) = (self.below(lines.len()), self.below(lines.len()));
            match self.below(5) {
                0 => drop(lines.remove(at)),
                1 => lines.insert(to, lines[at].clone()),
                2 => lines.swap(at, to),
                3 => {
                    let half = lines[at].floor_char_boundary(lines[at].len() / 2);
                    lines[at].truncate(half);
                }
                _ => {
                    let odd =
                        *self.pick(&["\"", "[", "]", "=", "#", "\u{0}", "配", "\\", "'''", "9999999999999999999", "-"]);
                    let place = lines[at].floor_char_boundary(self.below(lines[at].len() + 1));
                    lines[at].insert_str(place, odd);
                }
            }
        }
        lines.join("\n")
    }
}
