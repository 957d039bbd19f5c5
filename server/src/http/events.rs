//! Server-sent events: announcements as they are made.
//!
//! In: an environment, and what its client has seen. Out: an endless body. State is synchronised,
//! not queued: a client that reads slowly gets the newest announcement, and nothing is kept for it.
//! A frame is one shared buffer, however many clients receive it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, Uri, header};
use bytes::Bytes;
use rand::RngExt as _;
use tokio::sync::{OwnedSemaphorePermit, watch};
use vexil_runtime::simulated::chance;

use super::connection::ended;
use super::delivery::{audience, published, selected, selection};
use super::guard::Asker;
use super::problem::{Kind, Problem};
use super::query::Query;
use super::request::Keys as InPath;
use super::{App, answer};
use crate::access::grant::{Identity, Need};
use crate::access::keys::Keys;
use crate::clock;
use crate::limits::{BYE_RETRY_MS, FIRST_RETRY_MS, FULL_RETRY_S};
use crate::log::event::Revision;
use crate::publish::announcement::{Announcement, Rendered};
use crate::publish::publisher::Published;
use crate::telemetry::Telemetry;

/// Header: what an `EventSource` has seen last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Header: asks nginx and its like not to hold frames back.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `GET …/events`
pub async fn events(
    State(app): State<Arc<App>>,
    Extension(asker): Extension<Asker>,
    InPath(place): InPath<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let query = Query::read(&uri, &["audience", "flags", "tags"])?;
    let (audience, selection) = (audience(&asker, &query)?, selection(&query)?);
    let wire = if selection.is_some() { Wire::Selection } else { Wire::Vexil };
    stream(&app, selected(&app, &place, audience, selection)?, asker, &headers, wire)
}

/// How a client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// The announcement itself.
    Vexil,
    /// The announcement of some flags, when it changes anything of them.
    Selection,
    /// That evaluations may have changed, as OFREP's `eventStreams` have it.
    Ofrep,
}

/// Opens a stream of an environment, for the audience that the asker is.
///
/// # Errors
/// There is no such environment, or no place among the streams.
pub fn open(
    app: &Arc<App>,
    place: &(String, String),
    asker: Asker,
    headers: &HeaderMap,
    wire: Wire,
) -> Result<Response<Body>, Problem> {
    asker.need(Need::Follow, Some(&place.0), Some(&place.1))?;
    let audience = audience(&asker, &Query::default())?;
    stream(app, published(app, place, audience)?, asker, headers, wire)
}

fn stream(
    app: &Arc<App>,
    published: watch::Receiver<Published>,
    asker: Asker,
    headers: &HeaderMap,
    wire: Wire,
) -> Result<Response<Body>, Problem> {
    let full = || {
        app.hub.telemetry().stream_refused();
        let problem = Problem::new(Kind::Unavailable, "too many event streams are open");
        problem.retry_after(chance().random_range(FULL_RETRY_S))
    };
    let of_page = match asker.identity.is_browser() {
        true => Some(Arc::clone(&app.page_streams).try_acquire_owned().map_err(|_| full())?),
        false => None,
    };
    let seat = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| full())?;
    let feed = Feed {
        published,
        shutdown: app.shutdown.clone(),
        heartbeat: app.heartbeat,
        seen: seen(headers),
        issued_ms: 0,
        told: Told::default(),
        sign_again: app.hub.press().sign_again,
        wire,
        stage: Stage::Opening,
        keys: app.access.watch(),
        asker: asker.identity,
        _seat: Seat::take(seat, of_page, app.telemetry()),
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
    Revision::parse(text.trim())
}

impl Wire {
    fn frame(self, announced: &Rendered) -> &Bytes {
        match self {
            Self::Vexil | Self::Selection => &announced.frame,
            Self::Ofrep => &announced.ofrep_frame,
        }
    }
}

/// One client's view of an environment.
struct Feed {
    published: watch::Receiver<Published>,
    shutdown: watch::Receiver<bool>,
    heartbeat: Duration,
    /// The revision that the client has.
    seen: Option<Revision>,
    /// When what stood announced last was signed.
    issued_ms: i64,
    told: Told,
    /// After so long a client is told again that things are as they were.
    sign_again: Duration,
    wire: Wire,
    stage: Stage,
    keys: watch::Receiver<Arc<Keys>>,
    asker: Identity,
    _seat: Seat,
}

/// What a client was told last.
#[derive(Debug, Default)]
struct Told {
    digest: String,
    issued_ms: i64,
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
                // An error means that the server ends, which `ended` tells.
                _ = self.keys.changed() => {
                    if !self.is_welcome() {
                        return None;
                    }
                }
                changed = self.published.changed() => {
                    changed.ok()?; // the environment is gone
                    // Keys also end by themselves.
                    if !self.is_welcome() {
                        return None;
                    }
                    if let Some(frame) = self.news() {
                        return Some(frame);
                    }
                }
                () = tokio::time::sleep(self.heartbeat) => {
                    return self.is_welcome().then(|| Bytes::from_static(b":\n\n"));
                }
            }
        }
    }

    /// Is the key that opened the stream still good?
    fn is_welcome(&mut self) -> bool {
        match &self.asker {
            Identity::Nobody => false,
            Identity::Anybody => true,
            Identity::Key { key, secret } => {
                self.keys.borrow_and_update().still_know(key, secret, clock::now_ms())
            }
        }
    }

    /// The first bytes: when to come back should the stream break, and what stands announced.
    fn opening(&mut self) -> Bytes {
        let retry_ms = chance().random_range(FIRST_RETRY_MS);
        let mut bytes = format!("retry: {retry_ms}\n\n").into_bytes();
        let announced = self.published.borrow_and_update().announced.clone();
        if let Some(announced) = announced {
            let current = announced.announcement.revision;
            if self.seen != Some(current) {
                bytes.extend_from_slice(self.wire.frame(&announced));
            }
            self.issued_ms = announced.announcement.issued_ms;
            self.told = Told::of(&announced.announcement);
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
        // The same revision is told again when it was signed anew.
        let issued_ms = announced.announcement.issued_ms;
        if (self.seen, self.issued_ms) == (Some(revision), issued_ms) {
            return None;
        }
        let signed_again = self.seen == Some(revision);
        (self.seen, self.issued_ms) = (Some(revision), issued_ms);
        let is_told = match self.wire {
            Wire::Vexil => true,
            Wire::Selection => {
                signed_again || self.told.is_news(&announced.announcement, self.sign_again)
            }
            // Who is told to ask again need not when nothing has changed.
            Wire::Ofrep => self.told.digest != announced.announcement.digest,
        };
        is_told.then(|| {
            self.told = Told::of(&announced.announcement);
            self.wire.frame(announced).clone()
        })
    }
}

impl Told {
    fn of(announcement: &Announcement) -> Self {
        Self { digest: announcement.digest.clone(), issued_ms: announcement.issued_ms }
    }

    /// Has another module been announced since, or was that so long ago that its word expires?
    /// In an environment in which much happens announcements are never signed again.
    fn is_news(&self, announcement: &Announcement, sign_again: Duration) -> bool {
        let age_ms = announcement.issued_ms.saturating_sub(self.issued_ms);
        self.digest != announcement.digest
            || u128::try_from(age_ms).is_ok_and(|age_ms| age_ms >= sign_again.as_millis())
    }
}

/// The last frame before a shutdown, with a random hint, so that not all come back at once.
fn bye() -> Bytes {
    let retry_ms = chance().random_range(BYE_RETRY_MS);
    format!("retry: {retry_ms}\nevent: bye\ndata: {{\"retry_ms\":{retry_ms}}}\n\n").into()
}

/// A place among the streams, counted while it is held.
struct Seat {
    telemetry: Arc<Telemetry>,
    _permit: OwnedSemaphorePermit,
    _of_page: Option<OwnedSemaphorePermit>,
}

impl Seat {
    fn take(
        permit: OwnedSemaphorePermit,
        of_page: Option<OwnedSemaphorePermit>,
        telemetry: Arc<Telemetry>,
    ) -> Self {
        telemetry.stream(true);
        Self { telemetry, _permit: permit, _of_page: of_page }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.telemetry.stream(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sign::{Signed, SignedKeys};

    fn announcement(digest: &str, issued_ms: i64) -> Announcement {
        Announcement {
            project: "p".into(),
            environment: "e".into(),
            selection: None,
            revision: Revision(1),
            digest: digest.into(),
            bytes: 1,
            url: String::new(),
            changed: None,
            changed_since: None,
            published_at_ms: 0,
            committed_at_ms: 0,
            issued_ms,
            signed: Signed {
                statement: String::new(),
                signature: String::new(),
                key: String::new(),
                keys: SignedKeys {
                    statement: String::new(),
                    signatures: std::collections::BTreeMap::new(),
                },
            },
        }
    }

    #[test]
    fn who_follows_some_flags_is_told_what_differs_and_now_and_then_that_nothing_does() {
        let told = Told::of(&announcement("a", 1_000));
        let is_news = |digest, issued_ms| {
            told.is_news(&announcement(digest, issued_ms), Duration::from_secs(60))
        };
        assert!(is_news("b", 1_001));
        assert!(!is_news("a", 60_999));
        assert!(is_news("a", 61_000));
        assert!(!is_news("a", 500), "the clock was set back");
    }
}
