//! Cross-origin requests: which pages may read answers.
//!
//! In: origins that browser keys name. Out: headers as the Fetch standard has them
//! (<https://fetch.spec.whatwg.org/#http-cors-protocol>). Credentials of the browser are never
//! used: a key is shown or nothing is.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};

use crate::access::keys::Keys;
use crate::access::token::KeyKind;
use crate::clock;

/// What a page may send.
const HEADERS: &str = "authorization, content-type, if-none-match, last-event-id, x-api-key";
/// What a page may read besides the body.
const EXPOSED: &str = "etag, ratelimit, ratelimit-policy, retry-after, x-request-id";
/// For how long a browser may remember that it may ask, in seconds.
const MAX_AGE_S: u32 = 3_600;

/// Is this one of the origins that a key names?
#[must_use]
pub fn is_named(origins: &[String], origin: &HeaderValue) -> bool {
    origins.iter().any(|own| own == "*" || own.as_bytes() == origin.as_bytes())
}

/// Lets pages of an origin read an answer.
pub fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    vary(headers);
    let exposed = HeaderValue::from_static(EXPOSED);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}

/// Says that the answer depends on who asks.
pub fn vary(headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// The answer to a preflight request, if it is one. It shows no key, so it is answered for every
/// origin that any good key names; the request itself is then held against its own key.
#[must_use]
pub fn preflight(request: &Request, keys: &Keys, is_open: bool) -> Option<Response<Body>> {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN)?;
    if *request.method() != Method::OPTIONS
        || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
    {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let now_ms = clock::now_ms();
    // Where no key is asked for, the request itself is held against where it comes from.
    let named = is_open
        || keys.iter().any(|key| {
            key.kind == KeyKind::Browser && key.is_good(now_ms) && is_named(&key.origins, origin)
        });
    let headers = response.headers_mut();
    if named {
        allow(headers, origin.clone());
        let mut set = |name: HeaderName, value: &'static str| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE_S));
    } else {
        vary(headers);
    }
    Some(response)
}
