//! Following a server: everything that a client does in the background.
//!
//! In: a server's address and an environment. Out: the slot's module, kept as new as the server's.
//! The loops run as one task: the event stream, the polls beside it when it fails, the loading of
//! what either announces, the calls of listeners, and reports to the server. They end when the task is aborted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

use crate::announcement::{self, Announcement, AnnouncementError};
use crate::builder::OnUsage;
use crate::cache::{Cache, First};
use crate::engine::Engine;
use crate::http::Http;
use crate::options::Options;
use crate::report::Reporter;
use crate::selection::Selection;
use crate::served::Served;
use crate::simulated::spawn_blocking;
use crate::trust::Trusting;
use crate::wanted::{Follows, Offer, Wanted};
use crate::{poll, report, stream, update};

/// What the loops share.
pub(crate) struct Follow {
    pub(crate) served: Arc<Served>,
    pub(crate) options: Options,
    pub(crate) engine: Engine,
    pub(crate) http: Http,
    pub(crate) cache: Option<Cache>,
    pub(crate) on_usage: Option<OnUsage>,
    /// What the server is told of this client; `None`: nothing.
    pub(crate) reporter: Option<Reporter>,
    /// What is served before the server is heard of, until the updates begin.
    pub(crate) first: Mutex<Option<First>>,
    /// The flags that are followed; `None`: all.
    pub(crate) selection: Option<Selection>,
    pub(crate) wanted: Wanted,
    pub(crate) trusting: Trusting,
    /// Is the stream down, so that the head is to be polled?
    pub(crate) polling: watch::Sender<bool>,
    /// Where jitter comes from.
    pub(crate) chance: Mutex<StdRng>,
    /// Asks for one poll of the head, whether polling or not.
    pub(crate) poll_once: Notify,
}

/// Follows the server until the task is aborted.
pub(crate) async fn run(follow: Arc<Follow>) {
    tokio::join!(
        stream::run(&follow),
        poll::run(&follow),
        update::run(&follow),
        follow.served.listeners.run(),
        count(&follow),
        report::run(&follow)
    );
}

/// Tells what was counted, again and again, if anything is.
async fn count(follow: &Follow) {
    if follow.on_usage.is_none() {
        return;
    }
    loop {
        sleep(follow.options.usage_interval).await;
        follow.tell_usage().await;
    }
}

impl Follow {
    /// Where jitter comes from; not to be held for longer than a draw.
    pub(crate) fn chance(&self) -> MutexGuard<'_, StdRng> {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what was counted since the last time.
    pub(crate) async fn tell_usage(&self) {
        let Some(listener) = self.on_usage.clone() else { return };
        let Some(usage) = self.served.slot.take_usage() else { return };
        let told = spawn_blocking(move || listener(&usage)).await;
        if let Err(error) = told {
            tracing::error!(%error, "the listener for usage panicked");
        }
    }

    /// Reads an announcement and offers it; `None` when it cannot be read.
    pub(crate) fn announced(&self, json: &[u8], follows: Follows) -> Option<Offer> {
        let Served { project, environment, .. } = &*self.served;
        let place = (project.as_str(), environment.as_str());
        match announcement::read(json, place, self.selection.as_ref(), &self.trusting) {
            Ok(announcement) => {
                self.served.health.fresh_until(announcement.expires_ms);
                Some(self.offer(announcement, follows))
            }
            Err(error) => {
                if let AnnouncementError::Trust(_)
                | AnnouncementError::Differs(_)
                | AnnouncementError::Selection { .. } = error
                {
                    self.served.health.distrust();
                    self.served.counters.untrusted_announcements.count();
                    tracing::error!(environment, %error, "announcement refused");
                    return None;
                }
                self.served.counters.malformed_announcements.count();
                tracing::warn!(environment = self.served.environment, %error, "announcement refused");
                None
            }
        }
    }

    fn offer(&self, announcement: Announcement, follows: Follows) -> Offer {
        let revision = announcement.revision;
        let offer = self.wanted.offer(announcement, follows);
        match offer {
            Offer::Newer => {
                self.served.counters.announcements.count();
                tracing::debug!(environment = self.served.environment, revision, "announced");
            }
            Offer::Known => {}
            Offer::Older => {
                self.served.counters.older_announcements.count();
                tracing::debug!(
                    environment = self.served.environment,
                    revision,
                    "older revision ignored"
                );
            }
        }
        offer
    }
}
