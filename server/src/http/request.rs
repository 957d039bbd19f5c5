//! What handlers take from a request: the keys in its path, and all of a write.
//!
//! In: a request. Out: decoded keys; a caller, the query, the body. A body is always read to its
//! end (within bounds) before a refusal, so that the client gets to read it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;

use super::fingerprint::fingerprint;
use super::guard::{Asker, stranger};
use super::problem::Problem;
use super::query::Query;
use super::{App, body, json, precondition, words};
use crate::hub::Caller;
use crate::limits::{BODY_BYTES_MAX, DOCUMENT_BYTES_MAX};

/// The keys in a path, percent-decoded: any UTF-8, also `/`.
pub struct Keys<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for Keys<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let whole = precondition::percent_decoded(parts.uri.path()).is_some();
        match Path::<T>::from_request_parts(parts, app).await {
            // The extractor takes a broken escape for plain text.
            Ok(Path(keys)) if whole => Ok(Self(keys)),
            _ => Err(Problem::malformed("the path is not percent-encoded UTF-8")),
        }
    }
}

fn another_shape(how: &str) -> Problem {
    Problem::malformed(format!("the body is of another shape: {how}"))
}

/// A write with a body of usual size.
pub type Write = Bounded<BODY_BYTES_MAX>;
/// A write with a whole document.
pub type DocumentWrite = Bounded<DOCUMENT_BYTES_MAX>;

/// A write: who asks, and what, with a body of at most `BYTES_MAX` bytes.
pub struct Bounded<const BYTES_MAX: usize> {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    asker: Asker,
    /// Its part of the memory for bodies.
    _room: OwnedSemaphorePermit,
}

impl<const BYTES_MAX: usize> FromRequest<Arc<App>> for Bounded<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (mut parts, stream): (Parts, Body) = request.into_parts();
        // Put there by the guard, which stands before every route.
        let asker = parts.extensions.remove::<Asker>().ok_or_else(Problem::internal)?;
        let room = body::room(&app.bodies, &stream, BYTES_MAX)?;
        let body = body::read(&parts.headers, stream, BYTES_MAX).await?;
        // Meanwhile the key may have been revoked.
        app.access.still_knows(&asker.identity).map_err(stranger)?;
        let Parts { method, uri, headers, .. } = parts;
        Ok(Self { method, uri, headers, body, asker, _room: room })
    }
}

impl<const BYTES_MAX: usize> Bounded<BYTES_MAX> {
    /// Who asks, and the query, in which `known` may be given besides `comment`.
    ///
    /// # Errors
    /// `malformed-request`: a header or a parameter cannot be read.
    pub fn caller(&self, known: &[&str]) -> Result<(Caller, Query), Problem> {
        let known: Vec<&str> = known.iter().copied().chain(["comment"]).collect();
        let query = Query::read(&self.uri, &known)?;
        let caller = Caller {
            actor: self.asker.actor(&self.headers)?,
            comment: precondition::comment(query.text("comment").map(str::to_owned))?,
            id: precondition::idempotency_key(&self.headers)?,
            request: fingerprint(&self.method, &self.uri, &self.body),
            expected: precondition::if_match(&self.headers)?,
            via: self.asker.via.clone(),
        };
        Ok((caller, query))
    }

    /// Reads the query, in which only `known` may be given.
    ///
    /// # Errors
    /// `malformed-request`.
    pub fn query(&self, known: &[&str]) -> Result<Query, Problem> {
        Query::read(&self.uri, known)
    }

    /// Its headers.
    #[must_use]
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The token of a browser's key, to put into a URL that its page will open.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.asker.browser_token.as_deref()
    }

    /// Who asks.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Is there no body?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// `unsupported-media-type`, or `malformed-request` with the place where it goes wrong.
    pub fn json(&self) -> Result<Value, Problem> {
        body::format(&self.headers, false)?;
        json::parse(&self.body)
    }

    /// The body as JSON of a known shape.
    ///
    /// # Errors
    /// As [`Self::json`]; `malformed-request` when the shape is another.
    pub fn shape<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let value = self.json()?;
        // Otherwise serde takes the items of a list for the members, in order.
        if !value.is_object() {
            return Err(another_shape(&format!("expected an object, not {}", words::of(&value))));
        }
        serde_json::from_value(value)
            .map_err(|error| another_shape(&words::of_shape(&error.to_string())))
    }

    /// The body as the text of a flag document, in JSON or YAML.
    ///
    /// # Errors
    /// `unsupported-media-type`; `malformed-request` when it is not UTF-8, or not the JSON that it
    /// is said to be.
    pub fn document(&self) -> Result<&str, Problem> {
        if body::format(&self.headers, true)? == body::Format::Json {
            json::check(&self.body)?;
        }
        std::str::from_utf8(&self.body).map_err(|_| Problem::malformed("the body is not UTF-8"))
    }
}
