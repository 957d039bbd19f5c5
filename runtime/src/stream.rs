//! The event stream: announcements as they are made.
//!
//! In: server-sent events. Out: offers to `wanted`; whether polling is needed. It reconnects for
//! ever, always after a pause with jitter. What it cannot read it never guesses: it drops the
//! connection and asks for the head.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use sse_stream::{Sse, SseByteStream};
use tokio::time::{Instant, sleep, timeout};

use crate::backoff::{Backoff, upper_half};
use crate::follow::Follow;
use crate::http::HttpError;
use crate::limits::{EVENT_BYTES, FAILED_CONNECTS_BEFORE_POLLING};
use crate::transport::{Body, TransportError};
use crate::wanted::Follows;

/// Connects and reads, for ever.
pub(crate) async fn run(follow: &Follow) {
    let mut backoff = Backoff::new(&follow.options);
    let mut failures = 0;
    loop {
        let connection = connection(follow, &mut backoff).await;
        match connection.announced {
            true => failures = 0,
            false => failures += 1,
        }
        note(follow, &connection, failures);
        if connection.lived >= follow.options.healthy_after {
            backoff.reset();
        }
        sleep(pause(follow, &connection.end, &mut backoff)).await;
    }
}

/// One connection, when it is over.
struct Connection {
    end: End,
    /// Did it deliver an announcement?
    announced: bool,
    lived: Duration,
}

enum End {
    /// It could not be opened.
    Failed(HttpError),
    /// The server closed it, or the network broke it.
    Closed(Option<String>),
    /// No byte came for the watchdog time.
    Silent,
    /// It sent an announcement that cannot be read.
    Malformed,
    /// The server said good-bye; it may hint at when to come back.
    Bye(Option<Duration>),
}

async fn connection(follow: &Follow, backoff: &mut Backoff) -> Connection {
    let body = match follow.http.events().await {
        Ok(body) => body,
        Err(error) => {
            return Connection { end: End::Failed(error), announced: false, lived: Duration::ZERO };
        }
    };
    follow.served.counters.stream_connects.count();
    follow.served.health.contact();
    let opened = Instant::now();
    let mut announced = false;
    let end = read(follow, body, backoff, &mut announced).await;
    Connection { end, announced, lived: opened.elapsed() }
}

async fn read(follow: &Follow, body: Body, backoff: &mut Backoff, announced: &mut bool) -> End {
    let pending = AtomicUsize::new(0);
    let mut events = pin!(SseByteStream::new(watched(follow, body, &pending)));
    loop {
        let event = match events.next().await {
            Some(Ok(event)) => event,
            Some(Err(error)) => return broken(error),
            None => return End::Closed(None),
        };
        pending.store(0, Ordering::Relaxed);
        if let Some(end) = handle(follow, event, backoff, announced) {
            return end;
        }
    }
}

fn broken(error: sse_stream::Error) -> End {
    match &error {
        sse_stream::Error::Body(cut) if matches!(cut.downcast_ref(), Some(Cut::Silent)) => {
            End::Silent
        }
        _ => End::Closed(Some(error.to_string())),
    }
}

/// Acts on one event; `Some` when the connection is over.
fn handle(follow: &Follow, event: Sse, backoff: &mut Backoff, announced: &mut bool) -> Option<End> {
    let retry = event.retry.map(Duration::from_millis);
    match event.event.as_deref() {
        Some("announcement") => {
            let follows = if *announced { Follows::ThePrevious } else { Follows::Unknown };
            let data = event.data.unwrap_or_default();
            if follow.announced(data.as_bytes(), follows).is_none() {
                return Some(End::Malformed);
            }
            *announced = true;
            follow.polling.send_replace(false);
        }
        Some("bye") => return Some(End::Bye(retry)),
        // Unknown events belong to newer servers; they are ignored unread.
        _ => {}
    }
    if let Some(retry) = retry {
        backoff.hint(retry);
    }
    None
}

/// Why the bytes of a stream end before the server ends them.
#[derive(Debug, thiserror::Error)]
enum Cut {
    #[error("no byte for the watchdog time")]
    Silent,
    #[error("an event of more than {EVENT_BYTES} bytes")]
    TooLong,
    #[error(transparent)]
    Network(TransportError),
}

/// The body's bytes, as long as they keep coming and events come to an end.
///
/// The watchdog sits below the parser: heartbeats are comments, which the parser swallows.
/// `pending` counts bytes since the last event; the reader sets it back.
fn watched(
    follow: &Follow,
    body: Body,
    pending: &AtomicUsize,
) -> impl Stream<Item = Result<Bytes, Cut>> {
    stream::unfold(body, async move |mut bytes| {
        let chunk = match timeout(follow.options.watchdog, bytes.next()).await {
            Err(_) => Err(Cut::Silent),
            Ok(None) => return None,
            Ok(Some(Err(error))) => Err(Cut::Network(error)),
            Ok(Some(Ok(chunk))) => {
                follow.served.health.contact();
                let before = pending.fetch_add(chunk.len(), Ordering::Relaxed);
                if before + chunk.len() > EVENT_BYTES { Err(Cut::TooLong) } else { Ok(chunk) }
            }
        };
        Some((chunk, bytes))
    })
}

fn note(follow: &Follow, connection: &Connection, failures: u32) {
    let environment = follow.served.environment.as_str();
    match &connection.end {
        End::Failed(error) => {
            tracing::warn!(environment, %error, failures, "event stream could not be opened");
        }
        End::Closed(Some(error)) => tracing::info!(environment, %error, "event stream broke"),
        End::Closed(None) => tracing::info!(environment, "event stream was closed"),
        End::Silent => {
            follow.served.counters.stream_silences.count();
            tracing::warn!(environment, "event stream was silent for too long");
        }
        End::Malformed => {
            follow.poll_once.notify_one();
            tracing::warn!(environment, "event stream dropped; asking for the head");
        }
        End::Bye(_) => tracing::info!(environment, "the server takes leave"),
    }
    if !connection.announced {
        follow.served.health.connect_failed();
        follow.served.counters.stream_failures.count();
    }
    if failures >= FAILED_CONNECTS_BEFORE_POLLING || matches!(connection.end, End::Silent) {
        follow.polling.send_replace(true);
    }
}

/// How long to wait before the next connection.
fn pause(follow: &Follow, end: &End, backoff: &mut Backoff) -> Duration {
    let rng = &mut *follow.chance();
    match end {
        End::Failed(HttpError::Refused(_)) => upper_half(follow.options.refused_retry, rng),
        End::Failed(error) => error.retry_after().unwrap_or_default() + backoff.pause(rng),
        End::Bye(Some(hint)) => {
            let mut hinted = backoff.clone();
            hinted.hint(*hint);
            backoff.pause(rng);
            hinted.pause(rng)
        }
        _ => backoff.pause(rng),
    }
}
