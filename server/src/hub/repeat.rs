//! An append that was made before.
//!
//! In: the id that a caller gives. Out: what came of the append of that id the first time. Nothing
//! is decided again: the project may have moved on since.

use std::sync::Arc;

use uuid::Uuid;

use super::error::ExecuteError;
use super::live::Live;
use super::{Caller, Hub, Outcome};
use crate::limits::READ_EVENTS_MAX;
use crate::log::event::{Appended, Event, Hash, Revision};
use crate::log::seal;
use crate::log::store::Store;

/// The first result of the append that the caller names; `None` when there was none.
///
/// # Errors
/// The id belongs to another request, or the store could not be read.
pub async fn first_result(
    hub: &Arc<Hub>,
    live: &Arc<Live>,
    caller: &Caller,
) -> Result<Option<Outcome>, ExecuteError> {
    let Some(id) = caller.id else { return Ok(None) };
    let (key, request) = (live.state().key.clone(), caller.request);
    hub.blocking(move |store| look_up(store, &key, id, request)).await?
}

fn look_up(
    store: &dyn Store,
    key: &str,
    id: Uuid,
    request: Hash,
) -> Result<Option<Outcome>, ExecuteError> {
    let Some(earlier) = store.appended(key, id)? else { return Ok(None) };
    let Appended { first, last, .. } =
        seal::again(earlier, id, request).map_err(ExecuteError::Append)?;
    let mut events: Vec<Event> = Vec::new();
    let mut after = Revision(first.0.saturating_sub(1));
    while after < last {
        let more = store.read(key, after, READ_EVENTS_MAX)?;
        let Some(newest) = more.last() else { break };
        after = newest.revision;
        events.extend(more.into_iter().take_while(|event| event.revision <= last));
    }
    // The plan belongs to the state of that time; the events say the same.
    Ok(Some(Outcome { revision: last, repeated: true, events, plan: Vec::new() }))
}
