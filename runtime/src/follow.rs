//! Following a server: everything that a client does in the background.
//!
//! In: a server's address and an environment. Out: the slot's module, kept as new as the server's.
//! Four loops run as one task: the event stream, the polls beside it when it fails, the loading of
//! what either announces, and the calls of listeners. They end when the task is aborted.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use crate::announcement::{self, Announcement};
use crate::details::ErrorCode;
use crate::engine::Engine;
use crate::evaluate::Failure;
use crate::http::Http;
use crate::listener::Listeners;
use crate::metrics::Counters;
use crate::options::Options;
use crate::slot::Slot;
use crate::state::{Health, State};
use crate::wanted::{Follows, Offer, Wanted};
use crate::{poll, stream, update};

/// What the loops and the client share.
pub(crate) struct Follow {
    pub(crate) project: String,
    pub(crate) environment: String,
    pub(crate) options: Options,
    pub(crate) engine: Engine,
    pub(crate) http: Http,
    pub(crate) slot: Arc<Slot>,
    pub(crate) wanted: Wanted,
    pub(crate) health: Health,
    pub(crate) counters: Counters,
    pub(crate) listeners: Arc<Listeners>,
    /// Is a module serving?
    pub(crate) serving: watch::Sender<bool>,
    /// Is the stream down, so that the head is to be polled?
    pub(crate) polling: watch::Sender<bool>,
    /// Asks for one poll of the head, whether polling or not.
    pub(crate) poll_once: Notify,
}

/// Follows the server until the task is aborted.
pub(crate) async fn run(follow: Arc<Follow>) {
    tokio::join!(
        stream::run(&follow),
        poll::run(&follow),
        update::run(&follow),
        follow.listeners.run()
    );
}

impl Follow {
    /// Reads an announcement and offers it; `None` when it cannot be read.
    pub(crate) fn announced(&self, json: &[u8], follows: Follows) -> Option<Offer> {
        match announcement::read(json, &self.project, &self.environment) {
            Ok(announcement) => Some(self.offer(announcement, follows)),
            Err(error) => {
                self.counters.malformed_announcements.count();
                tracing::warn!(environment = self.environment, %error, "announcement refused");
                None
            }
        }
    }

    fn offer(&self, announcement: Announcement, follows: Follows) -> Offer {
        let revision = announcement.revision;
        let offer = self.wanted.offer(announcement, follows);
        match offer {
            Offer::Newer => {
                self.counters.announcements.count();
                tracing::debug!(environment = self.environment, revision, "announced");
            }
            Offer::Known => {}
            Offer::Older => {
                self.counters.older_announcements.count();
                tracing::debug!(environment = self.environment, revision, "older revision ignored");
            }
        }
        offer
    }

    pub(crate) fn state(&self) -> State {
        self.health.state(self.slot.serving().is_some(), self.options.watchdog)
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
