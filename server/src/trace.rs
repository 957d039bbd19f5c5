//! Traces: the way of a change from the request to the announcement, for OpenTelemetry.
//!
//! In: spans of `tracing`, headers of callers. Out: their attributes as the semantic conventions
//! for HTTP and feature flags name them (<https://opentelemetry.io/docs/specs/semconv/>), and what a
//! later span needs to go on in the same trace. Without an exporter all of it costs next to nothing
//! and does nothing. No key, no context and no value of a flag ever stands in a trace.

pub mod export;

use std::sync::Arc;

use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Status, TraceContextExt as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The target of spans of requests that are in no trace.
pub const PROBE: &str = "vexil_server::probe";

/// What something was caused by that goes on when the cause has ended.
#[derive(Clone, Debug, Default)]
pub struct Cause {
    /// The request's id; `None`: nobody asked.
    pub request: Option<Arc<str>>,
    context: Context,
}

impl Cause {
    /// The span that is entered now, within the request of this id.
    #[must_use]
    pub fn here(request: Option<&str>) -> Self {
        Self { request: request.map(Arc::from), context: Span::current().context() }
    }

    /// Lets `span`, which has just been made, go on in the cause's trace.
    pub fn continue_in(&self, span: &Span) {
        // It fails when nothing is exported.
        let _ = span.set_parent(self.context.clone());
    }
}

/// Lets the span of a request go on in its caller's trace, where it names one (`traceparent`, W3C
/// Trace Context).
pub fn follow(span: &Span, headers: &HeaderMap) {
    if headers.contains_key("traceparent") {
        let context = TraceContextPropagator::new().extract(&Headers(headers));
        let _ = span.set_parent(context);
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Says what came of a request.
pub fn answered(span: &Span, method: &'static str, route: &str, status: u16) {
    if !is_recorded(span) {
        return;
    }
    span.set_attribute("http.request.method", method);
    span.set_attribute("http.route", route.to_owned());
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}

/// Says which module a change has come to.
pub fn announced(span: &Span, digest: &str) {
    if is_recorded(span) {
        span.set_attribute("feature_flag.version", digest.to_owned());
    }
}

/// Is there anybody who records the span?
#[must_use]
pub fn is_recorded(span: &Span) -> bool {
    span.context().span().is_recording()
}

/// An evaluation, as the semantic conventions have it.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// The flag's key.
    pub key: &'a str,
    /// What it served; `None`: nothing.
    pub variant: Option<&'a str>,
    /// OpenFeature's reason.
    pub reason: &'a str,
    /// OpenFeature's error code.
    pub error: Option<&'a str>,
    /// Project and environment.
    pub set: &'a str,
    /// The digest.
    pub version: &'a str,
}

/// Adds the event `feature_flag.evaluation` to the span. The targeting key is left out, as it is
/// about people.
pub fn evaluated(span: &Span, evaluation: &Evaluation<'_>) {
    let Evaluation { key, variant, reason, error, set, version } = *evaluation;
    let mut attributes = vec![
        KeyValue::new("feature_flag.key", key.to_owned()),
        KeyValue::new("feature_flag.provider.name", "Vexil"),
        KeyValue::new("feature_flag.result.reason", reason.to_ascii_lowercase()),
        KeyValue::new("feature_flag.set.id", set.to_owned()),
        KeyValue::new("feature_flag.version", version.to_owned()),
    ];
    let text = |name, value: Option<String>| value.map(|value| KeyValue::new(name, value));
    attributes.extend(text("feature_flag.result.variant", variant.map(str::to_owned)));
    attributes.extend(text("error.type", error.map(str::to_ascii_lowercase)));
    span.add_event("feature_flag.evaluation", attributes);
}
