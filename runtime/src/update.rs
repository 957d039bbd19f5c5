//! Announcement → swapped module.
//!
//! In: the newest announcement. Out: its module in the slot, and a change for the listeners. A
//! module that cannot be fetched, checked or compiled leaves the old one serving; it is tried
//! again, with back-off, for as long as nothing newer is announced.

use std::future::pending;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, sleep_until};

use crate::announcement::Announcement;
use crate::backoff::{Backoff, upper_half};
use crate::cache::First;
use crate::follow::Follow;
use crate::http::{Dictionary, Fetched, HttpError};
use crate::limits::{DICTIONARY_MIN, FREE_INTERVAL, OPTIMISE_AFTER};
use crate::load::{LoadError, Loaded, load, optimise};
use crate::simulated::{self, spawn_blocking};

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
    let mut better = Better::default();
    let first = follow.first.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut offered = Offered::default();
    if let Some(First { loaded, bytes, .. }) = first {
        offered.served(&loaded.digest, &bytes);
        better.serve(Quick::of(&loaded, &bytes));
    }
    loop {
        let announcement = newest.borrow_and_update().clone();
        let applied = follow.served.applied();
        let is_due = |newest: &Arc<Announcement>| follow.wanted.is_due(newest.revision, applied);
        let Some(announcement) = announcement.filter(is_due) else {
            backoff.reset();
            idle(follow, &mut newest, &mut better).await;
            continue;
        };
        match update(follow, &announcement, &mut newest, superseded, &mut offered).await {
            Ok(Progress::Unchanged) => superseded = false,
            Ok(Progress::Swapped(quick)) => {
                superseded = false;
                better.serve(quick);
            }
            Ok(Progress::Superseded) => superseded = true,
            Err(error) => {
                superseded = false;
                failed(follow, &announcement, &error);
                let pause = pause(follow, &error, &mut backoff);
                tokio::select! {
                    biased;
                    _ = newest.changed() => backoff.reset(),
                    () = sleep(pause) => {}
                }
            }
        }
    }
}

/// Waits for an announcement. Meanwhile better code is made of a module that stays, and old modules
/// are freed as threads let go of them.
async fn idle(follow: &Follow, newest: &mut Newest, better: &mut Better) {
    loop {
        let is_any_left = follow.served.slot.free();
        tokio::select! {
            biased;
            // The sender lives in `follow`: waiting cannot fail.
            _ = newest.changed() => return,
            () = better.step(follow) => {}
            () = sleep(FREE_INTERVAL), if is_any_left => {}
        }
    }
}

/// The making of better code: of one module at a time, whatever is announced meanwhile.
#[derive(Default)]
struct Better {
    /// What waits to become better, and until when.
    waiting: Option<(Quick, Instant)>,
    /// A compilation, which cannot be stopped.
    running: Option<JoinHandle<Result<Arc<Loaded>, LoadError>>>,
}

/// A module whose code was made quickly.
struct Quick {
    loaded: Arc<Loaded>,
    bytes: Bytes,
}

impl Quick {
    fn of(loaded: &Arc<Loaded>, bytes: &Bytes) -> Option<Self> {
        let quick = || Self { loaded: Arc::clone(loaded), bytes: bytes.clone() };
        (!loaded.is_optimised()).then(quick)
    }
}

impl Better {
    /// From now on this is what is served.
    fn serve(&mut self, quick: Option<Quick>) {
        self.waiting = quick.map(|quick| (quick, Instant::now() + OPTIMISE_AFTER));
    }

    /// Goes on, for ever when there is nothing to do. May be dropped, and goes on then where it was.
    async fn step(&mut self, follow: &Follow) {
        let running = match &mut self.running {
            Some(running) => running,
            none => {
                let Some((_, due)) = &self.waiting else { return pending().await };
                sleep_until(*due).await;
                let Some((Quick { loaded, bytes }, _)) = self.waiting.take() else { return };
                let engine = follow.engine.clone();
                none.insert(spawn_blocking(move || optimise(&engine, &loaded, &bytes)))
            }
        };
        let made = running.await;
        self.running = None;
        match made {
            // Nothing happens when another module is served by now.
            Ok(Ok(better)) => follow.served.optimised(better),
            Ok(Err(error)) => {
                tracing::error!(%error, "no better code; what there is goes on serving");
            }
            Err(error) => tracing::error!(%error, "making better code panicked"),
        }
    }
}

enum Progress {
    /// The module was served already.
    Unchanged,
    /// Another is served; what may become better of it.
    Swapped(Option<Quick>),
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
    offered: &mut Offered,
) -> Result<Progress, UpdateError> {
    if let Some(loaded) = loaded_already(follow, announcement) {
        let revision = announcement.revision;
        follow.wanted.applied(revision);
        follow.served.same(revision, loaded);
        follow.served.counters.unchanged_revisions.count();
        return Ok(Progress::Unchanged);
    }
    let started = Instant::now();
    let fetched = tokio::select! {
        biased;
        bytes = fetch(follow, announcement, offered) => bytes?,
        _ = newest.changed(), if !superseded => return Ok(Progress::Superseded),
    };
    follow.served.counters.last_fetch_ms.set(elapsed_ms(started));
    follow.served.counters.fetched_bytes.add(fetched.wire_bytes as u64);
    if fetched.is_patch {
        follow.served.counters.patches.count();
    }
    let bytes = Bytes::from(fetched.module);
    let started = Instant::now();
    let Some(loaded) = compile(follow, announcement, bytes.clone(), newest).await? else {
        return Ok(Progress::Superseded);
    };
    let compile_ms = elapsed_ms(started);
    follow.served.counters.last_compile_ms.set(compile_ms);
    follow.served.counters.compile_ms_max.raise_to(compile_ms);
    swap(follow, announcement, &loaded);
    let quick = Quick::of(&loaded, &bytes);
    offered.served(&loaded.digest, &bytes);
    if let Some(cache) = &follow.cache {
        cache.keep(announcement.revision, &announcement.digest, bytes).await;
        cache.keep_functions(&follow.engine).await;
        if let Some(anchor) = follow.trusting.anchor() {
            cache.keep_anchor(anchor).await;
        }
    }
    Ok(Progress::Swapped(quick))
}

/// The module that is served, to be offered as a dictionary for the next one.
#[derive(Default)]
struct Offered(Option<(String, Bytes)>);

impl Offered {
    fn served(&mut self, digest: &str, bytes: &Bytes) {
        let long = bytes.len() >= DICTIONARY_MIN;
        self.0 = long.then(|| (digest.to_owned(), bytes.clone()));
    }

    fn dictionary(&self) -> Option<Dictionary<'_>> {
        self.0.as_ref().map(|(digest, module)| Dictionary { digest, module })
    }
}

/// Fetches a module; what cannot be decoded is fetched again as it is, and nothing is offered from
/// then on until another module is served.
async fn fetch(
    follow: &Follow,
    announcement: &Announcement,
    offered: &mut Offered,
) -> Result<Fetched, HttpError> {
    match follow.http.module(announcement, offered.dictionary()).await {
        Err(HttpError::Transfer(error)) if offered.0.take().is_some() => {
            tracing::warn!(%error, "a patch was of no use; the whole module is fetched");
            follow.http.module(announcement, None).await
        }
        fetched => fetched,
    }
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
        biased;
        loaded = &mut loading => return Ok(Some(loaded??)),
        () = sleep(follow.options.compile_deadline) => {}
    }
    let Announcement { revision, digest, .. } = announcement;
    let deadline = follow.options.compile_deadline;
    tracing::warn!(revision, digest, ?deadline, "compiling a module outlasts its deadline");
    tokio::select! {
        biased;
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

    let now_ms = simulated::now_ms();
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

impl UpdateError {
    /// May the announcement be to blame, and not the way to the server?
    fn is_of_announcement(&self) -> bool {
        match self {
            Self::Fetch(error) => matches!(
                error,
                HttpError::Status(_)
                    | HttpError::TooLarge(_)
                    | HttpError::Address(_)
                    | HttpError::Transfer(_)
            ),
            Self::Load(_) => true,
            Self::Panic(_) => false,
        }
    }
}

fn failed(follow: &Follow, announcement: &Announcement, error: &UpdateError) {
    if error.is_of_announcement() {
        follow.wanted.doubt(announcement.revision);
        follow.poll_once.notify_one();
    }
    follow.served.counters.failed_loads.count();
    follow.served.health.load(true);
    follow.served.kept_from(format!("revision {}: {error}", announcement.revision));
    let Announcement { revision, digest, .. } = announcement;
    tracing::error!(
        environment = follow.served.environment, revision, digest, %error,
        "announced module refused; the one before goes on serving"
    );
}

fn pause(follow: &Follow, error: &UpdateError, backoff: &mut Backoff) -> std::time::Duration {
    let rng = &mut *follow.chance();
    match error {
        UpdateError::Fetch(HttpError::Refused(_)) => upper_half(follow.options.refused_retry, rng),
        UpdateError::Fetch(error) => error.retry_after().unwrap_or_default() + backoff.pause(rng),
        _ => backoff.pause(rng),
    }
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
