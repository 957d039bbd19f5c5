//! A store that a dead server can use no more.
//!
//! In: what a store is asked. Out: what the store in memory answers, until the server that holds
//! this is killed: tasks of it that linger in the simulation's one process must do no more than
//! tasks of a process that is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use uuid::Uuid;
use vexil_server::log::event::{Append, Appended, Record, Revision};
use vexil_server::log::memory::MemoryStore;
use vexil_server::log::store::{AppendError, Checkpoint, Head, Store, StoreError};

/// What is kept, whoever lives.
pub type Content = MemoryStore;

/// One server's way to the content.
#[derive(Clone)]
pub struct Mortal {
    content: Content,
    dead: Arc<AtomicBool>,
}

impl Mortal {
    /// A living way to `content`.
    pub fn new(content: Content) -> Self {
        Self { content, dead: Arc::default() }
    }

    /// From now on nothing is read or written.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::Relaxed);
    }

    fn content(&self) -> Result<&Content, StoreError> {
        match self.dead.load(Ordering::Relaxed) {
            true => Err(StoreError::Stopped("the server was killed".to_owned())),
            false => Ok(&self.content),
        }
    }
}

impl Store for Mortal {
    fn append(&self, project: &str, append: Append) -> Result<Appended, AppendError> {
        self.content()?.append(project, append)
    }

    fn appended(&self, project: &str, id: Uuid) -> Result<Option<Appended>, StoreError> {
        self.content()?.appended(project, id)
    }

    fn records(
        &self,
        project: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.content()?.records(project, after, limit)
    }

    fn head(&self, project: &str) -> Result<Option<Head>, StoreError> {
        self.content()?.head(project)
    }

    fn projects(&self) -> Result<Vec<(String, Head)>, StoreError> {
        self.content()?.projects()
    }

    fn subscribe(&self, project: &str) -> watch::Receiver<Revision> {
        self.content.subscribe(project)
    }

    fn save_checkpoint(&self, project: &str, checkpoint: Checkpoint) -> Result<(), StoreError> {
        self.content()?.save_checkpoint(project, checkpoint)
    }

    fn checkpoint(&self, project: &str, at: Revision) -> Result<Option<Checkpoint>, StoreError> {
        self.content()?.checkpoint(project, at)
    }
}
