//! A project in memory: its state, whose turn it is to write, its publishers.
//!
//! In: states after appends. Out: snapshots for readers, candidates for publishers. The state is
//! replaced as a whole: a reader holds what was true at one revision and never waits for a writer.

use std::collections::BTreeMap;
use std::mem::Discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use tokio::sync::watch;
use vexil_compiler::Audience;
use vexil_compiler::flag_set::FlagSet;

use crate::log::event::Revision;
use crate::log::store::AppendError;
use crate::projection::State;
use crate::publish::modules::{Compiled, Owner};
use crate::publish::publisher::{Candidate, Press, Published, Publisher};
use crate::telemetry::memory::written_bytes;
use crate::trace::Cause;

/// A project in memory.
pub struct Live {
    /// Whose turn it is to write. Held while a command is decided, appended and applied.
    pub turn: tokio::sync::Mutex<Turn>,
    /// Held while its old events are archived.
    pub archiving: tokio::sync::Mutex<()>,
    state: RwLock<Arc<State>>,
    /// Why nothing may be written: the log goes on with what this version does not know.
    frozen: Option<String>,
    /// Bytes of the state when it is written out, and at which revision that was looked at.
    written: Mutex<(Revision, u64)>,
    publishers: Mutex<BTreeMap<(String, Audience), Publisher>>,
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
    pub fn new(
        state: State,
        checkpoint: Revision,
        frozen: Option<String>,
        press: Arc<Press>,
    ) -> Self {
        Self {
            frozen,
            turn: tokio::sync::Mutex::new(Turn { checkpoint, ..Turn::default() }),
            archiving: tokio::sync::Mutex::default(),
            state: RwLock::new(Arc::new(state)),
            written: Mutex::default(),
            publishers: Mutex::default(),
            press,
        }
    }

    /// Why nothing may be written, if nothing may.
    #[must_use]
    pub fn frozen(&self) -> Option<&str> {
        self.frozen.as_deref()
    }

    /// The project as it is now.
    #[must_use]
    pub fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes of the state when it is written out. Looks at all of it, once for each revision.
    #[must_use]
    pub fn written_bytes(&self) -> u64 {
        let state = self.state();
        // A pair is replaced as a whole.
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.0 != state.revision {
            *written = (state.revision, written_bytes(&state));
        }
        written.1
    }

    /// Replaces the state, and publishes the environments that are `ready` at it, by whom or what.
    pub fn advance(&self, state: State, ready: Vec<Ready>, cause: &Cause) {
        let state = Arc::new(state);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&state);
        self.publish(&state, ready, cause);
    }

    /// Publishes every environment as it is now.
    pub fn publish_all(&self) {
        let state = self.state();
        self.publish(&state, Ready::all(&state), &Cause::default());
    }

    fn publish(&self, state: &State, ready: Vec<Ready>, cause: &Cause) {
        let committed = Instant::now();
        let mut publishers = self.publishers();
        // A revert may take environments away; with its publisher an environment's streams end.
        publishers.retain(|(name, _), _| state.project.environments.contains(name));
        for Ready { environment, flag_set, module } in ready {
            let candidate = |module| Candidate {
                revision: state.revision,
                log_head: state.hash,
                committed_at_ms: state.time_ms,
                committed,
                flag_set: Arc::clone(&flag_set),
                module,
                cause: cause.clone(),
            };
            let place = (environment, Audience::Browser);
            if let Some(publisher) = publishers.get(&place) {
                publisher.publish(candidate(None));
            }
            let publisher = publishers
                .entry((place.0, Audience::Server))
                .or_insert_with_key(|place| self.publisher(&state.key, place));
            publisher.publish(candidate(module));
        }
    }

    fn publisher(&self, project: &str, (environment, audience): &(String, Audience)) -> Publisher {
        let (project, environment) = (project.to_owned(), environment.clone());
        let owner = Owner { project, environment, audience: *audience };
        Publisher::start(owner, Arc::clone(&self.press))
    }

    /// What is announced of an environment to an audience; `None` when there is no such
    /// environment. What browsers are told is compiled from the first time on that one asks.
    #[must_use]
    pub fn published(
        &self,
        environment: &str,
        audience: Audience,
    ) -> Option<watch::Receiver<Published>> {
        let mut publishers = self.publishers();
        let place = (environment.to_owned(), audience);
        if let Some(publisher) = publishers.get(&place) {
            return Some(publisher.published());
        }
        if audience == Audience::Server {
            return None;
        }
        // Under the lock: what is appended from now on finds this publisher.
        let state = self.state();
        let flag_set = Arc::new(state.project.flag_set(environment)?);
        let publisher = self.publisher(&state.key, &place);
        publisher.publish(Candidate {
            revision: state.revision,
            log_head: state.hash,
            committed_at_ms: state.time_ms,
            committed: Instant::now(),
            flag_set,
            module: None,
            cause: Cause::default(),
        });
        let published = publisher.published();
        publishers.insert(place, publisher);
        Some(published)
    }

    /// What is announced of each environment now, and to whom.
    #[must_use]
    pub fn all_published(&self) -> Vec<(String, Audience, Published)> {
        let publishers = self.publishers();
        let now = |publisher: &Publisher| publisher.published().borrow().clone();
        let each = publishers.iter();
        each.map(|((name, audience), publisher)| (name.clone(), *audience, now(publisher)))
            .collect()
    }

    fn publishers(&self) -> MutexGuard<'_, BTreeMap<(String, Audience), Publisher>> {
        // A publisher is put in whole or not at all.
        self.publishers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
