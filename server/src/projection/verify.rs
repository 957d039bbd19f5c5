//! Verification of a whole project: its log, and the checkpoints that spare replaying it.
//!
//! In: a store and a project. Out: the length and head of the log, or the first fault. The log's
//! own hash chain says nothing of checkpoints, from which a server starts: each is held against the
//! state that the events give.

use std::collections::BTreeMap;

use super::rebuild::replay;
use super::{ProjectionError, State, checkpoint};
use crate::log::event::Revision;
use crate::log::store::{Checkpoint, Store, StoreError};
use crate::log::verify::{self, Fault, Verification};

/// Verifies the whole log of `project`, and every checkpoint of it. It replays all of it.
///
/// # Errors
/// The store could not be read.
pub fn verify(store: &dyn Store, project: &str) -> Result<Verification, StoreError> {
    let found = verify::verify(store, project)?;
    let Verification::Whole(_) = found else { return Ok(found) };
    match check(store, project) {
        Ok(None) => Ok(found),
        Ok(Some(fault)) => Ok(Verification::Broken(fault)),
        Err(ProjectionError::Store(error)) => Err(error),
        // What cannot be projected is whole all the same; a server says so when it opens it.
        Err(_) => Ok(found),
    }
}

/// The first checkpoint that does not say what the events say.
fn check(store: &dyn Store, project: &str) -> Result<Option<Fault>, ProjectionError> {
    let mut checkpoints = BTreeMap::new();
    let mut at = Revision(u64::MAX);
    while let Some(found) = store.checkpoint(project, at)? {
        at = Revision(found.revision.0.saturating_sub(1));
        checkpoints.insert(found.revision, found);
    }
    let Some(newest) = checkpoints.keys().next_back().copied() else { return Ok(None) };
    let end = newest.min(store.head(project)?.map_or(Revision::ZERO, |head| head.revision));
    let mut fault = None;
    replay(store, project, end, |state| {
        let checkpoint = checkpoints.get(&state.revision);
        if let (None, Some(checkpoint)) = (&fault, checkpoint) {
            fault = differs(state, checkpoint);
        }
    })?;
    let beyond = checkpoints.range(end.next()..).next();
    Ok(fault.or_else(|| beyond.map(|(revision, _)| of(*revision, "stands behind the end"))))
}

fn differs(state: &State, checkpoint: &Checkpoint) -> Option<Fault> {
    let revision = checkpoint.revision;
    if !checkpoint.is_whole() {
        return Some(of(revision, "is damaged, and is not used"));
    }
    if checkpoint.hash != state.hash {
        return Some(of(revision, "is of another history"));
    }
    // One that cannot be read, as of another version, is not used.
    let read = checkpoint::read(&state.key, checkpoint).ok()?;
    let same = checkpoint::write(&read).body == checkpoint::write(state).body;
    (!same).then(|| of(revision, "does not say what the events say, and a server starts from it"))
}

fn of(revision: Revision, what: &str) -> Fault {
    let message = format!(
        "the checkpoint of revision {revision} {what}; the events are as they were written: take \
         the checkpoints away (`DELETE FROM checkpoints`), and the next start replays the events"
    );
    Fault { revision, message }
}
