//! Server-sent events: announcements as they are made.
//!
//! In: an environment, and what its client has seen. Out: an endless body. State is synchronised,
//! not queued: a client that reads slowly gets the newest announcement, and nothing is kept for it.
//! A frame is one shared buffer, however many clients receive it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, Uri, header};
use bytes::Bytes;
use rand::RngExt as _;
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::connection::ended;
use super::delivery::published;
use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::Keys;
use super::{App, answer, precondition};
use crate::limits::{BYE_RETRY_MS, FIRST_RETRY_MS, FULL_RETRY_S};
use crate::log::event::Revision;
use crate::publish::publisher::Published;
use crate::telemetry::Telemetry;

/// Header: what an `EventSource` has seen last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Header: asks nginx and its like not to hold frames back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `GET …/events`
pub async fn events(
    State(app): State<Arc<App>>,
    Keys(place): Keys<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Query::read(&uri, &[])?;
    let published = published(&app, &place)?;
    let Ok(seat) = Arc::clone(&app.streams).try_acquire_owned() else {
        app.hub.telemetry().stream_refused();
        let problem = Problem::new(Kind::Unavailable, "too many event streams are open");
        return Err(problem.retry_after(rand::rng().random_range(FULL_RETRY_S)));
    };
    let feed = Feed {
        published,
        shutdown: app.shutdown.clone(),
        heartbeat: app.heartbeat,
        seen: seen(&headers),
        stage: Stage::Opening,
        _seat: Seat::take(seat, app.telemetry()),
    };
    let frames = futures_util::stream::unfold(feed, |mut feed| async move {
        let frame = feed.next().await?;
        Some((Ok::<Bytes, Infallible>(frame), feed))
    });
    let mut response = answer::text("text/event-stream", Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(response)
}

/// The revision in `Last-Event-ID`; what cannot be read was not seen.
fn seen(headers: &HeaderMap) -> Option<Revision> {
    let text = headers.get(LAST_EVENT_ID)?.to_str().ok()?;
    precondition::revision(text.trim())
}

/// One client's view of an environment.
struct Feed {
    published: watch::Receiver<Published>,
    shutdown: watch::Receiver<bool>,
    heartbeat: Duration,
    /// The revision that the client has.
    seen: Option<Revision>,
    stage: Stage,
    _seat: Seat,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Opening,
    Open,
    Closed,
}

impl Feed {
    /// The next bytes for the client; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        match self.stage {
            Stage::Opening => {
                self.stage = Stage::Open;
                return Some(self.opening());
            }
            Stage::Closed => return None,
            Stage::Open => {}
        }
        loop {
            tokio::select! {
                biased;
                () = ended(&mut self.shutdown) => {
                    self.stage = Stage::Closed;
                    return Some(bye());
                }
                changed = self.published.changed() => {
                    changed.ok()?; // the environment is gone
                    if let Some(frame) = self.news() {
                        return Some(frame);
                    }
                }
                () = tokio::time::sleep(self.heartbeat) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }

    /// The first bytes: when to come back should the stream break, and what stands announced.
    fn opening(&mut self) -> Bytes {
        let retry_ms = rand::rng().random_range(FIRST_RETRY_MS);
        let mut bytes = format!("retry: {retry_ms}\n\n").into_bytes();
        let announced = self.published.borrow_and_update().announced.clone();
        if let Some(announced) = announced {
            let current = announced.announcement.revision;
            if self.seen != Some(current) {
                bytes.extend_from_slice(&announced.frame);
            }
            // Whatever the client claimed to have seen: now it has this.
            self.seen = Some(current);
        } else {
            self.seen = None;
        }
        bytes.into()
    }

    /// What stands announced, unless the client has it.
    fn news(&mut self) -> Option<Bytes> {
        let published = self.published.borrow_and_update();
        let announced = published.announced.as_ref()?;
        let revision = announced.announcement.revision;
        if self.seen == Some(revision) {
            return None;
        }
        self.seen = Some(revision);
        Some(announced.frame.clone())
    }
}

/// The last frame before a shutdown, with a random hint, so that not all come back at once.
fn bye() -> Bytes {
    let retry_ms = rand::rng().random_range(BYE_RETRY_MS);
    format!("retry: {retry_ms}\nevent: bye\ndata: {{\"retry_ms\":{retry_ms}}}\n\n").into()
}

/// A place among the streams, counted while it is held.
struct Seat {
    telemetry: Arc<Telemetry>,
    _permit: OwnedSemaphorePermit,
}

impl Seat {
    fn take(permit: OwnedSemaphorePermit, telemetry: Arc<Telemetry>) -> Self {
        telemetry.stream(true);
        Self { telemetry, _permit: permit }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.telemetry.stream(false);
    }
}
