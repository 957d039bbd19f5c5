//! Announcement → swapped module.
//!
//! In: the newest announcement. Out: its module in the slot, and a change for the listeners. A
//! module that cannot be fetched, checked or compiled leaves the old one serving; it is tried
//! again, with back-off, for as long as nothing newer is announced.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::sleep;

use crate::announcement::Announcement;
use crate::backoff::{Backoff, upper_half};
use crate::clock;
use crate::follow::Follow;
use crate::http::HttpError;
use crate::limits::FREE_INTERVAL;
use crate::load::{LoadError, Loaded, load};

#[derive(Debug, thiserror::Error)]
enum UpdateError {
    #[error("the module could not be fetched: {0}")]
    Fetch(#[from] HttpError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("loading panicked: {0}")]
    Panic(#[from] JoinError),
}

type Newest = watch::Receiver<Option<Arc<Announcement>>>;

/// Loads what is announced, for ever.
pub(crate) async fn run(follow: &Follow) {
    let mut newest = follow.wanted.subscribe();
    let mut backoff = Backoff::new(&follow.options);
    let mut superseded = false;
    loop {
        let announcement = newest.borrow_and_update().clone();
        let applied = follow.served.applied();
        let Some(announcement) = announcement.filter(|newest| newest.revision > applied) else {
            backoff.reset();
            idle(follow, &mut newest).await;
            continue;
        };
        match update(follow, &announcement, &mut newest, superseded).await {
            Ok(Progress::Applied) => superseded = false,
            Ok(Progress::Superseded) => superseded = true,
            Err(error) => {
                superseded = false;
                failed(follow, &announcement, &error);
                tokio::select! {
                    () = sleep(pause(follow, &error, &mut backoff)) => {}
                    _ = newest.changed() => backoff.reset(),
                }
            }
        }
    }
}

/// Waits for an announcement, and frees old modules as threads let go of them.
async fn idle(follow: &Follow, newest: &mut Newest) {
    while follow.served.slot.free() {
        tokio::select! {
            () = sleep(FREE_INTERVAL) => {}
            _ = newest.changed() => return,
        }
    }
    // The sender lives in `follow`: waiting cannot fail.
    let _ = newest.changed().await;
}

enum Progress {
    Applied,
    /// A newer announcement came while the module was being fetched.
    Superseded,
}

/// Brings one announcement into the slot.
///
/// A newer one ends the fetch, but never two fetches in a row: however quick announcements come,
/// every second one at least is applied.
async fn update(
    follow: &Follow,
    announcement: &Announcement,
    newest: &mut Newest,
    superseded: bool,
) -> Result<Progress, UpdateError> {
    if let Some(loaded) = loaded_already(follow, announcement) {
        let revision = announcement.revision;
        follow.wanted.applied(revision);
        follow.served.same(revision, loaded);
        follow.served.counters.unchanged_revisions.count();
        return Ok(Progress::Applied);
    }
    let started = Instant::now();
    let bytes = tokio::select! {
        bytes = follow.http.module(announcement) => bytes?,
        _ = newest.changed(), if !superseded => return Ok(Progress::Superseded),
    };
    follow.served.counters.last_fetch_ms.set(elapsed_ms(started));
    let bytes = Bytes::from(bytes);
    let started = Instant::now();
    let Some(loaded) = compile(follow, announcement, bytes.clone(), newest).await? else {
        return Ok(Progress::Superseded);
    };
    let compile_ms = elapsed_ms(started);
    follow.served.counters.last_compile_ms.set(compile_ms);
    follow.served.counters.compile_ms_max.raise_to(compile_ms);
    swap(follow, announcement, &loaded);
    if let Some(cache) = &follow.cache {
        cache.keep(announcement.revision, &announcement.digest, bytes).await;
    }
    Ok(Progress::Applied)
}

/// Loads a module on a blocking thread; `None` when it was abandoned for a newer announcement.
///
/// A compilation cannot be stopped, so its result is waited for; only one that outlasts its
/// deadline gives way, and its thread then ends unheard.
async fn compile(
    follow: &Follow,
    announcement: &Announcement,
    bytes: Bytes,
    newest: &mut Newest,
) -> Result<Option<Arc<Loaded>>, UpdateError> {
    let (engine, digest) = (follow.engine.clone(), announcement.digest.clone());
    let mut loading = spawn_blocking(move || load(&engine, &bytes, Some(&digest)));
    tokio::select! {
        loaded = &mut loading => return Ok(Some(loaded??)),
        () = sleep(follow.options.compile_deadline) => {}
    }
    let Announcement { revision, digest, .. } = announcement;
    let deadline = follow.options.compile_deadline;
    tracing::warn!(revision, digest, ?deadline, "compiling a module outlasts its deadline");
    tokio::select! {
        loaded = loading => Ok(Some(loaded??)),
        _ = newest.changed() => Ok(None),
    }
}

/// The module being served, if it is the announced one.
fn loaded_already(follow: &Follow, announcement: &Announcement) -> Option<Arc<Loaded>> {
    let serving = follow.served.slot.serving();
    let loaded = &serving.as_ref()?.loaded;
    (loaded.digest == announcement.digest).then(|| Arc::clone(loaded))
}

fn swap(follow: &Follow, announcement: &Announcement, loaded: &Arc<Loaded>) {
    let revision = announcement.revision;
    let served = &follow.served;
    served.swap(revision, loaded, || {
        follow.wanted.applied(revision).map(|known| known.into_iter().collect())
    });
    served.health.load(false);

    let now_ms = clock::now_ms();
    let committed_ms = announcement.committed_at_ms.unwrap_or(now_ms);
    let lag_ms = u64::try_from(now_ms.saturating_sub(committed_ms)).unwrap_or(0);
    served.counters.last_lag_ms.set(lag_ms);
    served.counters.lag_ms_max.raise_to(lag_ms);
    tracing::info!(
        environment = served.environment,
        revision,
        digest = loaded.digest,
        lag_ms,
        "module swapped in"
    );
}

fn failed(follow: &Follow, announcement: &Announcement, error: &UpdateError) {
    follow.served.counters.failed_loads.count();
    follow.served.health.load(true);
    let Announcement { revision, digest, .. } = announcement;
    tracing::error!(
        environment = follow.served.environment, revision, digest, %error,
        "announced module refused; the one before goes on serving"
    );
}

fn pause(follow: &Follow, error: &UpdateError, backoff: &mut Backoff) -> std::time::Duration {
    let rng = &mut rand::rng();
    match error {
        UpdateError::Fetch(HttpError::Refused(_)) => upper_half(follow.options.refused_retry, rng),
        UpdateError::Fetch(error) => error.retry_after().unwrap_or_default() + backoff.pause(rng),
        _ => backoff.pause(rng),
    }
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
