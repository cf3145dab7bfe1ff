//! Listening.

use std::io;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;

use super::{HttpConfig, router};
use crate::flows::Desk;
use crate::telemetry;

/// Serves until `config.stop` asks to end; then takes no more connections, lets running requests finish for at most
/// `config.drain`, and returns.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(listener: TcpListener, desk: Desk, config: HttpConfig) -> io::Result<()> {
    let drain = config.drain;
    let (mut asked, mut overdue) = (config.stop.clone(), config.stop.clone());
    let listener = listener.tap_io(|connection| {
        // An answer is one small write; it must not wait for a full packet.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY cannot be set");
        }
    });
    let server =
        axum::serve(listener, router(desk, config)).with_graceful_shutdown(async move { asked.stopped().await });
    tokio::select! {
        ended = server.into_future() => ended,
        () = async { overdue.stopped().await; tokio::time::sleep(drain).await } => {
            tracing::warn!(drain_ms = telemetry::millis(drain), "requests were still running when the server stopped");
            Ok(())
        }
    }
}
