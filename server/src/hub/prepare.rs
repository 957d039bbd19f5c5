//! What a command would come to, before it is appended.
//!
//! In: a state, a command, who asks. Out: the append, the state after it, and the flag sets that
//! it touches, or a refusal. The state comes from the very records that the store would write, so
//! that what is checked is what is kept. Pure but for the history it is lent.

use std::sync::Arc;

use uuid::Uuid;

use super::Caller;
use super::error::ExecuteError;
use super::live::Ready;
use crate::command::{Command, Refusal, Step, decide, plan};
use crate::log::event::{Append, Event};
use crate::log::seal;
use crate::log::store::{Head, Store};
use crate::projection::rebuild::StoreHistory;
use crate::projection::{State, apply};
use crate::publish::touched::touched;

/// A command that could be appended.
#[derive(Debug)]
pub struct Prepared {
    /// What is to be appended; `None` when nothing would change.
    pub append: Option<Append>,
    /// Its events, as the store will write them.
    pub events: Vec<Event>,
    /// The project after them.
    pub next: State,
    /// The environments that they touch.
    pub ready: Vec<Ready>,
    /// The same, for people.
    pub plan: Vec<Step>,
}

/// Decides a command and projects its events.
///
/// # Errors
/// It is refused, or the past that it goes back to cannot be rebuilt.
pub fn prepare(
    state: &State,
    command: &Command,
    caller: &Caller,
    time_ms: i64,
    store: &dyn Store,
) -> Result<Prepared, ExecuteError> {
    let history = StoreHistory { store, project: &state.key };
    let changes = decide(state, command, &history)?;
    let plan = plan(&changes);
    if changes.is_empty() {
        let (events, ready) = (Vec::new(), Vec::new());
        return Ok(Prepared { append: None, events, next: state.clone(), ready, plan });
    }
    let append = Append {
        id: caller.id.unwrap_or_else(Uuid::now_v7),
        request: caller.request,
        time_ms,
        actor: caller.actor.clone(),
        comment: caller.comment.clone(),
        via: caller.via.clone(),
        changes,
        expected: Some(state.revision),
    };
    let sealed = seal::prepare(append.clone()).map_err(ExecuteError::Append)?;
    let head = Head { revision: state.revision, hash: state.hash };
    let mut next = state.clone();
    let mut events = Vec::new();
    for record in seal::seal(head, &sealed) {
        let event = Event::try_from(record)
            .map_err(|_| ExecuteError::Broken("a payload was not written as JSON"))?;
        apply(&mut next, &event, &history).map_err(Refusal::History)?;
        events.push(event);
    }
    let ready = touched(&append.changes, &next.project)
        .into_iter()
        .filter_map(|environment| {
            let flag_set = Arc::new(next.project.flag_set(environment)?);
            Some(Ready { environment: environment.to_owned(), flag_set, module: None })
        })
        .collect();
    Ok(Prepared { append: Some(append), events, next, ready, plan })
}
