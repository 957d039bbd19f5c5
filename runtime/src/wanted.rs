//! The newest announcement, from whichever side it comes.
//!
//! In: announcements from the stream and from polls, in any order, any number of times. Out: the
//! one with the highest revision, for `update` to load. Older ones change nothing, so duplicates,
//! reorders and a slow poll beside a quick stream are harmless.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::announcement::Announcement;
use crate::changes::Changes;

pub(crate) struct Wanted {
    newest: watch::Sender<Option<Arc<Announcement>>>,
    changes: Mutex<Changes>,
}

/// What an announcement was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Newer,
    /// Of the same revision as the newest.
    Known,
    Older,
}

/// Where an announcement stands in the sequence of all announcements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    /// It came next on a connection after another one.
    ThePrevious,
    /// Some before it may have been missed.
    Unknown,
}

impl Wanted {
    pub(crate) fn new() -> Self {
        Self { newest: watch::Sender::new(None), changes: Mutex::default() }
    }

    /// Takes the announcement if its revision is higher than any before.
    pub(crate) fn offer(&self, announcement: Announcement, follows: Follows) -> Offer {
        let mut offer = Offer::Older;
        self.newest.send_if_modified(|newest| {
            let seen = newest.as_ref().map_or(0, |newest| newest.revision);
            offer = match announcement.revision.cmp(&seen) {
                Ordering::Greater => Offer::Newer,
                Ordering::Equal => Offer::Known,
                Ordering::Less => Offer::Older,
            };
            if offer == Offer::Newer {
                let changed = match follows {
                    Follows::ThePrevious => announcement.changed.clone(),
                    Follows::Unknown => None,
                };
                self.changes().seen(announcement.revision, changed);
                *newest = Some(Arc::new(announcement));
            }
            offer == Offer::Newer
        });
        offer
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<Arc<Announcement>>> {
        self.newest.subscribe()
    }

    /// Flags known to have changed up to `revision`, which is now applied; `None`: not known.
    pub(crate) fn applied(&self, revision: u64) -> Option<BTreeSet<String>> {
        self.changes().take(revision)
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
