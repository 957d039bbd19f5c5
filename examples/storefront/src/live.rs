//! Tells open pages that flags have changed, by server-sent events.
//!
//! In: the client's changes and state. Out: `GET /live`, where every page gets the newest pulse
//! at once and each one after. A slow page misses pulses, never the newest: nothing is queued.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Serialize;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};
use vexil_runtime::{Client, Subscription};

/// How often to look whether the client's state has changed, or its revision without a flag: the
/// subscription tells of changed flags only.
const STATE_INTERVAL: Duration = Duration::from_millis(500);

/// Proxies cut connections that are silent for half a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What the shop stands on right now.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pulse {
    /// The client's state, by OpenFeature's name.
    pub state: &'static str,
    /// The project's revision.
    pub revision: Option<u64>,
    /// The module's digest.
    pub digest: Option<String>,
    /// Flags that the latest module changed.
    pub changed: Vec<String>,
}

impl Pulse {
    /// The client's present state.
    pub fn of(client: &Client) -> Self {
        let current = client.current();
        Self {
            state: client.state().name(),
            revision: current.as_ref().map(|current| current.revision),
            digest: current.map(|current| current.digest),
            changed: Vec::new(),
        }
    }

    /// Takes over what differs from `now`; tells whether anything did.
    fn catch_up(&mut self, now: &Self) -> bool {
        let same = Self { changed: Vec::new(), ..self.clone() } == *now;
        if !same {
            *self = now.clone();
        }
        !same
    }
}

/// Follows the client for as long as the subscription is kept.
pub fn follow(client: &Client) -> (watch::Receiver<Pulse>, Subscription) {
    let (sender, receiver) = watch::channel(Pulse::of(client));
    let swapped = sender.clone();
    let subscription = client.on_change(move |change| {
        swapped.send_modify(|pulse| {
            pulse.revision = Some(change.revision);
            pulse.digest = Some(change.digest.clone());
            pulse.changed.clone_from(&change.changed);
        });
    });
    let client = client.clone();
    tokio::spawn(async move {
        let mut before = Pulse::of(&client);
        while !sender.is_closed() {
            tokio::time::sleep(STATE_INTERVAL).await;
            let now = Pulse::of(&client);
            // The subscription tells of a new module at once, and what it changed; what has stood
            // for a while and is still not told, it will not tell.
            if now == before {
                sender.send_if_modified(|pulse| pulse.catch_up(&now));
            }
            before = now;
        }
    });
    (receiver, subscription)
}

/// The stream of one page.
pub fn stream(
    pulses: watch::Receiver<Pulse>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = WatchStream::new(pulses).map(|pulse| {
        let data = serde_json::to_string(&pulse).unwrap_or_default();
        Ok(Event::default().event("pulse").data(data))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}
