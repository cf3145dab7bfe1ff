//! Traces for an OpenTelemetry collector, by OTLP over HTTP.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use crate::config::Telemetry;

/// How long the collector may take for one batch; requests do not wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What makes and sends spans; none when no collector is named.
pub(super) fn provider(told: &Telemetry) -> Result<Option<SdkTracerProvider>, String> {
    let Some(endpoint) = &told.otlp_endpoint else { return Ok(None) };
    let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let wrong = |why: String| format!("telemetry.otlp_endpoint '{endpoint}': {why}");
    if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        return Err(wrong("has to start with http:// or https://".to_owned()));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new())
        .with_endpoint(address)
        .with_headers(told.headers.clone().into_iter().collect())
        .build()
        .map_err(|e| wrong(e.to_string()))?;
    let resource = Resource::builder()
        .with_service_name(told.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let share = f64::from(told.sample_percent.min(100)) / 100.0;
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource)
        .build();
    Ok(Some(provider))
}

/// The HTTP client that this server has anyway. The exporter calls it on a thread of its own, where it may block.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new() -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        Self(config.build().into())
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let mut answer = self.0.run(Request::from_parts(head, body.to_vec()))?;
        let bytes = answer.body_mut().read_to_vec()?;
        let (head, _) = answer.into_parts();
        Ok(Response::from_parts(head, bytes.into()))
    }
}
