//! Exporting traces by OTLP over HTTP.
//!
//! In: where a collector listens. Out: a layer for `tracing`, and what flushes it at the end. Spans
//! are sent by a thread of their own, in batches; when the collector is away they are dropped, and
//! nothing waits for them. The standard's environment variables say the rest:
//! `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
//! `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::Key;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::PROBE;
use crate::limits::{TRACE_EXPORT_TIME_MAX, TRACE_FLUSH_TIME_MAX};

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The endpoint is none.
    #[error("`{0}` is not the `http` or `https` address of an OTLP collector")]
    Endpoint(String),
    /// The endpoint holds what is to be kept.
    #[error(
        "the collector's address holds a name or a password, which logs would show: put them into \
         OTEL_EXPORTER_OTLP_HEADERS"
    )]
    Credentials,
    /// The standard's variable has a value that means nothing.
    #[error("OTEL_TRACES_SAMPLER is `{0}`, which is none of {list}", list = SAMPLERS.join(", "))]
    Sampler(String),
    /// The exporter could not be built.
    #[error("traces cannot be exported")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The HTTP client could not be built.
    #[error("the client of the collector cannot be set up")]
    Client(#[from] reqwest::Error),
}

/// What `OTEL_TRACES_SAMPLER` may say.
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];

/// Like the subscriber of `tracing`, of which it speaks, it is the process's.
static ON: AtomicBool = AtomicBool::new(false);

/// Does this process export traces?
#[must_use]
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Traces on their way.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

/// The address to which spans are posted: `/v1/traces` below the endpoint.
///
/// # Errors
/// It is no address.
pub fn address(endpoint: &str) -> Result<reqwest::Url, ExportError> {
    let fault = || ExportError::Endpoint(endpoint.to_owned());
    let url = reqwest::Url::parse(endpoint).map_err(|_| fault())?;
    let is_plain = url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_plain {
        return Err(fault());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ExportError::Credentials);
    }
    let below = format!("{}/v1/traces", url.as_str().trim_end_matches('/'));
    reqwest::Url::parse(&below).map_err(|_| fault())
}

impl Traces {
    /// Begins to export to the collector at `endpoint`, such as `http://127.0.0.1:4318`. Must not
    /// be called on a thread of an asynchronous runtime.
    ///
    /// # Errors
    /// See [`ExportError`]; that nobody listens there is none.
    pub fn to(endpoint: &str) -> Result<Self, ExportError> {
        let address = address(endpoint)?;
        // A provider that is already installed is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::blocking::Client::builder().timeout(TRACE_EXPORT_TIME_MAX).build()?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(address.as_str())
            .with_timeout(TRACE_EXPORT_TIME_MAX)
            .build()?;
        if let Ok(sampler) = std::env::var("OTEL_TRACES_SAMPLER")
            && !sampler.is_empty()
            && !SAMPLERS.contains(&sampler.as_str())
        {
            return Err(ExportError::Sampler(sampler));
        }
        // By the standard's variables, where they name it.
        let mut resource = Resource::builder();
        if is_unnamed(&Resource::builder().build()) {
            resource = resource.with_service_name("vexil");
        }
        let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = resource.with_attribute(version).build();
        let provider = SdkTracerProvider::builder().with_resource(resource);
        ON.store(true, Ordering::Relaxed);
        Ok(Self { provider: provider.with_batch_exporter(Told::new(exporter)).build() })
    }

    /// What `tracing` hands spans to.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("vexil"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_filter(filter_fn(is_told))
    }

    /// Sends what is left, for a bounded time. Blocks.
    pub fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(TRACE_FLUSH_TIME_MAX) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn is_unnamed(resource: &Resource) -> bool {
    let name = resource.get(&Key::from_static_str("service.name"));
    name.is_none_or(|name| name.as_str().is_empty() || name.as_str().starts_with("unknown_service"))
}

/// An exporter that says once that it fails, and once that it works again.
#[derive(Debug)]
struct Told<E> {
    exporter: E,
    failing: AtomicBool,
}

impl<E> Told<E> {
    const fn new(exporter: E) -> Self {
        Self { exporter, failing: AtomicBool::new(false) }
    }
}

impl<E: opentelemetry_sdk::trace::SpanExporter> opentelemetry_sdk::trace::SpanExporter for Told<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let result = self.exporter.export(batch).await;
        let failed = result.is_err();
        if self.failing.swap(failed, Ordering::Relaxed) != failed {
            match &result {
                Ok(()) => tracing::info!("the collector takes traces again"),
                Err(error) => tracing::warn!(%error, "the collector does not take traces"),
            }
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Spans of ours, and what went wrong in them. Lines for people stay in the log.
fn is_told(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let ours = target.starts_with(env!("CARGO_CRATE_NAME")) && target != PROBE;
    ours && (metadata.is_span() || *metadata.level() <= Level::WARN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn spans_are_posted_below_the_endpoint() {
        let good = |text| address(text).unwrap().to_string();
        assert_eq!(good("http://127.0.0.1:4318"), "http://127.0.0.1:4318/v1/traces");
        assert_eq!(good("https://otel.example/a/"), "https://otel.example/a/v1/traces");
        for bad in ["", "otel.example:4318", "ftp://x", "http://", "http://a?b", "http://a:b@c"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
