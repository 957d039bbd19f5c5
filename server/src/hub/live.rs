//! A project in memory: its state, whose turn it is to write, its publishers.
//!
//! In: states after appends. Out: snapshots for readers, candidates for publishers. The state is
//! replaced as a whole: a reader holds what was true at one revision and never waits for a writer.

use std::collections::BTreeMap;
use std::mem::Discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use tokio::sync::watch;
use vexil_compiler::flag_set::FlagSet;

use crate::log::event::Revision;
use crate::log::store::AppendError;
use crate::projection::State;
use crate::publish::modules::Compiled;
use crate::publish::publisher::{Candidate, Press, Published, Publisher};

/// A project in memory.
pub struct Live {
    /// Whose turn it is to write. Held while a command is decided, appended and applied.
    pub turn: tokio::sync::Mutex<Turn>,
    state: RwLock<Arc<State>>,
    publishers: Mutex<BTreeMap<String, Publisher>>,
    press: Arc<Press>,
}

/// What only the one who writes may know.
#[derive(Debug, Default)]
pub struct Turn {
    /// The store may hold events that the state does not.
    pub behind: bool,
    /// The newest checkpoint.
    pub checkpoint: Revision,
    /// How the last append failed, if it did: the log tells it once, not with every request.
    pub failing: Option<Discriminant<AppendError>>,
}

/// An environment's flags, ready to be published.
#[derive(Clone, Debug)]
pub struct Ready {
    /// The environment.
    pub environment: String,
    /// Its flags.
    pub flag_set: Arc<FlagSet>,
    /// Their module, if it has been compiled.
    pub module: Option<Compiled>,
}

impl Ready {
    /// Every environment of a project, not compiled yet.
    #[must_use]
    pub fn all(state: &State) -> Vec<Self> {
        let ready = |environment: &String| {
            let flag_set = Arc::new(state.project.flag_set(environment)?);
            Some(Self { environment: environment.clone(), flag_set, module: None })
        };
        state.project.environments.iter().filter_map(ready).collect()
    }
}

impl Live {
    /// A project as the log has it; nothing of it is published yet.
    #[must_use]
    pub fn new(state: State, checkpoint: Revision, press: Arc<Press>) -> Self {
        Self {
            turn: tokio::sync::Mutex::new(Turn { checkpoint, ..Turn::default() }),
            state: RwLock::new(Arc::new(state)),
            publishers: Mutex::default(),
            press,
        }
    }

    /// The project as it is now.
    #[must_use]
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the state, and publishes the environments that are `ready` at it.
    pub fn advance(&self, state: State, ready: Vec<Ready>) {
        let state = Arc::new(state);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&state);
        self.publish(&state, ready);
    }

    /// Publishes every environment as it is now.
    pub fn publish_all(&self) {
        let state = self.state();
        self.publish(&state, Ready::all(&state));
    }

    fn publish(&self, state: &State, ready: Vec<Ready>) {
        let committed = Instant::now();
        let mut publishers = self.publishers();
        // A revert may take environments away; with its publisher an environment's streams end.
        publishers.retain(|name, _| state.project.environments.contains(name));
        for Ready { environment, flag_set, module } in ready {
            let publisher = publishers.entry(environment).or_insert_with_key(|environment| {
                Publisher::start(&state.key, environment, Arc::clone(&self.press))
            });
            publisher.publish(Candidate {
                revision: state.revision,
                committed_at_ms: state.time_ms,
                committed,
                flag_set,
                module,
            });
        }
    }

    /// What is announced of an environment; `None` when there is no such environment.
    #[must_use]
    pub fn published(&self, environment: &str) -> Option<watch::Receiver<Published>> {
        self.publishers().get(environment).map(Publisher::published)
    }

    /// What is announced of each environment now.
    #[must_use]
    pub fn all_published(&self) -> Vec<(String, Published)> {
        let publishers = self.publishers();
        let now = |publisher: &Publisher| publisher.published().borrow().clone();
        publishers.iter().map(|(name, publisher)| (name.clone(), now(publisher))).collect()
    }

    fn publishers(&self) -> MutexGuard<'_, BTreeMap<String, Publisher>> {
        // A publisher is put in whole or not at all.
        self.publishers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
