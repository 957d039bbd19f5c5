//! Requests to the server.
//!
//! In: what to ask for. Out: the head, the open event stream, a module's bytes, or an
//! [`HttpError`]. Every wait and every size is bounded; nothing here retries.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER,
};
use reqwest::{Response, StatusCode, Url};
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::announcement::Announcement;
use crate::limits::{ANNOUNCEMENT_BYTES, ANSWER_BYTES, CODING_BYTES, RETRY_AFTER_MAX};
use crate::options::Options;
use crate::selection::Selection;
use crate::transfer::{self, TransferError};

/// Where the client's environment is, and how to reach it.
#[derive(Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
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
const AVAILABLE_DICTIONARY: &str = "available-dictionary";

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
        client: reqwest::Client,
        base: Url,
        project: &str,
        environment: &str,
        selection: Option<&Selection>,
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
            client,
            base,
            request_timeout: options.request_timeout,
            fetch_timeout: options.fetch_timeout,
        })
    }

    /// Opens the event stream.
    ///
    /// `Last-Event-ID` is not sent: the announcement that the server then sends first costs less
    /// than a kilobyte, and proves at once that the stream delivers.
    pub(crate) async fn events(&self) -> Result<Response, HttpError> {
        let request = self.client.get(self.events.clone()).header(ACCEPT, "text/event-stream");
        let response = within(self.request_timeout, request.send()).await?;
        let response = successful(response)?;
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match kind.starts_with("text/event-stream") {
            true => Ok(response),
            false => Err(HttpError::NotEvents(kind.to_owned())),
        }
    }

    /// Asks for the head, unless it is still the one of `etag`.
    pub(crate) async fn head(&self, etag: Option<&str>) -> Result<Head, HttpError> {
        let mut request = self.client.get(self.head.clone()).timeout(self.request_timeout);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let response = within(self.request_timeout, request.send()).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(Head::Unchanged);
        }
        let response = successful(response)?;
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.map(str::to_owned);
        let body = within(self.request_timeout, body(response, ANNOUNCEMENT_BYTES)).await?;
        Ok(Head::Changed { body, etag })
    }

    /// Tells the server what is served here; its answer says when to do so again.
    pub(crate) async fn report(&self, report: &impl Serialize) -> Result<Vec<u8>, HttpError> {
        let request = self.client.post(self.fleet.clone()).timeout(self.request_timeout);
        let response = within(self.request_timeout, request.json(report).send()).await?;
        within(self.request_timeout, body(successful(response)?, ANSWER_BYTES)).await
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
        within::<_, HttpError>(self.fetch_timeout, async {
            let mut request = self.client.get(url).timeout(self.fetch_timeout);
            let available = dictionary.and_then(|known| transfer::available(known.digest));
            request = match &available {
                Some(digest) => request
                    .header(AVAILABLE_DICTIONARY, digest)
                    .header(ACCEPT_ENCODING, transfer::WITH_DICTIONARY),
                None => request.header(ACCEPT_ENCODING, transfer::WITHOUT),
            };
            let response = successful(request.send().await?)?;
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

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        // reqwest's own text is "error sending request"; the last cause is what operators need.
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Self::Network(cause.to_string())
    }
}

async fn within<T, E: Into<HttpError>>(
    limit: Duration,
    request: impl Future<Output = Result<T, E>>,
) -> Result<T, HttpError> {
    match tokio::time::timeout(limit, request).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(HttpError::Timeout(limit)),
    }
}

fn successful(response: Response) -> Result<Response, HttpError> {
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
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX))
}

async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > limit - body.len() {
            return Err(HttpError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
