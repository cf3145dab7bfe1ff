//! Stretches of time and sets of them.

use mortise_sdk::prelude::Refusal;
use mortise_sdk::types::Interval;

/// A half-open stretch of time `[from, to)`, seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    pub(crate) fn seconds(self) -> i64 {
        self.to - self.from
    }
}

/// Sorts spans and merges those that overlap or touch; drops empty ones.
pub(crate) fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| span.from < span.to);
    spans.sort_unstable_by_key(|span| span.from);
    spans.dedup_by(|next, last| {
        let joined = next.from <= last.to;
        if joined {
            last.to = last.to.max(next.to);
        }
        joined
    });
    spans
}

/// Reads intervals of a request, merged.
///
/// Refused with `invalid-interval` if one ends before it starts.
pub(crate) fn read(intervals: &[Interval]) -> Result<Vec<Span>, Refusal> {
    let spans = intervals.iter().map(|interval| bounds(*interval)).collect::<Result<_, _>>()?;
    Ok(merge(spans))
}

/// Reads one interval of a request, which may be empty.
pub(crate) fn bounds(Interval { from, to }: Interval) -> Result<Span, Refusal> {
    if to < from {
        return Err(Refusal::invalid_request(
            "invalid-interval",
            format!("the interval from {from} ends before it starts, at {to}"),
        ));
    }
    Ok(Span { from: from.0, to: to.0 })
}

/// Hands out what is left of each span, in order, when holes are cut out of
/// them. Spans and holes are ascending and merged.
pub(crate) struct Cut<'a> {
    holes: &'a [Span],
}

impl<'a> Cut<'a> {
    pub(crate) fn new(holes: &'a [Span]) -> Self {
        Self { holes }
    }

    /// Calls `piece` with each part that is left of the next span.
    pub(crate) fn each(&mut self, span: Span, mut piece: impl FnMut(Span)) {
        let mut from = span.from;
        while let Some(hole) = self.holes.first().filter(|hole| hole.from < span.to) {
            if from < hole.from {
                piece(Span { from, to: hole.from });
            }
            from = from.max(hole.to);
            if hole.to > span.to {
                // It reaches into the next span, too.
                return;
            }
            self.holes = &self.holes[1..];
        }
        if from < span.to {
            piece(Span { from, to: span.to });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(list: &[(i64, i64)]) -> Vec<Span> {
        list.iter().map(|&(from, to)| Span { from, to }).collect()
    }

    #[test]
    fn spans_that_touch_are_one() {
        assert_eq!(merge(spans(&[(5, 6), (0, 2), (2, 3), (9, 9), (4, 8), (6, 7)])), spans(&[(0, 3), (4, 8)]));
    }

    #[test]
    fn holes_are_cut_across_spans() {
        let holes = spans(&[(-5, 1), (2, 3), (8, 12), (13, 14), (20, 21)]);
        let mut cut = Cut::new(&holes);
        let mut left = Vec::new();
        for span in spans(&[(0, 5), (6, 10), (11, 15), (16, 18)]) {
            cut.each(span, |piece| left.push(piece));
        }
        assert_eq!(left, spans(&[(1, 2), (3, 5), (6, 8), (12, 13), (14, 15), (16, 18)]));
    }
}
