//! A thread for what is done beside everything else a node does.
//!
//! A candidate in shadow, or one that a dry run tries, may loop until its time is up. On a thread that serves requests it
//! would make each of them wait; on one of its own, of the lowest priority, the operating system lets it have what
//! nobody else wants.

use std::sync::mpsc::{Sender, channel};
use std::thread;

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::domain::refusal::Refusal;

/// How much everything else goes before it: the most that there is.
const NICE: i32 = 19;

type Work = BoxFuture<'static, ()>;

/// The thread. It ends when this is dropped and what it has to do is done.
#[derive(Debug)]
pub(super) struct Aside(Sender<Work>);

impl Aside {
    /// Starts it; to be called within the runtime whose clock its work uses.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(super) fn start(name: &str) -> Result<Self, Refusal> {
        let (give, take) = channel::<Work>();
        let runtime = Handle::current();
        let spawned = thread::Builder::new().name(name.to_owned()).spawn(move || {
            // Of this thread only. Where the system does not allow it, the work is done all the same.
            if let Err(error) = rustix::process::nice(NICE) {
                tracing::debug!(%error, "a thread for work beside requests has no lower priority");
            }
            for work in take {
                runtime.block_on(work);
            }
        });
        spawned.map_err(|error| Refusal::unavailable("busy", format!("no thread for it: {error}")))?;
        Ok(Self(give))
    }

    /// Does some work there; none when the thread is gone, or the work ended in a panic.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (done, came) = oneshot::channel();
        let work = Box::pin(async move {
            // Whoever asked may be gone.
            let _ = done.send(work.await);
        });
        self.0.send(work).ok()?;
        came.await.ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_a_thread_of_its_own_one_after_another() {
        let aside = Aside::start("beside").unwrap();
        let name = || thread::current().name().map(str::to_owned);
        assert_eq!(aside.run(async move { name() }).await, Some(Some("beside".to_owned())));
        let nice = aside.run(async { rustix::process::nice(0).unwrap() }).await.unwrap();
        assert_eq!(nice, NICE);
        assert_ne!(rustix::process::nice(0).unwrap(), NICE, "of that thread only");
        let slow = aside.run(async { tokio::time::sleep(std::time::Duration::from_millis(2)).await });
        assert_eq!(slow.await, Some(()));
    }
}
