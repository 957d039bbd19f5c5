//! Counters of a client.
//!
//! In: what happened. Out: [`Metrics`], a snapshot. Counting is one relaxed atomic addition; the
//! evaluation path counts failures only.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a client has done since it was built; a snapshot.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Metrics {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The live counters behind [`Metrics`].
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl Counters {
            pub(crate) fn snapshot(&self) -> Metrics {
                Metrics { $($name: self.$name.get(),)* }
            }
        }
    };
}

counters! {
    /// Modules swapped in.
    swaps,
    /// Large modules of which better code was made while they were served.
    optimised,
    /// Announcements that moved only the revision: the digest was the one already loaded.
    unchanged_revisions,
    /// Modules that were fetched as what differs from the one before.
    patches,
    /// Bytes of modules that were fetched, as they came.
    fetched_bytes,
    /// Attempts to fetch, check or compile an announced module that failed.
    failed_loads,
    /// Announcements received that were newer than anything before.
    announcements,
    /// Announcements received whose revision was older than one already seen.
    older_announcements,
    /// Event streams opened.
    stream_connects,
    /// Attempts to open the event stream that failed, and streams that ended before a frame.
    stream_failures,
    /// Times that the stream was silent for too long.
    stream_silences,
    /// Announcements that could not be read, from the stream or a poll.
    malformed_announcements,
    /// Announcements that were not signed by whom the client trusts, or not as they read.
    untrusted_announcements,
    /// Polls of the head.
    polls,
    /// Polls that failed.
    poll_failures,
    /// Evaluations that failed in the guest: traps, and verdicts out of range.
    guest_failures,
    /// Milliseconds between the commit of the newest event and the swap, for the last swap.
    last_lag_ms,
    /// The largest of them.
    lag_ms_max,
    /// Milliseconds that fetching the last module took.
    last_fetch_ms,
    /// Milliseconds that checking and compiling the last module took.
    last_compile_ms,
    /// The largest of them.
    compile_ms_max,
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more; returns how many that makes.
    pub(crate) fn count(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn raise_to(&self, value: u64) {
        self.0.fetch_max(value, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
