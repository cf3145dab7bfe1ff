//! How many records of each kind, and in which order they are made.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::field::{FieldType, Target};
use crate::domain::{Kind, Kinds};

/// What comes in day by day, and its weight among the others.
pub(super) const DAILY: [(&str, usize); 8] = [
    ("incident", 54),
    ("request", 24),
    ("change", 8),
    ("problem", 3),
    ("commitment", 2),
    ("cost-entry", 6),
    ("contact", 2),
    ("breach", 1),
];

/// What everything else stands on, beside what it must refer to.
const FIRST: [&str; 14] = [
    "calendar",
    "customer",
    "service",
    "configuration-item",
    "supplier",
    "contract",
    "sla",
    "ola",
    "underpinning-contract",
    "catalogue-item",
    "budget",
    "budget-line",
    "change-model",
    "document",
];

/// A kind and how many records of it there are to be.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) kind: Arc<Kind>,
    pub(super) count: u64,
}

/// What is made, in three parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// What the rest stands on, kind by kind.
    pub(super) first: Vec<Share>,
    /// What comes in day by day, mixed, with its weight.
    pub(super) daily: Vec<(Arc<Kind>, usize)>,
    /// How many of those there are.
    pub(super) days: u64,
    /// What refers to them, kind by kind.
    pub(super) last: Vec<Share>,
}

/// How `total` records are shared out.
pub(super) fn plan(kinds: &Kinds, total: u64) -> Plan {
    let daily: Vec<(Arc<Kind>, usize)> =
        DAILY.iter().filter_map(|(slug, weight)| Some((Arc::clone(kinds.get(slug)?), *weight))).collect();
    let mut first =
        Ordered { kinds, order: Vec::new(), seen: daily.iter().map(|(kind, _)| kind.slug.clone()).collect() };
    for slug in FIRST {
        first.add(kinds.get(slug));
    }
    for (kind, _) in &daily {
        for prefix in needed(kind) {
            first.add(kinds.by_prefix(prefix));
        }
    }
    let Ordered { order, seen, .. } = first;
    let mut last = Ordered { kinds, order: Vec::new(), seen };
    for kind in kinds.iter() {
        last.add(Some(kind));
    }
    let share = |kind: &Arc<Kind>| Share { kind: Arc::clone(kind), count: count(&kind.slug, total) };
    let (first, last): (Vec<Share>, Vec<Share>) =
        (order.iter().map(share).collect(), last.order.iter().map(share).collect());
    let others: u64 = first.iter().chain(&last).map(|share| share.count).sum();
    Plan { first, daily, days: total.saturating_sub(others), last }
}

/// Kinds after the kinds that their records must refer to.
struct Ordered<'k> {
    kinds: &'k Kinds,
    order: Vec<Arc<Kind>>,
    seen: BTreeSet<String>,
}

impl Ordered<'_> {
    fn add(&mut self, kind: Option<&Arc<Kind>>) {
        // What is a view on something else has no records of its own.
        let Some(kind) = kind.filter(|kind| kind.view.is_none() && self.seen.insert(kind.slug.clone())) else { return };
        for prefix in needed(kind) {
            self.add(self.kinds.by_prefix(prefix));
        }
        self.order.push(Arc::clone(kind));
    }
}

/// Prefixes of the records that a record of the kind has to refer to.
fn needed(kind: &Kind) -> impl Iterator<Item = &str> {
    kind.fields.iter().filter(|field| field.required || field.on_create).filter_map(|field| match field.ty.item() {
        FieldType::Ref(Target::Kind(prefix)) => Some(prefix.as_str()),
        _ => None,
    })
}

fn count(slug: &str, total: u64) -> u64 {
    match slug {
        "calendar" => 3,
        "configuration-item" => (total / 10).clamp(5, 100_000),
        "customer" => (total / 2_000).clamp(5, 500),
        "service" => (total / 2_000).clamp(8, 200),
        "sla" | "ola" | "underpinning-contract" | "catalogue-item" => (total / 2_000).clamp(8, 300),
        "supplier" | "contract" => (total / 5_000).clamp(5, 200),
        "budget" => 3,
        "budget-line" => (total / 5_000).clamp(6, 200),
        "document" => (total / 500).clamp(5, 2_000),
        // A day is closed to normal changes seldom.
        "blackout" => 4,
        _ => (total / 2_500).clamp(3, 400),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_kind_is_made_once_and_after_what_it_needs() {
        let kinds = Kinds::builtin();
        let plan = plan(kinds, 20_000);
        let mut made: BTreeSet<String> = BTreeSet::new();
        let mut known = |kind: &Kind, daily: bool| {
            for target in needed(kind).filter_map(|prefix| kinds.by_prefix(prefix)) {
                if daily || target.view.is_some() {
                    continue;
                }
                assert!(target.slug == kind.slug || made.contains(&target.slug), "{} needs {}", kind.slug, target.slug);
            }
            assert!(made.insert(kind.slug.clone()), "{} twice", kind.slug);
        };
        plan.first.iter().for_each(|share| known(&share.kind, false));
        plan.daily.iter().for_each(|(kind, _)| known(kind, true));
        plan.last.iter().for_each(|share| known(&share.kind, false));
        assert_eq!(made.len(), kinds.iter().filter(|kind| kind.view.is_none()).count());
        let others: u64 = plan.first.iter().chain(&plan.last).map(|share| share.count).sum();
        assert_eq!(plan.days + others, 20_000);
        assert!(plan.days > 10_000, "{}", plan.days);
    }
}
