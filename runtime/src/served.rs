//! What a client serves, and what it tells of it: shared by evaluations and the background.
//!
//! In: modules, contacts, failures, from whichever side they come. Out: the slot's module, the
//! state, counters, calls of listeners. It knows no network; a client without one has just this.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::changes::compare;
use crate::details::ErrorCode;
use crate::evaluate::Failure;
use crate::listener::{Change, Listeners};
use crate::load::Loaded;
use crate::metrics::Counters;
use crate::simulated;
use crate::slot::Slot;
use crate::state::{Health, State};

/// What is served since when, and what kept anything newer from being served.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// As announced; 0: it was not.
    pub(crate) revision: u64,
    /// `None`: defaults.
    pub(crate) digest: Option<String>,
    /// Was the server being followed when it was announced?
    pub(crate) live: bool,
    /// Since when it is served.
    pub(crate) at: Instant,
    /// Why what was announced since is not served.
    pub(crate) error: Option<String>,
}

impl Arrival {
    fn new(revision: u64, digest: Option<String>) -> Self {
        let at = Instant::now();
        Self { revision, digest, live: false, at, error: None }
    }
}

pub(crate) struct Served {
    pub(crate) project: String,
    pub(crate) environment: String,
    /// After so long without a word the server counts as silent; `None`: there is no server.
    pub(crate) watchdog: Option<Duration>,
    pub(crate) slot: Arc<Slot>,
    pub(crate) health: Health,
    pub(crate) counters: Counters,
    pub(crate) listeners: Arc<Listeners>,
    /// Is a module serving?
    pub(crate) serving: watch::Sender<bool>,
    /// What is served since when, for who tells the server.
    pub(crate) arrival: watch::Sender<Arrival>,
    /// Did what is served not come from the server, so that any announcement replaces it?
    provisional: AtomicBool,
}

impl Served {
    pub(crate) fn new(project: String, environment: String, watchdog: Option<Duration>) -> Self {
        Self::at(Slot::default(), project, environment, watchdog)
    }

    pub(crate) fn at(
        slot: Slot,
        project: String,
        environment: String,
        watchdog: Option<Duration>,
    ) -> Self {
        Self {
            project,
            environment,
            watchdog,
            slot: Arc::new(slot),
            health: Health::new(),
            counters: Counters::default(),
            listeners: Arc::default(),
            serving: watch::Sender::new(false),
            arrival: watch::Sender::new(Arrival::new(0, None)),
            provisional: AtomicBool::new(false),
        }
    }

    /// Serves a module that did not come from the server.
    pub(crate) fn begin_with(&self, revision: u64, loaded: Arc<Loaded>) {
        self.provisional.store(true, Ordering::Relaxed);
        self.arrival.send_replace(Arrival::new(revision, Some(loaded.digest.clone())));
        self.slot.swap(revision, loaded, simulated::now_ms());
        self.serving.send_replace(true);
    }

    /// Serves another module that did not come from the server.
    pub(crate) fn replace(&self, loaded: &Arc<Loaded>) {
        let revision = self.slot.serving().map_or(0, |serving| serving.revision);
        self.swap(revision, loaded, || None);
        self.provisional.store(true, Ordering::Relaxed);
        self.slot.free();
    }

    /// The revision that the server announced last of what is served; 0: none.
    pub(crate) fn applied(&self) -> u64 {
        if self.provisional.load(Ordering::Relaxed) {
            return 0;
        }
        self.slot.serving().map_or(0, |serving| serving.revision)
    }

    /// Serves the same module under a new revision.
    pub(crate) fn same(&self, revision: u64, loaded: Arc<Loaded>) {
        let live = !self.provisional.swap(false, Ordering::Relaxed);
        self.arrived(revision, &loaded, live);
        self.slot.swap(revision, loaded, simulated::now_ms());
    }

    fn arrived(&self, revision: u64, loaded: &Loaded, live: bool) {
        let arrival = Arrival::new(revision, Some(loaded.digest.clone()));
        self.arrival.send_replace(Arrival { live, ..arrival });
    }

    /// What was announced cannot be served; what was served goes on.
    pub(crate) fn kept_from(&self, error: String) {
        self.arrival.send_modify(|arrival| arrival.error = Some(error));
    }

    /// Serves better code of the module that is served, if that is still the same.
    pub(crate) fn optimised(&self, loaded: Arc<Loaded>) {
        if self.slot.swap_code(loaded) {
            self.counters.optimised.count();
        }
    }

    /// Serves another module, and tells the listeners which flags may have changed: `known`, or
    /// what comparing the two shows.
    pub(crate) fn swap(
        &self,
        revision: u64,
        loaded: &Arc<Loaded>,
        known: impl FnOnce() -> Option<Vec<String>>,
    ) {
        let old = self.slot.serving();
        // What is known to have changed is relative to what the server announced before.
        let was_provisional = self.provisional.swap(false, Ordering::Relaxed);
        self.slot.swap(revision, Arc::clone(loaded), simulated::now_ms());
        self.serving.send_replace(true);
        self.arrived(revision, loaded, old.is_some() && !was_provisional);
        self.counters.swaps.count();
        let known = known().filter(|_| !was_provisional);
        let changed = match &old {
            None => loaded.manifest.flags.iter().map(|row| row.key.clone()).collect(),
            Some(old) => known.unwrap_or_else(|| {
                compare(&old.loaded.manifest, &loaded.manifest).into_iter().collect()
            }),
        };
        let digest = loaded.digest.clone();
        self.listeners.changed(&Change { revision, digest, changed });
    }

    pub(crate) fn state(&self) -> State {
        self.health.state(self.slot.epoch().is_some(), self.watchdog)
    }

    /// Counts a failure of the guest. Logs the 1st, 2nd, 4th, 8th …: a bad module fails as often
    /// as it is asked.
    pub(crate) fn note(&self, flag: &str, failure: &Failure) {
        if failure.code() == ErrorCode::General {
            let failures = self.counters.guest_failures.count();
            if failures.is_power_of_two() {
                tracing::error!(flag, failures, error = %failure, "evaluation failed in the guest");
            }
        }
    }
}
