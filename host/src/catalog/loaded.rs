//! Components in memory, each loaded once however many ask for it at the same time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::engine::Prepared;

/// Digest and grants: a component with other grants is linked otherwise.
type Key = (String, String);

/// Components in memory. What decides now is held by the snapshot as well, so leaving here costs it nothing.
#[derive(Default)]
pub(super) struct Loaded(Mutex<Places>);

#[derive(Default)]
struct Places {
    by_key: HashMap<Key, Place>,
    /// Counts uses: the smallest is the one longest ago.
    clock: u64,
}

struct Place {
    cell: Arc<OnceCell<Prepared>>,
    used: u64,
}

impl Loaded {
    /// The component, loaded by `load` if it is not here. Nobody waits for another component.
    pub(super) async fn get<E>(
        &self,
        key: Key,
        most: usize,
        load: impl Future<Output = Result<Prepared, E>>,
    ) -> Result<Prepared, E> {
        let cell = self.with(|places| places.cell(key));
        let prepared = cell.get_or_try_init(|| load).await?.clone();
        self.with(|places| places.bound(most));
        Ok(prepared)
    }

    /// Puts a component in that is loaded already.
    pub(super) fn keep(&self, key: Key, prepared: Prepared, most: usize) {
        self.with(|places| {
            // Somebody else may have been faster, with the same component.
            let _ = places.cell(key).set(prepared);
            places.bound(most);
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Places) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Places {
    fn cell(&mut self, key: Key) -> Arc<OnceCell<Prepared>> {
        self.clock += 1;
        let place = self.by_key.entry(key).or_insert_with(|| Place { cell: Arc::default(), used: 0 });
        place.used = self.clock;
        Arc::clone(&place.cell)
    }

    /// Lets the components go that were not used for the longest time, until the rest has at most so many bytes.
    fn bound(&mut self, most: usize) {
        let mut sizes: Vec<_> = self
            .by_key
            .iter()
            .filter_map(|(key, place)| Some((place.used, place.cell.get()?.size(), key.clone())))
            .collect();
        sizes.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
        let mut total: usize = 0;
        for (_, size, key) in sizes.into_iter().skip(1) {
            total = total.saturating_add(size);
            if total > most {
                self.by_key.remove(&key);
            }
        }
    }
}
