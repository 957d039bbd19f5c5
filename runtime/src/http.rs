//! Requests to the server.
//!
//! In: what to ask for. Out: the head, the open event stream, a module's bytes, or an
//! [`HttpError`]. Every wait and every size is bounded; nothing here retries.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_NONE_MATCH, RETRY_AFTER,
};
use http::{Method, Request, Response, StatusCode};
use reqwest::Url;
use serde::Serialize;

use crate::announcement::Announcement;
use crate::limits::{ANNOUNCEMENT_BYTES, ANSWER_BYTES, CODING_BYTES, RETRY_AFTER_MAX};
use crate::options::Options;
use crate::selection::Selection;
use crate::simulated::spawn_blocking;
use crate::transfer::{self, TransferError};
use crate::transport::{Body, Transport, TransportError};

/// Where the client's environment is, and how to reach it.
pub(crate) struct Http {
    transport: Arc<dyn Transport>,
    /// What every request carries.
    headers: HeaderMap,
    base: Url,
    head: Url,
    events: Url,
    fleet: Url,
    request_timeout: Duration,
    fetch_timeout: Duration,
}

/// A module that a client has, to be offered as a dictionary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dictionary<'m> {
    pub(crate) digest: &'m str,
    pub(crate) module: &'m Bytes,
}

/// A module that was fetched.
pub(crate) struct Fetched {
    pub(crate) module: Vec<u8>,
    /// Bytes that came for it.
    pub(crate) wire_bytes: usize,
    /// Was it the difference to the dictionary?
    pub(crate) is_patch: bool,
}

/// Header: the SHA-256 of a dictionary (RFC 9842 §2.2).
const AVAILABLE_DICTIONARY: HeaderName = HeaderName::from_static("available-dictionary");

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the server does not let this client in (status {0})")]
    Refused(StatusCode),
    #[error("the server is busy (status {status})")]
    Busy { status: StatusCode, retry_after: Option<Duration> },
    #[error("the server answered with status {0}")]
    Status(StatusCode),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the answer has more than {0} bytes")]
    TooLarge(usize),
    #[error("the answer is `{0}`, not an event stream")]
    NotEvents(String),
    #[error("`{0}` is not an address of a module")]
    Address(String),
    #[error("the connection failed: {0}")]
    Network(String),
    #[error(transparent)]
    Transfer(#[from] TransferError),
}

/// The head, as polled.
pub(crate) enum Head {
    Unchanged,
    Changed { body: Vec<u8>, etag: Option<String> },
}

impl Http {
    /// Requests to the environment below `base`, whose path ends in a slash.
    pub(crate) fn new(
        (transport, headers): (Arc<dyn Transport>, HeaderMap),
        base: Url,
        (project, environment, selection): (&str, &str, Option<&Selection>),
        options: &Options,
    ) -> Option<Self> {
        let below = |last: &str| {
            let mut url = base.clone();
            url.path_segments_mut().ok()?.pop_if_empty().extend([
                "v1",
                "projects",
                project,
                "environments",
                environment,
                last,
            ]);
            Some(url)
        };
        let selected = |last: &str| {
            let mut url = below(last)?;
            if let Some(selection) = selection {
                url.query_pairs_mut().extend_pairs(selection.parameters());
            }
            Some(url)
        };
        Some(Self {
            head: selected("head")?,
            events: selected("events")?,
            fleet: below("fleet")?,
            transport,
            headers,
            base,
            request_timeout: options.request_timeout,
            fetch_timeout: options.fetch_timeout,
        })
    }

    /// Opens the event stream.
    ///
    /// `Last-Event-ID` is not sent: the announcement that the server then sends first costs less
    /// than a kilobyte, and proves at once that the stream delivers.
    pub(crate) async fn events(&self) -> Result<Body, HttpError> {
        let mut request = self.get(&self.events)?;
        let accept = HeaderValue::from_static("text/event-stream");
        request.headers_mut().insert(ACCEPT, accept);
        let response = within(self.request_timeout, self.send(request)).await?;
        let response = successful(response)?;
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match kind.starts_with("text/event-stream") {
            true => Ok(response.into_body()),
            false => Err(HttpError::NotEvents(kind.to_owned())),
        }
    }

    /// Asks for the head, unless it is still the one of `etag`.
    pub(crate) async fn head(&self, etag: Option<&str>) -> Result<Head, HttpError> {
        let mut request = self.get(&self.head)?;
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            request.headers_mut().insert(IF_NONE_MATCH, etag);
        }
        within(self.request_timeout, async {
            let response = self.send(request).await?;
            if response.status() == StatusCode::NOT_MODIFIED {
                return Ok(Head::Unchanged);
            }
            let response = successful(response)?;
            let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
            let etag = etag.map(str::to_owned);
            let body = body(response, ANNOUNCEMENT_BYTES).await?;
            Ok(Head::Changed { body, etag })
        })
        .await
    }

    /// Tells the server what is served here; its answer says when to do so again.
    pub(crate) async fn report(&self, report: &impl Serialize) -> Result<Vec<u8>, HttpError> {
        // It is a structure of texts and numbers, which always has a JSON text.
        let report = serde_json::to_vec(report).unwrap_or_default();
        let mut request = self.request(Method::POST, &self.fleet, report.into())?;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        within(self.request_timeout, async {
            body(successful(self.send(request).await?)?, ANSWER_BYTES).await
        })
        .await
    }

    fn get(&self, url: &Url) -> Result<Request<Bytes>, HttpError> {
        self.request(Method::GET, url, Bytes::new())
    }

    fn request(&self, method: Method, url: &Url, body: Bytes) -> Result<Request<Bytes>, HttpError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        let uri = url.as_str().parse();
        *request.uri_mut() = uri.map_err(|_| HttpError::Address(url.to_string()))?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Body>, HttpError> {
        Ok(self.transport.send(request).await?)
    }

    /// Fetches an announced module, of which no more than the announced bytes are made. With a
    /// `dictionary`, the module that is served, what comes may be no more than the difference.
    pub(crate) async fn module(
        &self,
        announcement: &Announcement,
        dictionary: Option<Dictionary<'_>>,
    ) -> Result<Fetched, HttpError> {
        let url = self.module_url(&announcement.url)?;
        let limit = usize::try_from(announcement.bytes).unwrap_or(usize::MAX);
        within(self.fetch_timeout, async {
            let mut request = self.get(&url)?;
            let available = dictionary.and_then(|known| transfer::available(known.digest));
            let available = available.and_then(|it| HeaderValue::from_str(&it).ok());
            let codings = match available {
                Some(digest) => {
                    request.headers_mut().insert(AVAILABLE_DICTIONARY, digest);
                    transfer::WITH_DICTIONARY
                }
                None => transfer::WITHOUT,
            };
            let codings = HeaderValue::from_static(codings);
            request.headers_mut().insert(ACCEPT_ENCODING, codings);
            let response = successful(self.send(request).await?)?;
            let coding = response.headers().get(CONTENT_ENCODING);
            let coding = coding.map(|it| it.to_str().unwrap_or("?").to_ascii_lowercase());
            // What is coded is not longer than what it codes, but for a few bytes.
            let more = if coding.is_some() { CODING_BYTES } else { 0 };
            let body = body(response, limit.saturating_add(more)).await?;
            let (wire_bytes, is_patch) = (body.len(), coding.as_deref() == Some("dcz"));
            let fetched = |module| Fetched { module, wire_bytes, is_patch };
            let Some(coding) = coding else { return Ok(fetched(body)) };
            let module = dictionary.map(|known| known.module.clone());
            let decode = move || transfer::decode(&body, &coding, module.as_ref(), limit);
            match spawn_blocking(decode).await {
                Ok(decoded) => Ok(fetched(decoded?)),
                Err(error) => Err(HttpError::Network(error.to_string())),
            }
        })
        .await
    }

    /// A path from the root is taken from the base, which a proxy may have put deeper.
    fn module_url(&self, url: &str) -> Result<Url, HttpError> {
        let relative = url.strip_prefix('/').filter(|rest| !rest.starts_with('/')).unwrap_or(url);
        let joined = self.base.join(relative).ok();
        joined
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| HttpError::Address(url.to_owned()))
    }
}

impl HttpError {
    /// The pause that the server asked for, if it did.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl From<TransportError> for HttpError {
    fn from(error: TransportError) -> Self {
        // reqwest's own text is "error sending request"; the last cause is what operators need.
        let mut cause: &dyn std::error::Error = &*error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Self::Network(cause.to_string())
    }
}

async fn within<T>(
    limit: Duration,
    request: impl Future<Output = Result<T, HttpError>>,
) -> Result<T, HttpError> {
    match tokio::time::timeout(limit, request).await {
        Ok(result) => result,
        Err(_) => Err(HttpError::Timeout(limit)),
    }
}

fn successful(response: Response<Body>) -> Result<Response<Body>, HttpError> {
    match response.status() {
        StatusCode::OK => Ok(response),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(HttpError::Refused(status))
        }
        status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
            Err(HttpError::Busy { status, retry_after: retry_after(&response) })
        }
        status => Err(HttpError::Status(status)),
    }
}

/// `Retry-After` in seconds; a date is left to the back-off, which needs no wall clock.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

async fn body(mut response: Response<Body>, limit: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.body_mut().next().await {
        let chunk = chunk?;
        if chunk.len() > limit - body.len() {
            return Err(HttpError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
