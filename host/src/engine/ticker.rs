//! The clock that makes guests share threads.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

/// While no guest runs, the clock goes this many times slower.
const IDLE_FACTOR: u32 = 10;

/// Advances the epoch of a wasmtime engine until it is dropped. At every tick,
/// each running guest lets the other tasks of its thread go first.
pub(super) struct Ticker {
    stop: Arc<(Mutex<bool>, Condvar)>,
}

impl Ticker {
    /// Starts the clock's thread. `places` tells whether guests run: some of its
    /// `total` permits are then taken.
    pub(super) fn start(
        engine: wasmtime::Engine,
        tick: Duration,
        places: Arc<Semaphore>,
        total: usize,
    ) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let watched = Arc::clone(&stop);
        std::thread::Builder::new().name("guest-clock".to_owned()).spawn(move || {
            let (stopped, bell) = &*watched;
            let mut guard = stopped.lock().unwrap_or_else(PoisonError::into_inner);
            while !*guard {
                let busy = places.available_permits() < total;
                let wait = if busy { tick } else { tick * IDLE_FACTOR };
                guard = bell.wait_timeout(guard, wait).unwrap_or_else(PoisonError::into_inner).0;
                engine.increment_epoch();
            }
        })?;
        Ok(Self { stop })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        let (stopped, bell) = &*self.stop;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_all();
    }
}
