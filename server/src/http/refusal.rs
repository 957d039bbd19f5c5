//! Errors of the hub as problems.
//!
//! In: why a command was refused or the past not shown. Out: a problem document. What only the
//! operator can mend is logged in full and told to the caller in general.

use serde_json::{Value, json};

use super::problem::{Kind, Problem};
use crate::clock;
use crate::command::Refusal;
use crate::hub::error::{ExecuteError, PastError, chain};
use crate::log::event::{Event, Revision};
use crate::log::store::{AppendError, StoreError};
use crate::projection::ProjectionError;

impl From<ExecuteError> for Problem {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Conflict { expected, current, changes } => {
                conflict(expected, current, &changes)
            }
            ExecuteError::Refused(refusal) => refusal.into(),
            ExecuteError::Faults(faults) => Self::invalid_flags(&faults),
            ExecuteError::Frozen(why) => Self::new(Kind::ReadOnly, why),
            ExecuteError::Busy => Self::new(Kind::Unavailable, "too many changes are waiting"),
            ExecuteError::Append(error) => append(&error),
            ExecuteError::Store(error) => store(&error),
            ExecuteError::Projection(error) => projection(&error),
            ExecuteError::Broken(_) => Self::internal(),
        }
    }
}

impl From<PastError> for Problem {
    fn from(error: PastError) -> Self {
        let detail = error.to_string();
        match error {
            PastError::UnknownProject(_) => Self::new(Kind::UnknownProject, detail),
            PastError::UnknownEnvironment(_) => Self::new(Kind::UnknownEnvironment, detail),
            PastError::UnknownRevision { .. } | PastError::BeforeItsTime(_) => {
                Self::new(Kind::UnknownRevision, detail)
            }
            PastError::Faults(faults) => Self::invalid_flags(&faults),
            PastError::Store(error) => store(&error),
            PastError::Projection(error) => projection(&error),
            PastError::Broken(_) => Self::internal(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        let kind = match refusal {
            Refusal::UnknownProject(_) => Kind::UnknownProject,
            Refusal::UnknownEnvironment(_) => Kind::UnknownEnvironment,
            Refusal::UnknownFlag(_) => Kind::UnknownFlag,
            Refusal::UnknownSegment(_) => Kind::UnknownSegment,
            Refusal::UnknownRule(_) => Kind::UnknownRule,
            Refusal::UnknownRevision { .. } => Kind::UnknownRevision,
            Refusal::AlreadyExists { .. } => Kind::AlreadyExists,
            Refusal::NotArchived(_) => Kind::NotArchived,
            Refusal::SegmentInUse { .. } => Kind::InUse,
            Refusal::ReasonRequired(_) => Kind::ReasonRequired,
            Refusal::InvalidFlags(faults) => return Self::invalid_flags(&faults),
            Refusal::History(error) => return projection(&error),
            Refusal::Broken(_) => return Self::internal(),
        };
        Self::new(kind, detail)
    }
}

/// One of the changes that a caller has not seen.
#[must_use]
pub fn change(event: &Event) -> Value {
    json!({
        "revision": event.revision,
        "actor": event.actor,
        "kind": event.kind,
        "time": clock::rfc3339(event.time_ms),
        "summary": event.summary(),
    })
}

fn conflict(expected: Revision, current: Revision, changes: &[Event]) -> Problem {
    let since = current.0.saturating_sub(expected.0);
    let told = if since > changes.len() as u64 {
        format!("; the newest {} of {since} changes are told", changes.len())
    } else {
        String::new()
    };
    let detail = format!("the project is at revision {current}, not at {expected}{told}");
    let changes: Vec<Value> = changes.iter().map(change).collect();
    Problem::new(Kind::RevisionConflict, detail)
        .with("current_revision", current.0)
        .with("changes", changes)
}

/// A store that did not append.
#[must_use]
pub fn append(error: &AppendError) -> Problem {
    match error {
        AppendError::Full => {
            Problem::new(Kind::StoreFull, "the disk of the server is full; nothing was changed")
        }
        AppendError::TooLarge { .. } => Problem::new(Kind::BodyTooLarge, error.to_string()),
        AppendError::Busy => Problem::new(Kind::Unavailable, "too many changes are waiting"),
        AppendError::Reused { id, last } => {
            let detail = format!(
                "the `Idempotency-Key` `{id}` belongs to another request, which brought revision \
                 {last}; nothing was changed: send this one under a key of its own"
            );
            Problem::new(Kind::IdempotencyKeyReused, detail).with("revision", last.0)
        }
        AppendError::Broken { .. } => Problem::new(Kind::ReadOnly, error.to_string()),
        AppendError::Empty => Problem::internal(),
        // The hub has logged why.
        _ => Problem::new(Kind::Unavailable, "the store takes no changes now"),
    }
}

/// A store that cannot be read.
#[must_use]
pub fn store(error: &StoreError) -> Problem {
    tracing::error!(error = chain(error), "the store could not do what was asked");
    match error {
        StoreError::NoCopies => Problem::new(Kind::NotFound, error.to_string()),
        StoreError::NoArchives => Problem::new(Kind::NotFound, error.to_string()),
        StoreError::Full => Problem::new(Kind::StoreFull, "the disk of the server is full"),
        StoreError::NotArchived { .. } => Problem::new(Kind::ReadOnly, error.to_string()),
        StoreError::Archive { .. } | StoreError::NotWritten { .. } => {
            Problem::new(Kind::Unavailable, chain(error))
        }
        _ => Problem::new(Kind::Unavailable, "the store cannot be read now"),
    }
}

fn projection(error: &ProjectionError) -> Problem {
    match error {
        ProjectionError::UnknownRevision(_) => {
            Problem::new(Kind::UnknownRevision, error.to_string())
        }
        ProjectionError::Store(error) => store(error),
        _ => {
            tracing::error!(error = chain(error), "the log could not be projected");
            Problem::new(Kind::Unavailable, "the log cannot be projected")
        }
    }
}
