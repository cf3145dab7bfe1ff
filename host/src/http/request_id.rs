//! A name for every request, so that an answer, a log line and a bug report can be put together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::http::{HeaderMap, HeaderName};

/// The header that carries it both ways.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest name that is taken over from a client or proxy.
const LONGEST: usize = 64;

tokio::task_local! {
    static CURRENT: Arc<str>;
}

/// The name the client or a proxy gave the request, or a fresh one.
pub(super) fn of(headers: &HeaderMap) -> Arc<str> {
    let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
    match given {
        Some(given) if is_good(given) => given.into(),
        _ => fresh(),
    }
}

/// Runs `work` as the request of this name.
pub(super) async fn scope<F: Future>(id: Arc<str>, work: F) -> F::Output {
    CURRENT.scope(id, work).await
}

/// The name of the request that is being answered.
pub(super) fn current() -> Option<Arc<str>> {
    CURRENT.try_with(Arc::clone).ok()
}

fn is_good(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Unlike those of any other process: a random part for this one, and a count.
fn fresh() -> Arc<str> {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| {
        let mut bytes = [0_u8; 8];
        // Without randomness the count alone still tells the requests of one process apart.
        let _ = getrandom::fill(&mut bytes);
        u64::from_ne_bytes(bytes)
    });
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}-{count:06x}", *PROCESS & 0xffff_ffff).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_given_name_is_kept_if_it_is_harmless() {
        let of_text = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, text.parse().unwrap());
            of(&headers)
        };
        assert_eq!(&*of_text("edge-7.42_a"), "edge-7.42_a");
        assert_ne!(&*of_text("a b"), "a b");
        assert_ne!(&*of_text("\"quoted\""), "\"quoted\"");
        assert_ne!(of_text(&"x".repeat(65)).len(), 65);
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
