//! Whether a client can be relied on.
//!
//! In: contacts with the server, failures. Out: a [`State`]. It never decides what is served:
//! evaluation goes on in every state, with the last good module.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::simulated;

/// The state of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// No module yet; evaluations give the caller's default.
    NotReady,
    /// A module serves, and the server was heard of lately.
    Ready,
    /// A module serves, but the server was not heard of for the watchdog time, or not yet at all:
    /// the module is one from disk or from the start-up's own bytes. Or the newest announcement has
    /// expired: somebody between here and the server may hold newer ones back. Or what is announced
    /// is not to be trusted.
    Stale,
    /// No module yet, and the last attempt to get one failed. Attempts go on.
    Error,
}

impl State {
    /// OpenFeature's name of the state.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotReady => "NOT_READY",
            Self::Ready => "READY",
            Self::Stale => "STALE",
            Self::Error => "ERROR",
        }
    }
}

/// What the state is derived from.
#[derive(Debug)]
pub(crate) struct Health {
    started: Instant,
    /// Milliseconds from `started` to the last contact.
    contact_ms: AtomicU64,
    /// Was the server ever heard of?
    contacted: AtomicBool,
    connect_failed: AtomicBool,
    load_failed: AtomicBool,
    /// Was what the server announced last not to be trusted?
    distrusted: AtomicBool,
    /// When the newest announcement expires, in milliseconds since the Unix epoch.
    fresh_until_ms: AtomicI64,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            contact_ms: AtomicU64::new(0),
            contacted: AtomicBool::new(false),
            connect_failed: AtomicBool::new(false),
            load_failed: AtomicBool::new(false),
            distrusted: AtomicBool::new(false),
            fresh_until_ms: AtomicI64::new(i64::MAX),
        }
    }

    /// The server sent a byte on the stream, or answered a poll.
    pub(crate) fn contact(&self) {
        self.contact_ms.store(self.elapsed_ms(), Ordering::Relaxed);
        self.contacted.store(true, Ordering::Relaxed);
        self.connect_failed.store(false, Ordering::Relaxed);
    }

    /// Somebody announces whom the client does not trust.
    pub(crate) fn distrust(&self) {
        self.distrusted.store(true, Ordering::Relaxed);
    }

    /// Was what was announced last not to be trusted?
    pub(crate) fn is_distrusted(&self) -> bool {
        self.distrusted.load(Ordering::Relaxed)
    }

    /// An announcement was heard that is trusted and expires then; an older one does not make it
    /// sooner.
    pub(crate) fn fresh_until(&self, expires_ms: Option<i64>) {
        self.distrusted.store(false, Ordering::Relaxed);
        let Some(expires_ms) = expires_ms else { return };
        let later = |known| (known == i64::MAX || expires_ms > known).then_some(expires_ms);
        let _ = self.fresh_until_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }

    pub(crate) fn connect_failed(&self) {
        self.connect_failed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn load(&self, failed: bool) {
        self.load_failed.store(failed, Ordering::Relaxed);
    }

    /// For how long nothing was heard of the server.
    pub(crate) fn silence(&self) -> Duration {
        let contact_ms = self.contact_ms.load(Ordering::Relaxed);
        Duration::from_millis(self.elapsed_ms().saturating_sub(contact_ms))
    }

    /// The state of a client that has a module, or not, and waits `watchdog` for contact, if there
    /// is anybody to wait for.
    pub(crate) fn state(&self, has_module: bool, watchdog: Option<Duration>) -> State {
        let silent = watchdog.is_some_and(|watchdog| {
            self.silence() > watchdog
                || !self.contacted.load(Ordering::Relaxed)
                || self.is_distrusted()
                || simulated::now_ms() > self.fresh_until_ms.load(Ordering::Relaxed)
        });
        let failed =
            self.connect_failed.load(Ordering::Relaxed) || self.load_failed.load(Ordering::Relaxed);
        match has_module {
            true if silent => State::Stale,
            true => State::Ready,
            false if failed => State::Error,
            false => State::NotReady,
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
