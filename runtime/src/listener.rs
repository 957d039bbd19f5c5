//! Listeners: who wants to know that flags changed.
//!
//! In: changes, from the swap. Out: calls, one after the other, on a blocking thread: never on an
//! evaluation path, and never in the way of the next swap. A listener hears of every swap since it
//! was subscribed; those that happen while listeners run are merged into one, so that a slow
//! listener misses nothing and nothing piles up.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::simulated::spawn_blocking;

/// What a swap changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The revision now served.
    pub revision: u64,
    /// Digest of the module now served.
    pub digest: String,
    /// Keys of the flags that may serve something else now, sorted. All flags for the first
    /// module; after an interruption also flags that could not be shown to be the same.
    pub changed: Vec<String>,
}

type Listener = Arc<dyn Fn(&Change) + Send + Sync>;

#[derive(Default)]
pub(crate) struct Listeners {
    list: Mutex<Vec<Entry>>,
    next_id: AtomicU64,
    wake: Notify,
}

struct Entry {
    id: u64,
    listener: Listener,
    /// What it is yet to hear.
    pending: Option<Change>,
}

/// Keeps a listener subscribed; dropping it unsubscribes.
#[must_use = "dropping a subscription unsubscribes the listener"]
pub struct Subscription {
    id: u64,
    listeners: Weak<Listeners>,
}

impl Subscription {
    /// Lets the listener stay for as long as the client lives.
    pub fn detach(mut self) {
        self.listeners = Weak::new();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(listeners) = self.listeners.upgrade() {
            let mut list = lock(&listeners.list);
            let removed = list.extract_if(.., |entry| entry.id == self.id).next();
            drop(list);
            // What the listener owns is dropped outside the lock: it may hold subscriptions.
            drop(removed);
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Listeners {
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        listener: impl Fn(&Change) + Send + Sync + 'static,
    ) -> Subscription {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        lock(&self.list).push(Entry { id, listener: Arc::new(listener), pending: None });
        Subscription { id, listeners: Arc::downgrade(self) }
    }

    /// Notes a change; those who listen now hear of it soon.
    pub(crate) fn changed(&self, change: &Change) {
        for entry in lock(&self.list).iter_mut() {
            entry.pending = Some(match entry.pending.take() {
                Some(earlier) => merged(earlier, change),
                None => change.clone(),
            });
        }
        self.wake.notify_one();
    }

    /// Calls listeners for as long as it is polled.
    pub(crate) async fn run(self: &Arc<Self>) {
        loop {
            self.wake.notified().await;
            let listeners = Arc::clone(self);
            let calls = spawn_blocking(move || listeners.call());
            if let Err(error) = calls.await {
                tracing::warn!(%error, "change listeners were not called");
            }
        }
    }

    /// Calls the listeners that have something to hear.
    pub(crate) fn call(&self) {
        let due: Vec<_> = lock(&self.list)
            .iter_mut()
            .filter_map(|entry| Some((Arc::clone(&entry.listener), entry.pending.take()?)))
            .collect();
        for (listener, change) in due {
            // A listener is the service's code; its panic must not stop the others or later swaps.
            if catch_unwind(AssertUnwindSafe(|| listener(&change))).is_err() {
                tracing::error!(revision = change.revision, "a change listener panicked");
            }
        }
    }
}

fn merged(earlier: Change, later: &Change) -> Change {
    let changed = earlier.changed.into_iter().chain(later.changed.iter().cloned());
    let changed: BTreeSet<String> = changed.collect();
    Change { changed: changed.into_iter().collect(), ..later.clone() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    fn change(revision: u64, changed: &[&str]) -> Change {
        Change {
            revision,
            digest: format!("d{revision}"),
            changed: changed.iter().map(|key| (*key).to_owned()).collect(),
        }
    }

    #[tokio::test]
    async fn changes_during_a_call_are_merged() {
        let listeners = Arc::new(Listeners::default());
        let (heard_in, heard) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let subscription = listeners.subscribe(move |change| {
            heard_in.send(change.clone()).unwrap();
            wait.lock().unwrap().recv_timeout(LONG).unwrap();
        });
        let running = Arc::clone(&listeners);
        let running = tokio::spawn(async move { running.run().await });

        let heard = tokio::task::spawn_blocking(move || {
            listeners.changed(&change(1, &["a"]));
            let first = heard.recv_timeout(LONG).unwrap();
            listeners.changed(&change(2, &["b", "c"]));
            listeners.changed(&change(3, &["a", "b"]));
            go.send(()).unwrap();
            go.send(()).unwrap();
            let second = heard.recv_timeout(LONG).unwrap();
            drop(subscription);
            (first, second)
        });
        assert_eq!(heard.await.unwrap(), (change(1, &["a"]), change(3, &["a", "b", "c"])));
        running.abort();
    }

    #[test]
    fn a_panic_in_one_listener_does_not_reach_the_others() {
        let listeners = Arc::new(Listeners::default());
        let (sender, heard) = mpsc::channel();
        listeners.subscribe(|_| panic!("expected by this test")).detach();
        let kept = listeners.subscribe(move |change| sender.send(change.revision).unwrap());
        let tell = |revision| {
            listeners.changed(&change(revision, &[]));
            listeners.call();
        };
        tell(1);
        tell(2);
        drop(kept);
        tell(3);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_listener_hears_nothing_of_what_was_before_it() {
        let listeners = Arc::new(Listeners::default());
        listeners.changed(&change(1, &["a"]));
        let (sender, heard) = mpsc::channel();
        listeners.subscribe(move |change| sender.send(change.revision).unwrap()).detach();
        listeners.call();
        listeners.changed(&change(2, &["a"]));
        listeners.call();
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [2]);
    }
}
