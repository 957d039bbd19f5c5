//! Heads to wait for: who subscribes to a project learns of its new events.
//!
//! In: revisions from a store after each commit. Out: a watched value for each project. It holds
//! the newest revision only: a slow subscriber misses steps, never the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::event::Revision;

/// The newest revision of each project that somebody has asked for.
#[derive(Debug, Default)]
pub struct Heads(Mutex<BTreeMap<String, watch::Sender<Revision>>>);

impl Heads {
    /// The revision of `project`, now and whenever it moves.
    pub fn subscribe(&self, project: &str) -> watch::Receiver<Revision> {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who asked for projects that nobody watches any more should not fill the memory.
        heads.retain(|_, sender| sender.receiver_count() > 0);
        heads.entry(project.to_owned()).or_default().subscribe()
    }

    /// Tells the subscribers of `project` that it is at `revision`; an older one changes nothing.
    pub fn announce(&self, project: &str, revision: Revision) {
        let heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = heads.get(project) {
            sender.send_if_modified(|head| {
                let newer = revision > *head;
                *head = revision.max(*head);
                newer
            });
        }
    }
}
