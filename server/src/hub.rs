//! The hub: all projects of a server, and the one way to change them.
//!
//! In: a store; then commands. Out: states, announcements, modules, the past. Every call is safe to
//! drop half-way: a command that has begun is finished whether or not its caller still listens.
//! Nothing here blocks the runtime's threads: the store and the compiler have their own.

mod execute;

mod prepare;

mod archive;

mod repeat;

pub mod selections;

pub mod live;

pub mod lookup;

pub mod error;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tracing::Instrument as _;
use uuid::Uuid;
use vexil_runtime::simulated::spawn_blocking;

use crate::command::{Command, Refusal, Step};
use crate::limits::{MODULES_LOOKED_UP, PAST_PARALLEL, SIGN_AGAIN, WRITES_MAX};
use crate::log::event::{Event, Hash, Revision, Via};
use crate::log::store::{AppendError, Store};
use crate::log::verify::{Verification, verify_newest};
use crate::projection::rebuild::rebuild;
use crate::projection::{ProjectionError, State, checkpoint};
use crate::publish::compiling::Compilers;
use crate::publish::encoding::Encodings;
use crate::publish::modules::{Modules, Shelf};
use crate::publish::publisher::Press;
use crate::publish::sabotage::Sabotage;
use crate::publish::selection::Places;
use crate::publish::sign::Signer;
use crate::telemetry::{Telemetry, Written};
pub use archive::When;
use error::ExecuteError;
use live::Live;

/// All projects of a server.
pub struct Hub {
    store: Arc<dyn Store>,
    projects: RwLock<BTreeMap<String, Arc<Live>>>,
    /// Held while a project comes to be, so that none comes to be twice.
    creation: tokio::sync::Mutex<()>,
    press: Arc<Press>,
    /// How many of the newest events of a project stay in the database; `None`: all.
    keep_events: Option<u64>,
    looked_up: Mutex<Shelf>,
    writes: Semaphore,
    past: Semaphore,
}

/// Who asks, and under which conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub actor: String,
    /// Why.
    pub comment: Option<String>,
    /// The id of the append, where the caller gives one.
    pub id: Option<Uuid>,
    /// A fingerprint of what is asked: the id with another one is refused.
    pub request: Hash,
    /// The revision that the caller has seen.
    pub expected: Option<Revision>,
    /// From where.
    pub via: Via,
}

/// Whether a command is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is.
    Do,
    /// It is only checked; nothing is appended.
    Try,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The project's revision after it.
    pub revision: Revision,
    /// It had been carried out before, under the same id.
    pub repeated: bool,
    /// What was appended.
    pub events: Vec<Event>,
    /// What it does, for people.
    pub plan: Vec<Step>,
}

/// Why a hub could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] crate::log::store::StoreError),
    /// A log was edited, or has lost events.
    #[error("the log of project `{project}` is not as it was written: {message}")]
    Broken {
        /// Which project.
        project: String,
        /// The first fault.
        message: String,
    },
    /// A log could not be projected.
    #[error("the log of project `{project}` cannot be projected")]
    Projection {
        /// Which project.
        project: String,
        /// Why.
        source: crate::projection::ProjectionError,
    },
}

impl Hub {
    /// Opens all projects of a store. Nothing is published before [`Hub::publish_all`]. This call
    /// blocks while it replays the logs. `sabotage` is for tests.
    ///
    /// # Errors
    /// The store cannot be read, or a log in it is broken or not known to this version.
    pub fn open(
        store: Arc<dyn Store>,
        telemetry: Arc<Telemetry>,
        pause: Duration,
        signer: Signer,
        keep_events: Option<u64>,
        sabotage: Option<Sabotage>,
    ) -> Result<Self, OpenError> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let compilers = Compilers::new(threads, Arc::clone(&telemetry), sabotage);
        let modules = Modules::default();
        let sign_again = SIGN_AGAIN;
        let encodings = Encodings::default();
        let places = Places::default();
        let press =
            Press { compilers, modules, encodings, places, signer, telemetry, pause, sign_again };
        let press = Arc::new(press);
        let mut projects = BTreeMap::new();
        let projects_kept = store.projects()?.into_iter();
        for (key, _) in projects_kept.filter(|(key, _)| !crate::access::is_reserved(key)) {
            let live = open_project(&*store, &key, &press)?;
            projects.insert(key, Arc::new(live));
        }
        Ok(Self {
            store,
            projects: RwLock::new(projects),
            creation: tokio::sync::Mutex::default(),
            press,
            keep_events,
            looked_up: Mutex::new(Shelf::new(MODULES_LOOKED_UP)),
            writes: Semaphore::new(WRITES_MAX),
            past: Semaphore::new(PAST_PARALLEL),
        })
    }

    /// Begins to publish every environment of every project.
    pub fn publish_all(&self) {
        self.projects().iter().for_each(|(_, live)| live.publish_all());
    }

    /// Carries out a command, or tries it.
    ///
    /// # Errors
    /// See [`ExecuteError`]; nothing was appended unless it says that it is not known.
    pub async fn execute(
        self: &Arc<Self>,
        project: &str,
        command: Command,
        caller: Caller,
        mode: Mode,
    ) -> Result<Outcome, ExecuteError> {
        let started = Instant::now();
        let (hub, project, name) = (Arc::clone(self), project.to_owned(), project);
        // A task of its own: a caller who goes away must not leave an append without its state.
        let task = async move {
            let _place = hub.writes.try_acquire().map_err(|_| ExecuteError::Busy)?;
            hub.find_and_execute(&project, command, caller, mode).await
        };
        let span = tracing::debug_span!("command", project = name);
        let task = tokio::spawn(task.instrument(span));
        let broken = |_| Err(ExecuteError::Broken("a command broke off"));
        let result = task.await.unwrap_or_else(broken);
        self.telemetry().command(written(&result), started.elapsed());
        result
    }

    async fn find_and_execute(
        self: &Arc<Self>,
        project: &str,
        command: Command,
        caller: Caller,
        mode: Mode,
    ) -> Result<Outcome, ExecuteError> {
        if let Some(live) = self.live(project) {
            return execute::execute(self, &live, command, caller, mode).await;
        }
        if !matches!(command, Command::CreateProject { .. } | Command::Apply { .. }) {
            return Err(Refusal::UnknownProject(project.to_owned()).into());
        }
        let _creation = self.creation.lock().await;
        if let Some(live) = self.live(project) {
            return execute::execute(self, &live, command, caller, mode).await;
        }
        let live = Live::new(State::start(project), Revision::ZERO, None, Arc::clone(&self.press));
        let live = Arc::new(live);
        let outcome = execute::execute(self, &live, command, caller, mode).await;
        if live.state().revision > Revision::ZERO {
            let mut projects = self.projects.write().unwrap_or_else(PoisonError::into_inner);
            projects.insert(project.to_owned(), live);
        }
        outcome
    }

    /// A project, if there is one.
    #[must_use]
    pub fn live(&self, project: &str) -> Option<Arc<Live>> {
        let projects = self.projects.read().unwrap_or_else(PoisonError::into_inner);
        projects.get(project).cloned()
    }

    /// All projects, by key.
    #[must_use]
    pub fn projects(&self) -> Vec<(String, Arc<Live>)> {
        let projects = self.projects.read().unwrap_or_else(PoisonError::into_inner);
        projects.iter().map(|(key, live)| (key.clone(), Arc::clone(live))).collect()
    }

    /// Drops selections that nobody has followed for a while.
    pub fn tidy(&self, now: Instant) {
        self.projects().iter().for_each(|(_, live)| live.tidy(now));
    }

    /// Where measurements go.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.press.telemetry
    }

    /// What all publishers share.
    #[must_use]
    pub fn press(&self) -> &Press {
        &self.press
    }

    /// Does something with the store on a thread that may wait.
    ///
    /// # Errors
    /// It broke off.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> T + Send + 'static,
    ) -> Result<T, ExecuteError> {
        let store = Arc::clone(&self.store);
        let result = spawn_blocking(move || work(&*store)).await;
        result.map_err(|error| {
            tracing::error!(%error, "work on the store broke off");
            ExecuteError::Broken("work on the store broke off")
        })
    }

    /// Saves a checkpoint in the background. One that is not saved costs time at the next start.
    fn save_checkpoint(self: &Arc<Self>, live: &Arc<Live>) {
        let (store, state) = (Arc::clone(&self.store), live.state());
        self.archive_in_background(live);
        spawn_blocking(move || {
            if let Err(error) = store.save_checkpoint(&state.key, checkpoint::write(&state)) {
                tracing::warn!(project = state.key, %error, "a checkpoint could not be saved");
            }
        });
    }
}

fn open_project(store: &dyn Store, key: &str, press: &Arc<Press>) -> Result<Live, OpenError> {
    if let Verification::Broken(fault) = verify_newest(store, key)? {
        let (project, message) = (key.to_owned(), fault.message);
        return Err(OpenError::Broken { project, message });
    }
    let checkpoint = store.checkpoint(key, Revision(u64::MAX))?;
    let checkpoint = checkpoint.map_or(Revision::ZERO, |checkpoint| checkpoint.revision);
    let failed = |source| OpenError::Projection { project: key.to_owned(), source };
    let (state, frozen) = match rebuild(store, key, None) {
        Ok(state) => (state, None),
        // A newer Vexil wrote it. What stands before it is known, and is served.
        Err(unknown @ ProjectionError::UnknownEvent { revision, .. }) => {
            let before = Revision(revision.0.saturating_sub(1));
            let message = unknown.to_string();
            tracing::error!(project = key, message, serves = %before, "the project is read-only");
            let frozen = format!(
                "{message}; what stands before it is served, and nothing can be changed: run the \
                 version that wrote it, or a newer one"
            );
            (rebuild(store, key, Some(before)).map_err(failed)?, Some(frozen))
        }
        Err(error) => return Err(failed(error)),
    };
    let frozen = frozen.or_else(|| store.broken(key));
    tracing::info!(project = key, revision = %state.revision, "opened");
    Ok(Live::new(state, checkpoint, frozen, Arc::clone(press)))
}

fn written(result: &Result<Outcome, ExecuteError>) -> Written {
    match result {
        Ok(outcome) if outcome.repeated => Written::Repeated,
        Ok(outcome) if outcome.events.is_empty() => Written::Unchanged,
        Ok(_) => Written::Appended,
        Err(ExecuteError::Conflict { .. }) => Written::Conflict,
        Err(
            ExecuteError::Refused(_)
            | ExecuteError::Faults(_)
            | ExecuteError::Append(AppendError::Reused { .. }),
        ) => Written::Refused,
        Err(_) => Written::Failed,
    }
}
