//! Sealing: an append becomes the records that a store keeps.
//!
//! In: an append, then the head it comes to stand on. Out: records with revisions and hashes.
//! Every store seals in the same way, so that a log does not tell which store it lives in.

use serde_json::json;

use super::canonical;
use super::event::{Append, Appended, Hash, Record, Revision};
use super::store::{AppendError, Head};
use crate::limits;

/// An append within its limits, with the text of its payloads.
#[derive(Debug)]
pub struct Prepared {
    /// What the caller decided on.
    pub expected: Option<Revision>,
    /// The append's id.
    pub id: uuid::Uuid,
    /// The fingerprint of what was asked.
    pub request: Hash,
    /// The records; revision and hash are given by [`seal`].
    records: Vec<Record>,
}

/// Writes the payloads of `append` and holds it against the limits.
///
/// # Errors
/// It is empty or too large.
pub fn prepare(append: Append) -> Result<Prepared, AppendError> {
    if append.changes.is_empty() {
        return Err(AppendError::Empty);
    }
    within("the events", limits::APPEND_EVENTS_MAX, append.changes.len())?;
    within("the bytes of the actor", limits::ACTOR_BYTES_MAX, append.actor.len())?;
    let comment_bytes = append.comment.as_ref().map_or(0, String::len);
    within("the bytes of the comment", limits::COMMENT_BYTES_MAX, comment_bytes)?;
    let via = json!(append.via).to_string();
    within("the bytes of where it comes from", limits::VIA_BYTES_MAX, via.len())?;
    let mut bytes = 0;
    let mut records = Vec::with_capacity(append.changes.len());
    for change in &append.changes {
        let payload = change.payload().to_string();
        bytes += payload.len();
        within("the bytes", limits::APPEND_BYTES_MAX, bytes)?;
        records.push(Record {
            revision: Revision::ZERO,
            id: append.id,
            time_ms: append.time_ms,
            actor: append.actor.clone(),
            comment: append.comment.clone(),
            schema: change.schema(),
            kind: change.kind().to_owned(),
            payload,
            via: Some(via.clone()),
            hash: Hash([0; 32]),
        });
    }
    let Append { expected, id, request, .. } = append;
    Ok(Prepared { expected, id, request, records })
}

fn within(what: &'static str, most: usize, given: usize) -> Result<(), AppendError> {
    if given <= most { Ok(()) } else { Err(AppendError::TooLarge { what, most, given }) }
}

/// The records of `prepared` after `head`, in order.
pub fn seal(head: Head, prepared: &Prepared) -> impl Iterator<Item = Record> {
    let Head { mut revision, mut hash } = head;
    prepared.records.iter().map(move |prepared| {
        revision = revision.next();
        let mut record = Record { revision, ..prepared.clone() };
        hash = canonical::link(hash, &record);
        record.hash = hash;
        record
    })
}

/// Whether `prepared` may stand on `current`.
///
/// # Errors
/// It was decided on another revision.
pub fn expects(prepared: &Prepared, current: Revision) -> Result<(), AppendError> {
    match prepared.expected {
        Some(expected) if expected != current => Err(AppendError::Conflict { expected, current }),
        _ => Ok(()),
    }
}

/// The first result of an append that is asked for again.
///
/// # Errors
/// The id was used for something else.
pub fn again(earlier: Appended, id: uuid::Uuid, request: Hash) -> Result<Appended, AppendError> {
    if earlier.request == request {
        Ok(Appended { repeated: true, ..earlier })
    } else {
        Err(AppendError::Reused { id, last: earlier.last })
    }
}

impl Head {
    /// The head of a project without events.
    #[must_use]
    pub fn start(project: &str) -> Self {
        Self { revision: Revision::ZERO, hash: canonical::start(project) }
    }
}
