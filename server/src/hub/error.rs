//! Why a command was not carried out, or the past not shown.
//!
//! In: refusals and failures of the parts below the hub. Out: one enum for the callers of the hub.
//! Nothing was appended, unless the variant says that it is not known.

use vexil_compiler::diagnostic::Diagnostic;

use crate::command::Refusal;
use crate::log::event::{Event, Revision};
use crate::log::store::{AppendError, StoreError};
use crate::projection::ProjectionError;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The caller has seen an older revision.
    #[error("the project is at revision {current}, not at {expected}")]
    Conflict {
        /// What the caller had seen.
        expected: Revision,
        /// Where the project is.
        current: Revision,
        /// The newest of what happened since, oldest first.
        changes: Vec<Event>,
    },
    /// The command makes no sense as things stand.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The flags that would result do not compile.
    #[error("the flags that would result do not compile: {} faults", .0.len())]
    Faults(Vec<Diagnostic>),
    /// The log goes on with what this version does not know.
    #[error("the project is read-only: {0}")]
    Frozen(String),
    /// Too much is going on.
    #[error("too many changes are waiting")]
    Busy,
    /// The store refused to append.
    #[error(transparent)]
    Append(AppendError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be projected.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// A bug of ours; it is not known whether the events were appended.
    #[error("the server made a mistake: {0}")]
    Broken(&'static str),
}

/// An error and its causes, in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Why the past could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// There is no such project.
    #[error("there is no project `{0}`")]
    UnknownProject(String),
    /// There is no such environment, or was none at that revision.
    #[error("there is no environment `{0}`")]
    UnknownEnvironment(String),
    /// The revision lies outside the log.
    #[error("there is no revision {at}: the project is at {current}")]
    UnknownRevision {
        /// What was asked for.
        at: Revision,
        /// Where the project is.
        current: Revision,
    },
    /// The project is younger.
    #[error("the project has no event from before or at {0}")]
    BeforeItsTime(String),
    /// This compiler refuses the flags of that time.
    #[error("the flags of that revision do not compile: {} faults", .0.len())]
    Faults(Vec<Diagnostic>),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log could not be projected.
    #[error(transparent)]
    Projection(#[from] ProjectionError),
    /// A bug of ours.
    #[error("the server made a mistake: {0}")]
    Broken(&'static str),
}
