//! What surrounds every request: an id, a time limit, a measurement, a log line.
//!
//! In: a request. Out: the answer of what lies within, or a problem when that takes too long or
//! panics. Paths are measured by their route, never as they were sent: labels stay few.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, Response};
use axum::middleware::Next;
use axum::response::IntoResponse;
use tracing::Instrument as _;
use uuid::Uuid;

use super::guard::RequestId;
use super::problem::{Kind, Problem};
use super::{App, cors};
use crate::access::Mode;
use crate::access::token;
use crate::limits::{REQUEST_ID_BYTES_MAX, REQUEST_TIME_MAX};
use crate::trace;

/// Header: the request's id, taken from the client or given.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What machines ask all the time: it is in no trace.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// The layer.
pub async fn watch(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let started = Instant::now();
    if let Some(response) =
        cors::preflight(&request, &app.access.keys(), app.access.mode() == Mode::Open)
    {
        return response;
    }
    let id = id(&request);
    request.extensions_mut().insert(RequestId(id.as_str().into()));
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let span = if PROBES.contains(&route.as_str()) {
        tracing::info_span!(target: trace::PROBE, "request", id, method, route)
    } else {
        let exported = trace::export::is_on();
        let kind = exported.then_some("server");
        let name = exported.then(|| format!("{method} {route}"));
        tracing::info_span!("request", id, method, route, otel.kind = kind, otel.name = name)
    };
    trace::follow(&span, request.headers());
    let mut response = match tokio::time::timeout(REQUEST_TIME_MAX, next.run(request))
        .instrument(span.clone())
        .await
    {
        Ok(response) => response,
        Err(_) => late().into_response(),
    };
    let (status, took) = (response.status().as_u16(), started.elapsed());
    span.in_scope(|| {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(status, took_ms, "answered");
    });
    trace::answered(&span, method, &route, status);
    app.hub.telemetry().request(method, route, status, took);
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn late() -> Problem {
    let seconds = REQUEST_TIME_MAX.as_secs();
    Problem::new(
        Kind::Unavailable,
        format!(
            "no answer within {seconds} s; a write may still be carried out: send it again with \
             the same `Idempotency-Key`"
        ),
    )
}

/// The client's id if it is a plain one, else a new one.
fn id(request: &Request) -> String {
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |text: &&str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        (1..=REQUEST_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(letters)
    };
    // Who sends its key by mistake is not to find it in every log.
    let harmless = |text: &&str| !text.contains(token::PREFIX);
    given.filter(plain).filter(harmless).map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// The method as a label; the odd ones share one.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// What a panic of a handler becomes.
pub fn panicked(app: &App, panic: &(dyn Any + Send)) -> Response<Body> {
    let text = panic.downcast_ref::<&str>().copied();
    let message = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(message = message.unwrap_or("?"), "a handler panicked");
    app.hub.telemetry().panic();
    Problem::internal().into_response()
}
