//! Which kinds each organisation works with.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::Kinds;

/// The kinds of every organisation on this node; cheap to clone.
///
/// What an organisation has is one immutable set that is swapped as a whole. A use case takes its set once and works
/// with it to its end.
#[derive(Clone)]
pub struct KindRegistry(Arc<Inner>);

struct Inner {
    builtin: Arc<Kinds>,
    /// Only organisations that differ from the built-in set.
    by_org: ArcSwap<HashMap<String, Arc<Kinds>>>,
}

impl KindRegistry {
    /// The kinds of the binary, for every organisation.
    pub fn new() -> Self {
        Self(Arc::new(Inner { builtin: Arc::clone(Kinds::builtin()), by_org: ArcSwap::default() }))
    }

    /// The kinds that an organisation works with now.
    pub fn of(&self, org: &str) -> Arc<Kinds> {
        Arc::clone(self.0.by_org.load().get(org).unwrap_or(&self.0.builtin))
    }

    /// The kinds of the binary.
    pub fn builtin(&self) -> &Arc<Kinds> {
        &self.0.builtin
    }
}

impl Default for KindRegistry {
    fn default() -> Self {
        Self::new()
    }
}
