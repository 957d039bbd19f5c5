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

use super::selections::{NoRoom, Selections};
use crate::log::event::Revision;
use crate::log::store::AppendError;
use crate::projection::State;
use crate::publish::modules::{Compiled, Owner};
use crate::publish::publisher::{Candidate, Press, Published, Publisher};
use crate::publish::selection::Selection;
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
    publishers: Mutex<Publishers>,
    press: Arc<Press>,
}

/// Whatever is published of a project.
#[derive(Debug, Default)]
struct Publishers {
    whole: BTreeMap<(String, Audience), Publisher>,
    selected: Selections,
}

/// What is announced of an environment, and to whom.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The environment.
    pub environment: String,
    /// For whom.
    pub audience: Audience,
    /// Of which flags; `None`: of all.
    pub selection: Option<Arc<Selection>>,
    /// What its publisher has come to.
    pub published: Published,
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
        let is_there = |name: &str| state.project.environments.iter().any(|known| known == name);
        publishers.whole.retain(|(name, _), _| is_there(name));
        publishers.selected.retain(is_there);
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
            for (name, _, _, publisher) in publishers.selected.iter() {
                if name == environment {
                    publisher.publish(candidate(None));
                }
            }
            let place = (environment, Audience::Browser);
            if let Some(publisher) = publishers.whole.get(&place) {
                publisher.publish(candidate(None));
            }
            let publisher = publishers.whole.entry((place.0, Audience::Server)).or_insert_with_key(
                |(name, audience)| self.publisher(&state.key, name, *audience, None),
            );
            publisher.publish(candidate(module));
        }
    }

    fn publisher(
        &self,
        project: &str,
        environment: &str,
        audience: Audience,
        selection: Option<Arc<Selection>>,
    ) -> Publisher {
        let (project, environment) = (project.to_owned(), environment.to_owned());
        let owner = Owner { project, environment, audience, selection };
        Publisher::start(owner, Arc::clone(&self.press))
    }

    /// A publisher of an environment as it is now; `None` when there is no such environment. To be
    /// called under the lock, and kept: what is appended from then on has to find it.
    fn begin(
        &self,
        whole: &BTreeMap<(String, Audience), Publisher>,
        environment: &str,
        audience: Audience,
        selection: Option<Arc<Selection>>,
    ) -> Option<Publisher> {
        let state = self.state();
        // What services get, so that all are told the same revision, and share its flags.
        let services = whole.get(&(environment.to_owned(), Audience::Server));
        let candidate = match services.and_then(Publisher::newest) {
            Some(newest) => Candidate {
                committed: Instant::now(),
                module: None,
                cause: Cause::default(),
                ..(*newest).clone()
            },
            None => Candidate {
                revision: state.revision,
                log_head: state.hash,
                committed_at_ms: state.time_ms,
                committed: Instant::now(),
                flag_set: Arc::new(state.project.flag_set(environment)?),
                module: None,
                cause: Cause::default(),
            },
        };
        let publisher = self.publisher(&state.key, environment, audience, selection);
        publisher.publish(candidate);
        Some(publisher)
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
        if let Some(publisher) = publishers.whole.get(&place) {
            return Some(publisher.published());
        }
        if audience == Audience::Server {
            return None;
        }
        let publisher = self.begin(&publishers.whole, environment, audience, None)?;
        let published = publisher.published();
        publishers.whole.insert(place, publisher);
        Some(published)
    }

    /// What is announced of some flags of an environment; `None` when there is no such environment.
    /// It is compiled from the first time on that somebody asks, until nobody has for a while.
    ///
    /// # Errors
    /// There is no room for one more selection.
    pub fn selected(
        &self,
        environment: &str,
        audience: Audience,
        selection: Selection,
        now: Instant,
    ) -> Result<Option<watch::Receiver<Published>>, NoRoom> {
        let selection = Arc::new(selection);
        let mut publishers = self.publishers();
        let Publishers { whole, selected } = &mut *publishers;
        if let Some(published) = selected.ask(environment, audience, &selection, now) {
            return Ok(Some(published));
        }
        if !self.state().project.environments.iter().any(|name| name == environment) {
            return Ok(None);
        }
        let room = selected.room(environment, audience, &self.press.places, now)?;
        let publisher = self.begin(whole, environment, audience, Some(Arc::clone(&selection)));
        let Some(publisher) = publisher else { return Ok(None) };
        let published = publisher.published();
        selected.keep(environment, audience, selection, publisher, (now, room));
        Ok(Some(published))
    }

    /// What services are told of a selection, if it is published, which this does not begin.
    #[must_use]
    pub fn known(
        &self,
        environment: &str,
        selection: Selection,
    ) -> Option<(Arc<Selection>, Published)> {
        self.publishers().selected.known(environment, Audience::Server, selection)
    }

    /// Drops selections that nobody has followed for a while.
    pub fn tidy(&self, now: Instant) {
        self.publishers().selected.tidy(now);
    }

    /// What is announced of each environment now, and to whom.
    #[must_use]
    pub fn all_published(&self) -> Vec<Standing> {
        let publishers = self.publishers();
        let now = |publisher: &Publisher| publisher.published().borrow().clone();
        let whole = publishers
            .whole
            .iter()
            .map(|((name, audience), publisher)| (name.as_str(), *audience, None, publisher));
        let selected = publishers.selected.iter();
        let selected = selected.map(|(name, audience, selection, publisher)| {
            (name, audience, Some(Arc::clone(selection)), publisher)
        });
        let all = whole.chain(selected).map(|(name, audience, selection, publisher)| Standing {
            environment: name.to_owned(),
            audience,
            selection,
            published: now(publisher),
        });
        all.collect()
    }

    fn publishers(&self) -> MutexGuard<'_, Publishers> {
        // A publisher is put in whole or not at all.
        self.publishers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
