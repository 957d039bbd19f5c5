//! Answers: JSON with the right headers.
//!
//! In: what a handler found or did. Out: responses. Answers are not cached unless they say so.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::command::Step;
use crate::hub::Outcome;

/// A JSON document.
#[must_use]
pub fn json(value: &Value) -> Response<Body> {
    text("application/json", value.to_string())
}

/// A text of some media type, never cached.
#[must_use]
pub fn text(media_type: &'static str, text: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Sets an entity tag (with its quotes).
pub fn tag(response: &mut Response<Body>, tag: &str) {
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
}

/// Nothing new: `304` with the entity tag.
#[must_use]
pub fn not_modified(entity_tag: &str, cache_control: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    let cache_control = HeaderValue::from_static(cache_control);
    response.headers_mut().insert(header::CACHE_CONTROL, cache_control);
    tag(&mut response, entity_tag);
    response
}

/// What came of a write.
#[must_use]
pub fn written(outcome: &Outcome) -> Response<Body> {
    answer(outcome, write(outcome))
}

/// What came of an `apply`: with its plan.
#[must_use]
pub fn applied(outcome: &Outcome) -> Response<Body> {
    let mut document = write(outcome);
    let plan: Vec<Value> = outcome.plan.iter().map(step).collect();
    document.insert("plan".to_owned(), plan.into());
    answer(outcome, document)
}

fn step(step: &Step) -> Value {
    json!({ "action": step.action, "pointer": step.pointer, "summary": step.summary })
}

fn write(outcome: &Outcome) -> Map<String, Value> {
    let events: Vec<Value> = outcome
        .events
        .iter()
        .map(|event| json!({ "revision": event.revision, "id": event.id, "kind": event.kind }))
        .collect();
    let mut document = Map::new();
    document.insert("revision".to_owned(), outcome.revision.0.into());
    document.insert("repeated".to_owned(), outcome.repeated.into());
    document.insert("events".to_owned(), events.into());
    document
}

fn answer(outcome: &Outcome, document: Map<String, Value>) -> Response<Body> {
    let mut response = json(&Value::Object(document));
    tag(&mut response, &format!("\"{}\"", outcome.revision));
    response
}
