//! Announcement → swapped module.
//!
//! In: the newest announcement. Out: its module in the slot, and a change for the listeners. A
//! module that cannot be fetched, checked or compiled leaves the old one serving; it is tried
//! again, with back-off, for as long as nothing newer is announced.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::sleep;

use crate::announcement::Announcement;
use crate::backoff::{Backoff, upper_half};
use crate::changes::compare;
use crate::clock;
use crate::follow::Follow;
use crate::http::HttpError;
use crate::listener::Change;
use crate::load::{LoadError, Loaded, load};
use crate::slot::Serving;

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
        let applied = follow.slot.serving().as_ref().map_or(0, |serving| serving.revision);
        let Some(announcement) = announcement.filter(|newest| newest.revision > applied) else {
            backoff.reset();
            // The sender lives in `follow`: waiting cannot fail.
            let _ = newest.changed().await;
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
        let loaded_at_ms = clock::now_ms();
        follow.slot.swap(Serving { revision, loaded, loaded_at_ms });
        follow.counters.unchanged_revisions.count();
        return Ok(Progress::Applied);
    }
    let started = Instant::now();
    let bytes = tokio::select! {
        bytes = follow.http.module(announcement) => bytes?,
        _ = newest.changed(), if !superseded => return Ok(Progress::Superseded),
    };
    follow.counters.last_fetch_ms.set(elapsed_ms(started));
    let started = Instant::now();
    let Some(loaded) = compile(follow, announcement, bytes, newest).await? else {
        return Ok(Progress::Superseded);
    };
    let compile_ms = elapsed_ms(started);
    follow.counters.last_compile_ms.set(compile_ms);
    follow.counters.compile_ms_max.raise_to(compile_ms);
    swap(follow, announcement, loaded);
    Ok(Progress::Applied)
}

/// Loads a module on a blocking thread; `None` when it was abandoned for a newer announcement.
///
/// A compilation cannot be stopped, so its result is waited for; only one that outlasts its
/// deadline gives way, and its thread then ends unheard.
async fn compile(
    follow: &Follow,
    announcement: &Announcement,
    bytes: Vec<u8>,
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
    let serving = follow.slot.serving();
    let loaded = &serving.as_ref()?.loaded;
    (loaded.digest == announcement.digest).then(|| Arc::clone(loaded))
}

fn swap(follow: &Follow, announcement: &Announcement, loaded: Arc<Loaded>) {
    let revision = announcement.revision;
    let old = follow.slot.serving().as_ref().map(|old| Arc::clone(&old.loaded));
    let now_ms = clock::now_ms();
    follow.slot.swap(Serving { revision, loaded: Arc::clone(&loaded), loaded_at_ms: now_ms });
    follow.health.load(false);
    follow.serving.send_replace(true);

    let committed_ms = announcement.committed_at_ms.unwrap_or(now_ms);
    let lag_ms = u64::try_from(now_ms.saturating_sub(committed_ms)).unwrap_or(0);
    follow.counters.swaps.count();
    follow.counters.last_lag_ms.set(lag_ms);
    follow.counters.lag_ms_max.raise_to(lag_ms);
    tracing::info!(
        environment = follow.environment,
        revision,
        digest = loaded.digest,
        lag_ms,
        "module swapped in"
    );

    let known = follow.wanted.applied(revision);
    let changed = match &old {
        None => loaded.manifest.flags.iter().map(|row| row.key.clone()).collect(),
        Some(old) => known.unwrap_or_else(|| compare(&old.manifest, &loaded.manifest)),
    };
    let changed = changed.into_iter().collect();
    follow.listeners.changed(&Change { revision, digest: loaded.digest.clone(), changed });
}

fn failed(follow: &Follow, announcement: &Announcement, error: &UpdateError) {
    follow.counters.failed_loads.count();
    follow.health.load(true);
    let Announcement { revision, digest, .. } = announcement;
    tracing::error!(
        environment = follow.environment, revision, digest, %error,
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
