//! Old module → new module: the holder of what a client evaluates.
//!
//! In: loaded modules, from one writer. Out: the newest, to any number of threads, without a lock.
//! A swap never waits for evaluations: those under way finish on the module they began with. An
//! old module is freed when its last user lets go (see `threads`).

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use crate::load::Loaded;

/// What is being served.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) revision: u64,
    pub(crate) loaded: Arc<Loaded>,
    /// When the module was swapped in, in milliseconds since the Unix epoch.
    pub(crate) loaded_at_ms: i64,
}

/// Holds the current module.
#[derive(Debug, Default)]
pub(crate) struct Slot(ArcSwapOption<Serving>);

impl Slot {
    pub(crate) fn serving(&self) -> Guard<Option<Arc<Serving>>> {
        self.0.load()
    }

    pub(crate) fn swap(&self, serving: Serving) {
        self.0.store(Some(Arc::new(serving)));
    }
}
