//! The projection: events in, a project's state out.
//!
//! In: a state and the next event. Out: the state after it. Pure: no store, clock or randomness.
//! A revert needs what was; the caller lends it as a `History`. An event that the projection does
//! not know stops it with an error, never a guess.

// Blank lines keep rustfmt from sorting the modules: they stand in reading order.

mod change;

pub mod checkpoint;

pub mod rebuild;

pub mod verify;

#[cfg(test)]
mod random;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use vexil_compiler::flag_set::Project;

pub use change::{ChangeError, apply_change};

use crate::log::change::{Change, Settings};
use crate::log::event::{Event, Hash, Revision};
use crate::log::payload::ReadError;
use crate::log::store::{Head, StoreError};

/// A project as it was at one revision.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The project's key, also before it is created.
    pub key: String,
    /// The newest event in it; 0: the project does not exist.
    pub revision: Revision,
    /// The time of that event, in milliseconds since the Unix epoch; 0 when there is none.
    pub time_ms: i64,
    /// The hash chain up to that event.
    pub hash: Hash,
    /// Its environments, segments and flags.
    pub project: Project,
    /// What holds of changes in its environments, where anything does. A revert leaves that alone.
    pub settings: BTreeMap<String, Settings>,
}

/// What was: lends past states to the events that go back to them.
pub trait History {
    /// The project as it was at `revision`.
    ///
    /// # Errors
    /// It cannot be rebuilt.
    fn project_at(&self, revision: Revision) -> Result<Project, ProjectionError>;
}

impl<F: Fn(Revision) -> Result<Project, ProjectionError>> History for F {
    fn project_at(&self, revision: Revision) -> Result<Project, ProjectionError> {
        self(revision)
    }
}

/// Why an event cannot be projected. The state stays as it was before the event.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// This version of Vexil does not know the event.
    #[error(
        "event {revision} is of kind `{kind}`, schema {schema}, which this version of vexil does not know"
    )]
    UnknownEvent {
        /// Which event.
        revision: Revision,
        /// Its kind.
        kind: String,
        /// Its schema.
        schema: u32,
    },
    /// Its payload cannot be read.
    #[error("event {revision} of kind `{kind}` cannot be read: {message}")]
    Payload {
        /// Which event.
        revision: Revision,
        /// Its kind.
        kind: String,
        /// What is wrong.
        message: String,
    },
    /// It speaks of something that is not there.
    #[error("event {revision} of kind `{kind}` does not fit the project: {message}")]
    Misfit {
        /// Which event.
        revision: Revision,
        /// Its kind.
        kind: String,
        /// What is missing.
        message: String,
    },
    /// An event is missing or doubled.
    #[error("event {given} follows event {at}: the log has a gap")]
    Gap {
        /// The revision of the state.
        at: Revision,
        /// The revision of the event.
        given: Revision,
    },
    /// A past revision was asked for that the log does not have.
    #[error("the log has no revision {0}")]
    UnknownRevision(Revision),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies the next event to `state`.
///
/// # Errors
/// The event does not follow, or is not known; the state stays as it was.
pub fn apply(
    state: &mut State,
    event: &Event,
    history: &dyn History,
) -> Result<(), ProjectionError> {
    let (revision, kind) = (event.revision, || event.kind.clone());
    if revision != state.revision.next() {
        return Err(ProjectionError::Gap { at: state.revision, given: revision });
    }
    let read = Change::read(&event.kind, event.schema, &event.payload, &state.project);
    let change = read.map_err(|error| match error {
        ReadError::Unknown => {
            ProjectionError::UnknownEvent { revision, kind: kind(), schema: event.schema }
        }
        ReadError::Malformed(message) => {
            ProjectionError::Payload { revision, kind: kind(), message }
        }
    })?;
    if let Change::Reverted { to, .. } = change
        && (to == Revision::ZERO || to >= revision)
    {
        return Err(ProjectionError::UnknownRevision(to));
    }
    if let Change::ProjectCreated { project } = &change
        && *project != state.key
    {
        let message = format!("it creates `{project}` in the log of `{}`", state.key);
        return Err(ProjectionError::Misfit { revision, kind: kind(), message });
    }
    let settings = match &change {
        Change::EnvironmentChanged { environment, settings } => {
            Some((environment.clone(), *settings))
        }
        _ => None,
    };
    apply_change(&mut state.project, change, history).map_err(|error| match error {
        ChangeError::Misfit(message) => ProjectionError::Misfit { revision, kind: kind(), message },
        ChangeError::History(error) => error,
    })?;
    state.settings.extend(settings);
    // They are kept of an environment that a revert takes away, and that another may bring back.
    state.settings.retain(|_, settings| *settings != Settings::default());
    state.revision = revision;
    state.time_ms = event.time_ms;
    state.hash = event.hash;
    Ok(())
}

impl State {
    /// The project of this key before its first event.
    #[must_use]
    pub fn start(key: &str) -> Self {
        let Head { revision, hash } = Head::start(key);
        let (project, settings) = (Project::default(), BTreeMap::new());
        Self { key: key.to_owned(), revision, time_ms: 0, hash, project, settings }
    }
}
