//! What can be reached from some items by following relations, and by which way.

use std::collections::BTreeMap;

/// The items reached so far, each with the one it was first reached from.
///
/// The relations are handed in level by level, so that whoever reads them asks once per level.
/// Every item is reached once, by a shortest way: circles end of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Item → the item before it on the way; none for a start.
    from: BTreeMap<String, Option<String>>,
}

impl Reach {
    /// Starts from these items.
    pub fn from_items<'a>(items: impl IntoIterator<Item = &'a str>) -> Self {
        Self { from: items.into_iter().map(|item| (item.to_owned(), None)).collect() }
    }

    /// Takes steps, each from an item reached already to a next one; gives the items that are new,
    /// in alphabetical order. A step from an item that was not reached is not taken. Of several
    /// steps to one item the one from the alphabetically first is kept, whatever their order.
    pub fn step<'a>(&mut self, steps: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
        let mut new: BTreeMap<&str, &str> = BTreeMap::new();
        for (at, next) in steps {
            if self.contains(at) && !self.contains(next) {
                new.entry(next).and_modify(|first| *first = at.min(*first)).or_insert(at);
            }
        }
        for (next, at) in &new {
            self.from.insert((*next).to_owned(), Some((*at).to_owned()));
        }
        new.into_keys().map(str::to_owned).collect()
    }

    /// Whether the item is a start or was reached.
    pub fn contains(&self, item: &str) -> bool {
        self.from.contains_key(item)
    }

    /// How many items there are, the starts included.
    pub fn len(&self) -> usize {
        self.from.len()
    }

    /// Whether there is nothing, not even a start.
    pub fn is_empty(&self) -> bool {
        self.from.is_empty()
    }

    /// The way to an item from the start that leads to it, both included; empty for an item that
    /// was not reached.
    pub fn path(&self, item: &str) -> Vec<String> {
        let mut way = Vec::new();
        let mut at = self.from.get_key_value(item);
        while let Some((item, before)) = at {
            way.push(item.clone());
            // Each item was reached from one that was there before it, so this ends.
            at = before.as_deref().and_then(|before| self.from.get_key_value(before));
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Follows an adjacency map to its end.
    fn walk(starts: &[&str], edges: &[(&str, &str)]) -> (Reach, usize) {
        let mut reach = Reach::from_items(starts.iter().copied());
        let (mut levels, mut frontier) = (0, starts.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        while !frontier.is_empty() {
            let from = |at: &str| frontier.iter().any(|f| f == at);
            let steps: Vec<_> = edges.iter().copied().filter(|(at, _)| from(at)).collect();
            frontier = reach.step(steps);
            levels += 1;
            assert!(levels < 100, "does not end");
        }
        (reach, levels)
    }

    #[test]
    fn the_way_is_a_shortest_one() {
        let edges = [("disk", "host"), ("host", "db"), ("db", "app"), ("disk", "db"), ("app", "shop")];
        let (reach, levels) = walk(&["disk"], &edges);
        assert_eq!(reach.path("shop"), ["disk", "db", "app", "shop"]);
        assert_eq!(reach.path("disk"), ["disk"]);
        assert!(reach.path("printer").is_empty());
        assert_eq!((reach.len(), levels), (5, 4));
    }

    #[test]
    fn circles_end() {
        let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b"), ("c", "d"), ("d", "c")];
        let (reach, _) = walk(&["a"], &edges);
        assert_eq!(reach.path("d"), ["a", "b", "c", "d"]);
        assert_eq!(reach.len(), 4);
    }

    #[test]
    fn several_starts_and_equal_ways_give_one_answer() {
        let forth = [("a", "x"), ("b", "x"), ("x", "y")];
        let back = [("x", "y"), ("b", "x"), ("a", "x")];
        let (one, other) = (walk(&["a", "b"], &forth).0, walk(&["b", "a"], &back).0);
        assert_eq!(one, other);
        assert_eq!(one.path("y"), ["a", "x", "y"]);
    }

    #[test]
    fn nothing_is_reached_from_outside() {
        let mut reach = Reach::from_items(["a"]);
        assert!(reach.step([("b", "c"), ("c", "d")]).is_empty());
        assert!(!reach.is_empty() && Reach::default().is_empty());
    }
}
