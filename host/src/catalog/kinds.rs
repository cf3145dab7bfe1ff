//! Which kinds each organisation works with.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use super::CatalogError;
use crate::domain::Kinds;
use crate::domain::kind::Shaped;
use crate::store::Store;

/// The kinds of every organisation on this node; cheap to clone.
///
/// What an organisation has is one immutable set that is swapped as a whole. A use case takes its set once and works
/// with it to its end; what it writes is refused when the set has been replaced meanwhile (see
/// [`Unit::kinds`](crate::store::unit::Unit::kinds)).
#[derive(Clone)]
pub struct KindRegistry(Arc<Inner>);

struct Inner {
    builtin: Arc<Kinds>,
    /// Only organisations whose kinds were ever changed.
    by_org: ArcSwap<HashMap<String, Arc<Kinds>>>,
    /// One refresh at a time, so that an older set never replaces a newer one.
    refreshing: Mutex<()>,
    behind: AtomicBool,
}

impl KindRegistry {
    /// The kinds of the binary, for every organisation; [`Self::refresh`] brings the organisations' own.
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            builtin: Arc::clone(Kinds::builtin()),
            by_org: ArcSwap::default(),
            refreshing: Mutex::default(),
            behind: AtomicBool::new(false),
        }))
    }

    /// The kinds that an organisation works with now.
    pub fn of(&self, org: &str) -> Arc<Kinds> {
        Arc::clone(self.0.by_org.load().get(org).unwrap_or(&self.0.builtin))
    }

    /// The kinds of the binary.
    pub fn builtin(&self) -> &Arc<Kinds> {
        &self.0.builtin
    }

    /// True while this node could not follow the database and works with older kinds.
    pub fn is_behind(&self) -> bool {
        self.0.behind.load(Ordering::Relaxed)
    }

    /// Follows the database where the kinds of an organisation have changed; gives true when any did.
    ///
    /// # Errors
    /// When the database fails, or a version that it holds cannot be read; the kinds stay as they were.
    pub async fn refresh(&self, store: &Store) -> Result<bool, CatalogError> {
        let _turn = self.0.refreshing.lock().await;
        let result = self.follow(store).await;
        self.0.behind.store(result.is_err(), Ordering::Relaxed);
        result
    }

    async fn follow(&self, store: &Store) -> Result<bool, CatalogError> {
        let known = self.0.by_org.load_full();
        let mut next = None;
        // The generation is read before the versions: they may be newer than it says, never older. Units made under
        // such a set are refused until the next refresh.
        for (org, generation) in store.kind_generations().await? {
            if known.get(&org).is_some_and(|kinds| kinds.generation() == generation) {
                continue;
            }
            let versions = store.current_kinds(&org).await?.into_iter();
            let versions: Vec<Shaped> =
                versions.map(|v| Shaped { slug: v.slug, version: v.version, body: v.body }).collect();
            let kinds = Kinds::shaped(generation, &versions)
                .map_err(|error| CatalogError::Kind { org: org.clone(), why: error.to_string() })?;
            next.get_or_insert_with(|| (*known).clone()).insert(org, Arc::new(kinds));
        }
        match next {
            None => Ok(false),
            Some(next) => {
                self.0.by_org.store(Arc::new(next));
                Ok(true)
            }
        }
    }
}

impl Default for KindRegistry {
    fn default() -> Self {
        Self::new()
    }
}
