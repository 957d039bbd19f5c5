//! Problem documents (RFC 9457): what the HTTP interface says when it refuses.
//!
//! In: what went wrong, as a [`Kind`] and a sentence. Out: `application/problem+json`. This file
//! holds the one table of statuses; it must never show what is inside the server (paths, types,
//! messages of panics).

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};
use vexil_compiler::diagnostic::Diagnostic;

use super::rate::Leave;

/// Where the types of problems live.
const TYPE_PREFIX: &str = "https://vexil.dev/problems/";

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The body, a header or the query cannot be read.
    MalformedRequest,
    /// A key is needed, or another one.
    Unauthenticated,
    /// The key may not do this.
    Forbidden,
    /// No such project.
    UnknownProject,
    /// No such environment in the project.
    UnknownEnvironment,
    /// No such flag in the project.
    UnknownFlag,
    /// No such segment in the project.
    UnknownSegment,
    /// No such rule of the flag in the environment.
    UnknownRule,
    /// No such module is kept.
    UnknownModule,
    /// The project's log has no such revision.
    UnknownRevision,
    /// No such key.
    UnknownKey,
    /// The path means nothing.
    NotFound,
    /// The path means something, but not with this method.
    MethodNotAllowed,
    /// What was to be created exists.
    AlreadyExists,
    /// Only an archived flag can be deleted or restored.
    NotArchived,
    /// What was to be deleted is in use.
    InUse,
    /// The key is revoked or has expired.
    KeyNotGood,
    /// The project has moved on.
    RevisionConflict,
    /// The body is too large.
    BodyTooLarge,
    /// The body is of a type that is not read here.
    UnsupportedMediaType,
    /// The caller has to wait.
    TooManyRequests,
    /// The flags would not compile.
    InvalidFlags,
    /// The change needs a reason.
    ReasonRequired,
    /// The key would make no sense.
    InvalidKey,
    /// The idempotency key belongs to another request.
    IdempotencyKeyReused,
    /// A bug of ours.
    Internal,
    /// Nothing has been published yet.
    NotPublished,
    /// Not now.
    Unavailable,
    /// The log goes on with what this version does not know.
    ReadOnly,
    /// The disk is full.
    StoreFull,
}

impl Kind {
    /// The one table: status, end of the type, title.
    #[must_use]
    pub const fn row(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::MalformedRequest => {
                (S::BAD_REQUEST, "malformed-request", "the request cannot be read")
            }
            Self::Unauthenticated => (S::UNAUTHORIZED, "unauthenticated", "a key is needed"),
            Self::Forbidden => (S::FORBIDDEN, "forbidden", "the key may not do this"),
            Self::UnknownProject => (S::NOT_FOUND, "unknown-project", "there is no such project"),
            Self::UnknownEnvironment => {
                (S::NOT_FOUND, "unknown-environment", "there is no such environment")
            }
            Self::UnknownFlag => (S::NOT_FOUND, "unknown-flag", "there is no such flag"),
            Self::UnknownSegment => (S::NOT_FOUND, "unknown-segment", "there is no such segment"),
            Self::UnknownRule => (S::NOT_FOUND, "unknown-rule", "there is no such rule"),
            Self::UnknownModule => (S::NOT_FOUND, "unknown-module", "there is no such module"),
            Self::UnknownRevision => {
                (S::NOT_FOUND, "unknown-revision", "there is no such revision")
            }
            Self::UnknownKey => (S::NOT_FOUND, "unknown-key", "there is no such key"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "there is nothing here"),
            Self::MethodNotAllowed => {
                (S::METHOD_NOT_ALLOWED, "method-not-allowed", "the method is not allowed here")
            }
            Self::AlreadyExists => (S::CONFLICT, "already-exists", "it exists already"),
            Self::NotArchived => (S::CONFLICT, "not-archived", "the flag is not archived"),
            Self::InUse => (S::CONFLICT, "in-use", "it is still in use"),
            Self::KeyNotGood => (S::CONFLICT, "key-not-good", "the key is not good any more"),
            Self::RevisionConflict => {
                (S::PRECONDITION_FAILED, "revision-conflict", "the project has moved on")
            }
            Self::BodyTooLarge => (S::PAYLOAD_TOO_LARGE, "body-too-large", "the body is too large"),
            Self::UnsupportedMediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "the media type is not read")
            }
            Self::InvalidFlags => {
                (S::UNPROCESSABLE_ENTITY, "invalid-flags", "the flags are not valid")
            }
            Self::ReasonRequired => {
                (S::UNPROCESSABLE_ENTITY, "reason-required", "the change needs a reason")
            }
            Self::InvalidKey => {
                (S::UNPROCESSABLE_ENTITY, "invalid-key", "such a key makes no sense")
            }
            Self::IdempotencyKeyReused => (
                S::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "the idempotency key belongs to another request",
            ),
            Self::TooManyRequests => {
                (S::TOO_MANY_REQUESTS, "too-many-requests", "there were too many requests")
            }
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "the server made a mistake"),
            Self::NotPublished => {
                (S::SERVICE_UNAVAILABLE, "not-published", "nothing is published yet")
            }
            Self::Unavailable => (S::SERVICE_UNAVAILABLE, "unavailable", "not available now"),
            Self::ReadOnly => (S::CONFLICT, "read-only", "the project is read-only"),
            Self::StoreFull => (S::INSUFFICIENT_STORAGE, "store-full", "the store is full"),
        }
    }
}

/// A refusal, ready to be sent.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind it is.
    pub kind: Kind,
    /// What is wrong in this case, for people.
    pub detail: String,
    /// Further members of the document, in order.
    pub members: Vec<(&'static str, Value)>,
    /// `Retry-After` in seconds.
    pub retry_after_s: Option<u32>,
    /// What the caller has used up.
    leave: Option<Box<Leave>>,
}

impl Problem {
    /// A problem of `kind`.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let retry_after_s = matches!(kind, Kind::NotPublished | Kind::Unavailable).then_some(1);
        Self { kind, detail: detail.into(), members: Vec::new(), retry_after_s, leave: None }
    }

    /// Which limit was used up.
    #[must_use]
    pub fn limit(&self) -> Option<&'static str> {
        self.leave.as_ref().map(|leave| leave.name)
    }

    /// A request that cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Kind::MalformedRequest, detail)
    }

    /// A bug of ours; what it was stands in the server's log only.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Kind::Internal, "the server's log says more, under the request's id")
    }

    /// Flags that would not compile.
    #[must_use]
    pub fn invalid_flags(diagnostics: &[Diagnostic]) -> Self {
        let detail = match diagnostics.len() {
            1 => "1 fault; nothing was changed".to_owned(),
            faults => format!("{faults} faults; nothing was changed"),
        };
        Self::new(Kind::InvalidFlags, detail).with("diagnostics", json!(diagnostics))
    }

    /// The same problem with one more member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The same problem, to be tried again after some seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The same problem, with what the caller has used up.
    #[must_use]
    pub fn limited(mut self, leave: Leave) -> Self {
        self.leave = Some(Box::new(leave));
        self
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> Value {
        let (status, end, title) = self.kind.row();
        let mut document = Map::new();
        document.insert("type".to_owned(), format!("{TYPE_PREFIX}{end}").into());
        document.insert("title".to_owned(), title.into());
        document.insert("status".to_owned(), status.as_u16().into());
        document.insert("detail".to_owned(), self.detail.clone().into());
        for (name, value) in &self.members {
            document.insert((*name).to_owned(), value.clone());
        }
        Value::Object(document)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response<Body> {
        let (status, _, _) = self.kind.row();
        let mut response = Response::new(Body::from(self.document().to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind == Kind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, super::guard::challenge());
        }
        if let Some(leave) = &self.leave {
            leave.write(headers);
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_problem_says_its_type_title_status_and_detail_in_that_order() {
        let problem = Problem::malformed("`x` is not a revision").with("line", 3);
        assert_eq!(
            problem.document().to_string(),
            "{\"type\":\"https://vexil.dev/problems/malformed-request\",\
             \"title\":\"the request cannot be read\",\"status\":400,\
             \"detail\":\"`x` is not a revision\",\"line\":3}"
        );
    }

    #[test]
    fn what_is_not_available_now_says_when_to_try_again() {
        let response = Problem::new(Kind::NotPublished, "").into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
