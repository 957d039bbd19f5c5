//! The newest announcement, from whichever side it comes.
//!
//! In: announcements from the stream and from polls, in any order, any number of times. Out: the
//! one with the highest revision, for `update` to load. Older ones change nothing, so duplicates,
//! reorders and a slow poll beside a quick stream are harmless.

use std::cmp;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::announcement::Announcement;
use crate::changes::Changes;
use crate::sabotage::Sabotage;

pub(crate) struct Wanted {
    sabotage: Option<Sabotage>,
    /// The revision whose module could not be had as it was announced; 0: none.
    doubted: AtomicU64,
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
    /// `sabotage` is for tests.
    pub(crate) fn new(sabotage: Option<Sabotage>) -> Self {
        let (doubted, newest) = (AtomicU64::new(0), watch::Sender::new(None));
        Self { sabotage, doubted, newest, changes: Mutex::default() }
    }

    /// Takes the announcement if its revision is higher than any before, or if it says otherwise where
    /// the module is than the one that is doubted.
    pub(crate) fn offer(&self, announcement: Announcement, follows: Follows) -> Offer {
        let mut offer = Offer::Older;
        self.newest.send_if_modified(|newest| {
            let seen = newest.as_ref().map_or(0, |newest| newest.revision);
            offer = match announcement.revision.cmp(&seen) {
                cmp::Ordering::Greater => Offer::Newer,
                cmp::Ordering::Equal => Offer::Known,
                cmp::Ordering::Less => Offer::Older,
            };
            if offer == Offer::Older && self.sabotage == Some(Sabotage::TakesOlder) {
                offer = Offer::Newer;
            }
            let is_doubted = self.doubted.load(Ordering::Relaxed) == announcement.revision;
            if offer == Offer::Known && is_doubted {
                let differs = newest.as_ref().is_some_and(|it| !it.is_of_module_of(&announcement));
                if differs {
                    *newest = Some(Arc::new(announcement));
                }
                return differs;
            }
            if offer == Offer::Newer {
                self.doubted.store(0, Ordering::Relaxed);
                // A server may skip announcements for a slow reader, so its word goes first.
                let relative_to_seen = match announcement.changed_since {
                    // Of a selection revisions are left out that change nothing of it.
                    Some(since) => since <= seen,
                    None => follows == Follows::ThePrevious,
                };
                let changed = announcement.changed.clone().filter(|_| relative_to_seen);
                self.changes().seen(announcement.revision, changed);
                *newest = Some(Arc::new(announcement));
            }
            offer == Offer::Newer
        });
        offer
    }

    /// Is what was announced as `revision` to be served after what was announced as `applied`?
    pub(crate) fn is_due(&self, revision: u64, applied: u64) -> bool {
        match self.sabotage {
            None => revision > applied,
            Some(Sabotage::TakesOlder) => revision != applied,
        }
    }

    /// The module of a revision cannot be had as it was announced. What says where it is is not
    /// signed, and may have been damaged on its way.
    pub(crate) fn doubt(&self, revision: u64) {
        self.doubted.store(revision, Ordering::Relaxed);
    }

    /// Is the newest announcement doubted?
    pub(crate) fn is_doubted(&self) -> bool {
        self.doubted.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Option<Arc<Announcement>>> {
        self.newest.subscribe()
    }

    /// Flags known to have changed up to `revision`, which is now applied; `None`: not known.
    pub(crate) fn applied(&self, revision: u64) -> Option<BTreeSet<String>> {
        self.doubted.store(0, Ordering::Relaxed);
        self.changes().take(revision)
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::announcement::read;
    use crate::scripted::announcement;
    use crate::trust::{Trust, Trusting};

    fn offer(wanted: &Wanted, revision: u64, since: Option<u64>, follows: Follows) -> Offer {
        let mut json = announcement(revision, &"0".repeat(64), 1);
        json["changed_since"] = since.into();
        let anybody = Trusting::new(Trust::Anybody, None);
        wanted
            .offer(read(json.to_string().as_bytes(), ("p", "e"), None, &anybody).unwrap(), follows)
    }

    #[test]
    fn only_higher_revisions_are_newer() {
        let wanted = Wanted::new(None);
        let offer = |revision| offer(&wanted, revision, None, Follows::Unknown);
        assert_eq!([2, 2, 1, 3, 2].map(offer), {
            use Offer::{Known, Newer, Older};
            [Newer, Known, Older, Newer, Older]
        });
        assert_eq!(wanted.subscribe().borrow().as_ref().unwrap().revision, 3);
    }

    #[track_caller]
    fn check(since: Option<u64>, follows: Follows, known: bool) {
        let wanted = Wanted::new(None);
        offer(&wanted, 5, None, Follows::Unknown);
        wanted.applied(5);
        offer(&wanted, 7, since, follows);
        assert_eq!(wanted.applied(7).is_some(), known);
    }

    #[test]
    fn changes_count_when_what_they_are_relative_to_was_seen() {
        check(None, Follows::ThePrevious, true);
        check(None, Follows::Unknown, false);
        check(Some(5), Follows::Unknown, true);
        check(Some(4), Follows::Unknown, true);
        check(Some(6), Follows::ThePrevious, false);
    }
}
