//! What can be set about the interface.

use std::time::Duration;

use tokio::sync::watch;

/// Limits and times of the interface; [`Default`] gives the documented values.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Largest body of a request, in bytes, but for uploads of components.
    pub body_limit: usize,
    /// Largest component that can be uploaded, in bytes.
    pub upload_limit: usize,
    /// Largest file of records that can be imported in a request, in bytes.
    pub import_limit: u64,
    /// Most rows that are imported in a request.
    pub import_rows: u64,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How long a request may take that can wait for a compiler (upload, activation, rollback, replay) or carries a file.
    pub compile_timeout: Duration,
    /// How long a token that was found good is trusted without asking the database again: a revoked token works for
    /// at most this long. Zero asks every time.
    pub token_cache: Duration,
    /// How long an idle event stream waits before it looks into the database again.
    pub event_poll: Duration,
    /// How often an idle event stream says that it is alive.
    pub keep_alive: Duration,
    /// Whether `GET /metrics` answers without a token, and then about every organisation.
    pub open_metrics: bool,
    /// How long requests may still run after the server was told to stop.
    pub drain: Duration,
    /// Tells event streams and the listener to end.
    pub stop: Stop,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            body_limit: 1 << 20,
            upload_limit: 64 << 20,
            import_limit: 256 << 20,
            import_rows: 10_000,
            request_timeout: Duration::from_secs(30),
            compile_timeout: Duration::from_secs(300),
            token_cache: Duration::from_secs(1),
            event_poll: Duration::from_millis(250),
            keep_alive: Duration::from_secs(15),
            open_metrics: false,
            drain: Duration::from_secs(10),
            stop: Stop::never(),
        }
    }
}

/// A wish to stop, as everything that runs for long sees it.
#[derive(Clone, Debug)]
pub struct Stop(Option<watch::Receiver<bool>>);

/// The other end of a [`Stop`].
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stop {
    /// A server that runs until its process ends.
    pub fn never() -> Self {
        Self(None)
    }

    /// Both ends of a wish to stop.
    pub fn pair() -> (Stopper, Self) {
        let (send, receive) = watch::channel(false);
        (Stopper(send), Self(Some(receive)))
    }

    /// Waits until [`Stopper::stop`] was called. A stopper that was dropped stops nothing.
    pub async fn stopped(&mut self) {
        if let Some(receive) = &mut self.0
            && receive.wait_for(|stop| *stop).await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

impl Stopper {
    /// Ends the event streams and stops taking new connections; running requests come to their end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}
