//! Old module → new module: the holder of what a client evaluates.
//!
//! In: loaded modules, from one writer. Out: the newest, to any number of threads. A swap never
//! waits for evaluations: those under way finish on the module they began with. A thread learns of
//! a swap by one relaxed load of the epoch (see `seat`).
//!
//! Nothing dear happens on a thread that evaluates: the instances it will need are made before the
//! swap, those that it no longer needs are handed back, and both they and the modules that nobody
//! uses any more are freed by the writer.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;

use crate::instance::{EvaluateError, Instance};
use crate::load::Loaded;
use crate::simulated;
use crate::usage::{Tally, Usage};

/// Names one swap of one slot, unlike any other of the process; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(pub(crate) u32);

/// What is being served.
#[derive(Debug)]
pub struct Serving {
    pub(crate) epoch: Epoch,
    pub(crate) revision: u64,
    pub(crate) loaded: Arc<Loaded>,
    /// When the module was swapped in, in milliseconds since the Unix epoch.
    pub(crate) loaded_at_ms: i64,
    /// Instances for threads that come.
    spare: Mutex<Vec<Instance>>,
    /// Instances of threads that went.
    used: Mutex<Vec<Instance>>,
    /// How many threads have come.
    taken: AtomicUsize,
    /// What threads count, if they do.
    pub(crate) tally: Option<Tally>,
}

/// Holds the current module.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    current: ArcSwapOption<Serving>,
    /// Of `current`; 0: nothing yet.
    epoch: AtomicU32,
    /// Held by who swaps: there is one at a time.
    writing: Mutex<()>,
    /// What was current before, until no thread uses it.
    retired: Mutex<Vec<Arc<Serving>>>,
    /// What was counted on modules that are freed, when evaluations are counted.
    past: Option<Mutex<Usage>>,
}

static EPOCHS: AtomicU32 = AtomicU32::new(1);

fn next_epoch() -> Epoch {
    // After four thousand million swaps of a process 0 comes again, and is left out.
    let next = || EPOCHS.fetch_add(1, Ordering::Relaxed);
    let epoch = next();
    Epoch(if epoch == 0 { next() } else { epoch })
}

fn lock<T>(list: &Mutex<Vec<T>>) -> std::sync::MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    /// A slot at which evaluations are counted.
    pub(crate) fn counting() -> Self {
        let now_ms = simulated::now_ms();
        let past = Usage { from_ms: now_ms, to_ms: now_ms, ..Usage::default() };
        Self { past: Some(Mutex::new(past)), ..Self::default() }
    }

    /// What was counted since this was last asked; `None`: nothing is counted.
    pub(crate) fn take_usage(&self) -> Option<Usage> {
        let past = self.past.as_ref()?;
        // The same order as in `free`.
        let retired = lock(&self.retired);
        let mut usage = past.lock().unwrap_or_else(PoisonError::into_inner);
        for serving in retired.iter().chain(&self.serving()) {
            serving.sum(&mut usage);
        }
        usage.to_ms = simulated::now_ms();
        let next = Usage { from_ms: usage.to_ms, to_ms: usage.to_ms, ..Usage::default() };
        Some(std::mem::replace(&mut *usage, next))
    }

    /// The epoch of what is served; `None`: nothing yet.
    #[inline]
    pub(crate) fn epoch(&self) -> Option<Epoch> {
        // Relaxed: who sees a new number goes to `current` for everything else.
        let epoch = self.epoch.load(Ordering::Relaxed);
        (epoch != 0).then_some(Epoch(epoch))
    }

    pub(crate) fn serving(&self) -> Option<Arc<Serving>> {
        self.current.load_full()
    }

    /// Serves a module from now on. For each thread that evaluates on the one before, an instance
    /// is ready when this returns.
    pub(crate) fn swap(&self, revision: u64, loaded: Arc<Loaded>, loaded_at_ms: i64) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.swap_now(revision, loaded, loaded_at_ms);
    }

    /// Serves other code of the module that is served, if that is the same module; was it?
    pub(crate) fn swap_code(&self, loaded: Arc<Loaded>) -> bool {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let serving = self.serving().filter(|serving| serving.loaded.digest == loaded.digest);
        let Some(serving) = serving else { return false };
        self.swap_now(serving.revision, loaded, serving.loaded_at_ms);
        true
    }

    fn swap_now(&self, revision: u64, loaded: Arc<Loaded>, loaded_at_ms: i64) {
        let before = self.serving();
        let same = before.as_ref().is_some_and(|before| Arc::ptr_eq(&before.loaded, &loaded));
        let threads = before.as_ref().map_or(0, |before| before.taken.load(Ordering::Relaxed));
        let spare = match same {
            // Threads keep the instances that they have.
            true => Vec::new(),
            // One that cannot be made now is tried again, and its failure told, by who needs it.
            false => (0..threads).filter_map(|_| Instance::new(&loaded).ok()).collect(),
        };
        let tally = self.past.is_some().then(|| Tally::new(&loaded.manifest));
        let serving = Arc::new(Serving {
            epoch: next_epoch(),
            revision,
            loaded,
            loaded_at_ms,
            spare: Mutex::new(spare),
            used: Mutex::default(),
            taken: AtomicUsize::new(0),
            tally,
        });
        let epoch = serving.epoch;
        self.current.store(Some(serving));
        self.epoch.store(epoch.0, Ordering::Release);
        lock(&self.retired).extend(before);
    }

    /// Frees the modules that no thread uses any more, on the calling thread; is any left?
    pub(crate) fn free(&self) -> bool {
        let mut retired = lock(&self.retired);
        let (free, left): (Vec<_>, Vec<_>) =
            retired.drain(..).partition(|it| Arc::strong_count(it) == 1);
        *retired = left;
        if let Some(past) = &self.past {
            let mut usage = past.lock().unwrap_or_else(PoisonError::into_inner);
            free.iter().for_each(|serving| serving.sum(&mut usage));
        }
        let any = !retired.is_empty();
        drop(retired);
        drop(free);
        any
    }
}

impl Serving {
    fn sum(&self, usage: &mut Usage) {
        if let Some(tally) = &self.tally {
            tally.sum(&self.loaded.manifest, usage);
        }
    }

    /// An instance for a thread that comes.
    pub(crate) fn take(&self) -> Result<Instance, EvaluateError> {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let spare = lock(&self.spare).pop();
        spare.map_or_else(|| Instance::new(&self.loaded), Ok)
    }

    /// A thread that had an instance of the same module comes.
    pub(crate) fn keep(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes an instance back; it is freed with the module.
    pub(crate) fn give_back(&self, instance: Instance) {
        lock(&self.used).push(instance);
    }
}
