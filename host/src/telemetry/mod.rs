//! What is seen from outside: the log, traces for a collector, and the figures of `GET /metrics`.

mod collector;
pub mod metrics;

use std::io::IsTerminal as _;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::{Log, LogFormat, Telemetry};

/// Name under which spans are exported.
const SCOPE: &str = "mortise";

/// Sends what is still to be sent when it is dropped.
#[must_use = "traces end when this is dropped"]
#[derive(Debug, Default)]
pub struct Traces(Option<SdkTracerProvider>);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown()
        {
            tracing::warn!(%error, "the last traces were not delivered");
        }
    }
}

/// A time in whole milliseconds, as log and traces have numbers.
pub fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// A time in whole microseconds, as log and traces have numbers.
pub fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Starts the log on standard error. Later calls in the same process change nothing.
///
/// # Errors
/// A filter that cannot be read.
pub fn log(log: &Log) -> Result<(), String> {
    start(log, &Telemetry::default()).map(drop)
}

/// Starts the log on standard error, and traces where a collector is named. Later calls in the same process change
/// nothing.
///
/// # Errors
/// A filter or an address that cannot be read.
pub fn start(log: &Log, telemetry: &Telemetry) -> Result<Traces, String> {
    let filter = EnvFilter::try_new(&log.filter).map_err(|e| format!("log.filter '{}': {e}", log.filter))?;
    let lines =
        tracing_subscriber::fmt::layer().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let provider = collector::provider(telemetry)?;
    // What the log's filter drops is dropped from the log alone.
    let traces = provider.as_ref().map(|provider| {
        tracing_opentelemetry::layer().with_tracer(provider.tracer(SCOPE)).with_filter(EnvFilter::new("mortise=info"))
    });
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter)).with(traces);
    // A second start in one process finds the log started; that is all the same here.
    let _ = subscriber.try_init();
    Ok(Traces(provider))
}
