//! Time and identifiers come from outside the rules, so that tests can hold both still.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use uuid::{ContextV7, Timestamp, Uuid};

use crate::domain::time::Instant;

/// Where `now` and fresh identifiers come from.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System,
    Manual { now: AtomicI64, ids: AtomicU64 },
}

impl Clock {
    /// The machine's clock and random UUIDv7 identifiers.
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A clock that stands still until it is moved, with counted identifiers.
    pub fn manual(now: Instant) -> Self {
        Self(Arc::new(Source::Manual { now: AtomicI64::new(now.0), ids: AtomicU64::new(1) }))
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        match &*self.0 {
            Source::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Source::Manual { now, .. } => Instant(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; a system clock is left alone.
    pub fn set(&self, to: Instant) {
        if let Source::Manual { now, .. } = &*self.0 {
            now.store(to.0, Ordering::SeqCst);
        }
    }

    /// A fresh identifier that sorts by the time of its making.
    pub fn id(&self) -> String {
        match &*self.0 {
            Source::System => Uuid::now_v7().to_string(),
            Source::Manual { ids, .. } => self.numbered_id(ids.fetch_add(1, Ordering::SeqCst)),
        }
    }

    /// A fresh identifier that sorts as if it had been made at `at`: imported history keeps its own order.
    pub fn id_at(&self, at: Instant) -> String {
        match &*self.0 {
            Source::System => {
                let (seconds, nanos) = (at.0.max(0) / 1000, (at.0.max(0) % 1000) * 1_000_000);
                let stamp = Timestamp::from_unix(
                    ContextV7::new(),
                    u64::try_from(seconds).unwrap_or_default(),
                    u32::try_from(nanos).unwrap_or_default(),
                );
                Uuid::new_v7(stamp).to_string()
            }
            Source::Manual { .. } => self.id(),
        }
    }

    fn numbered_id(&self, n: u64) -> String {
        let millis = u64::try_from(self.now().0.max(0)).unwrap_or_default() & 0xffff_ffff_ffff;
        let high = (u128::from(millis) << 80) | (0x7 << 76);
        Uuid::from_u128(high | (0b10 << 62) | u128::from(n)).to_string()
    }
}
