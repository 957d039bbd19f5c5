//! Rebuilding: a state from the log, now or at any past revision.
//!
//! In: a store, a project, a revision. Out: the state there. The nearest good checkpoint saves most
//! of the replay. Reverts need states of their own: which ones is found out first, newest stretch
//! of the log to oldest; then each stretch is replayed once, oldest to newest, and lends what it
//! passes through. So each event is read at most twice, however deep reverts are nested.

use std::cell::RefCell;
use std::collections::BTreeMap;

use vexil_compiler::flag_set::Project;

use super::{History, ProjectionError, State, apply, checkpoint};
use crate::limits;
use crate::log::canonical;
use crate::log::event::{Event, Revision};
use crate::log::store::{Checkpoint, Store, StoreError};

/// The past of a project in a store.
#[derive(Clone, Copy)]
pub struct StoreHistory<'s> {
    /// Where its log is.
    pub store: &'s dyn Store,
    /// Its key.
    pub project: &'s str,
}

impl History for StoreHistory<'_> {
    fn project_at(&self, revision: Revision) -> Result<Project, ProjectionError> {
        Ok(rebuild(self.store, self.project, Some(revision))?.project)
    }
}

/// The state of `project` at `at`, or at its head. A project without events is at revision 0.
///
/// # Errors
/// The log does not reach to `at`, or cannot be read or projected.
pub fn rebuild(
    store: &dyn Store,
    project: &str,
    at: Option<Revision>,
) -> Result<State, ProjectionError> {
    let head = store.head(project)?.map_or(Revision::ZERO, |head| head.revision);
    let at = at.unwrap_or(head);
    if at > head {
        return Err(ProjectionError::UnknownRevision(at));
    }
    let log = Log { store, project, trusts_checkpoints: true };
    let (stretches, wanted) = log.survey(at)?;
    log.replay(stretches, wanted, |_| {})
}

/// Shows `see` the state after every event up to `end`, from the first on: no checkpoint is used.
///
/// # Errors
/// As [`rebuild`].
pub fn replay(
    store: &dyn Store,
    project: &str,
    end: Revision,
    see: impl FnMut(&State),
) -> Result<(), ProjectionError> {
    let log = Log { store, project, trusts_checkpoints: false };
    let (stretches, wanted) = log.survey(end)?;
    log.replay(stretches, wanted, see).map(drop)
}

/// Applies what the log holds beyond `state`.
///
/// # Errors
/// The log cannot be read or projected; `state` is then at the last good event.
pub fn catch_up(state: &mut State, store: &dyn Store) -> Result<(), ProjectionError> {
    let project = state.key.clone();
    let history = StoreHistory { store, project: &project };
    loop {
        let events = store.read(&project, state.revision, limits::READ_EVENTS_MAX)?;
        if events.is_empty() {
            return Ok(());
        }
        events.iter().try_for_each(|event| apply(state, event, &history))?;
    }
}

/// A part of the log to be replayed: the events after `base`, up to and with `end`.
struct Stretch {
    base: State,
    end: Revision,
}

/// Revisions that are gone back to, and by how many events.
type Wanted = BTreeMap<Revision, usize>;

struct Log<'s> {
    store: &'s dyn Store,
    project: &'s str,
    trusts_checkpoints: bool,
}

impl Log<'_> {
    /// The stretches to replay for the state at `at`, newest first, and what reverts in them want.
    fn survey(&self, at: Revision) -> Result<(Vec<Stretch>, Wanted), StoreError> {
        let mut wanted = Wanted::new();
        let mut stretches = Vec::new();
        let mut next = Some(at);
        while let Some(end) = next {
            let base = self.nearest(end)?;
            self.each_event(base.revision, end, |event| {
                if let Some(to) = target(event) {
                    *wanted.entry(to).or_default() += 1;
                }
                Ok::<_, StoreError>(())
            })?;
            next = wanted.range(..base.revision).next_back().map(|(to, _)| *to);
            stretches.push(Stretch { base, end });
        }
        Ok((stretches, wanted))
    }

    /// Replays the stretches, oldest first, and gives the state at the end of the newest.
    fn replay(
        &self,
        stretches: Vec<Stretch>,
        wanted: Wanted,
        mut see: impl FnMut(&State),
    ) -> Result<State, ProjectionError> {
        let held = Held::new(wanted);
        let mut last = State::start(self.project);
        for Stretch { base: mut state, end } in stretches.into_iter().rev() {
            held.pass(&state);
            self.each_event(state.revision, end, |event| {
                apply(&mut state, event, &held)?;
                held.release(target(event));
                held.pass(&state);
                see(&state);
                Ok::<_, ProjectionError>(())
            })?;
            if state.revision != end {
                return Err(ProjectionError::Gap { at: state.revision, given: end });
            }
            last = state;
        }
        Ok(last)
    }

    /// The state in the newest good checkpoint at or before `at`, or before the first event.
    fn nearest(&self, at: Revision) -> Result<State, StoreError> {
        let mut at = at;
        if !self.trusts_checkpoints {
            return Ok(State::start(self.project));
        }
        while let Some(found) = self.store.checkpoint(self.project, at)? {
            match self.open(&found)? {
                Ok(state) => return Ok(state),
                Err(why) => {
                    let (project, revision) = (self.project, found.revision.0);
                    tracing::warn!(project, revision, why, "a checkpoint is not used");
                }
            }
            at = Revision(found.revision.0.saturating_sub(1));
        }
        Ok(State::start(self.project))
    }

    /// The state in `checkpoint`, or why it is of no use.
    fn open(&self, checkpoint: &Checkpoint) -> Result<Result<State, String>, StoreError> {
        if !self.fits(checkpoint)? {
            return Ok(Err("it does not fit the log".to_owned()));
        }
        Ok(checkpoint::read(self.project, checkpoint).map_err(|error| error.to_string()))
    }

    /// Whether a checkpoint is of this log: by the event that follows it, because the one that it ends
    /// with may be in an archive that is not asked for; at the end, by that one.
    fn fits(&self, checkpoint: &Checkpoint) -> Result<bool, StoreError> {
        let Checkpoint { revision, hash, .. } = *checkpoint;
        if let Some(next) = self.store.records(self.project, revision, 1)?.first() {
            return Ok(canonical::link(hash, next) == next.hash);
        }
        let before = Revision(revision.0.saturating_sub(1));
        let records = self.store.records(self.project, before, 1)?;
        Ok(records.first().is_some_and(|it| (it.revision, it.hash) == (revision, hash)))
    }

    /// Reads the events after `after`, up to and with `end`, in order.
    fn each_event<E: From<StoreError>>(
        &self,
        mut after: Revision,
        end: Revision,
        mut see: impl FnMut(&Event) -> Result<(), E>,
    ) -> Result<(), E> {
        while after < end {
            let limit = usize::try_from(end.0 - after.0).unwrap_or(usize::MAX);
            let limit = limit.min(limits::READ_EVENTS_MAX);
            let events = self.store.read(self.project, after, limit)?;
            let Some(last) = events.last() else { return Ok(()) };
            after = last.revision;
            events.iter().take_while(|event| event.revision <= end).try_for_each(&mut see)?;
        }
        Ok(())
    }
}

/// What a revert goes back to; `None` for other events, and for reverts that cannot be followed,
/// which the projection will say.
fn target(event: &Event) -> Option<Revision> {
    let to = event.payload.get("to").filter(|_| event.kind == "Reverted")?;
    to.as_u64().map(Revision).filter(|to| *to > Revision::ZERO && *to < event.revision)
}

/// Past states, held from when the replay passes them until the last revert to them.
struct Held(RefCell<(Wanted, BTreeMap<Revision, Project>)>);

impl Held {
    fn new(wanted: Wanted) -> Self {
        Self(RefCell::new((wanted, BTreeMap::new())))
    }

    /// Holds `state` if it is wanted.
    fn pass(&self, state: &State) {
        let (wanted, held) = &mut *self.0.borrow_mut();
        if wanted.contains_key(&state.revision) {
            held.insert(state.revision, state.project.clone());
        }
    }

    /// One event that went back `to` is done.
    fn release(&self, to: Option<Revision>) {
        let (wanted, held) = &mut *self.0.borrow_mut();
        let Some(to) = to else { return };
        let Some(uses) = wanted.get_mut(&to) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            wanted.remove(&to);
            held.remove(&to);
        }
    }
}

impl History for Held {
    fn project_at(&self, revision: Revision) -> Result<Project, ProjectionError> {
        let held = self.0.borrow();
        held.1.get(&revision).cloned().ok_or(ProjectionError::UnknownRevision(revision))
    }
}
