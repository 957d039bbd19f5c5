//! The store in SQLite: the default, embedded, one file.
//!
//! In and out: see `store`. One thread writes, and commits what waits together (`writer`); a few
//! connections read. An append is answered after its commit is on the disk. One process holds the
//! file; what does not fit this version of Vexil is refused and left as it was (`open`).

mod archive;

mod archived;

mod open;

mod read;

mod schema;

mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::watch;
use uuid::Uuid;

pub use open::OpenError;

/// What is added to the name of a store for the folder in which copies of it come to be.
pub const COPIES: &str = ".copies";

/// Says whether a store could be opened there, or made: as far as that can be told by looking.
///
/// # Errors
/// Why it could not.
pub fn check(path: &std::path::Path) -> Result<(), OpenError> {
    open::check(path)
}

use super::archive::{Archived, Header};
use super::event::{Append, Appended, Record, Revision};
use super::heads::Heads;
use super::seal::prepare;
use super::store::{AppendError, Checkpoint, Head, Store, StoreError};
use super::verify::{Verification, verify_newest};

/// See the module. Dropping it commits what waits and closes the file.
#[derive(Debug)]
pub struct SqliteStore {
    // Fields are dropped in this order: the writer first, the lock last.
    writer: writer::Writer,
    readers: Readers,
    archives: archive::Folder,
    /// Held while a file of one comes to be.
    archiving: Mutex<()>,
    heads: Arc<Heads>,
    /// Projects whose newest events do not fit together, and why: they are read, never written.
    broken: BTreeMap<String, String>,
    _lock: open::Lock,
}

impl SqliteStore {
    /// Opens the store at `path`, or creates it.
    ///
    /// # Errors
    /// Another process holds it, it is not a Vexil store or one of a newer version, or the settings
    /// that durability needs did not take.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let opened = open::open(path)?;
        let readers = Readers::new(opened.readers);
        let heads = Arc::new(Heads::default());
        let (noted, archives) = (opened.witness.heads(), opened.archives);
        let writer = writer::Writer::start(opened.writer, Arc::clone(&heads), opened.witness)?;
        let (broken, archiving) = (BTreeMap::new(), Mutex::new(()));
        let _lock = opened.lock;
        let mut store = Self { writer, readers, archives, archiving, heads, broken, _lock };
        store.broken = store.find_broken()?;
        let contradicted = noted.contradicted(&store)?;
        for (project, message) in contradicted {
            tracing::error!(
                project,
                fault = message,
                "the log is not the one that was acknowledged"
            );
            store.broken.entry(project).or_insert(message);
        }
        Ok(store)
    }

    /// The projects whose newest events were altered or are missing.
    fn find_broken(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let mut broken = BTreeMap::new();
        for (project, _) in self.projects()? {
            if let Verification::Broken(fault) = verify_newest(self, &project)? {
                tracing::error!(project, fault = fault.message, "the log is broken");
                broken.insert(project, fault.message);
            }
        }
        Ok(broken)
    }

    /// Bounds the file to `pages` of 4 KiB: a quota. Beyond it appends are refused as full.
    ///
    /// # Errors
    /// The writer has stopped.
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        self.writer.limit_pages(pages)
    }
}

impl SqliteStore {
    /// Events that belong to no project: somebody has taken its row away.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn orphans(&self) -> Result<i64, StoreError> {
        self.readers.with(read::orphans)
    }
}

impl Store for SqliteStore {
    fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        self.readers.with(|connection| {
            let copy = read::copy(connection, file)?;
            self.archives.carry(&copy)?;
            copy.close().map_err(|(_, error)| error)?;
            Ok(())
        })
    }

    fn archive(
        &self,
        project: &str,
        last: Revision,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Archived, StoreError> {
        if let Some(why) = self.broken(project) {
            return Err(StoreError::NotArchived { last, why });
        }
        // What waits here has written nothing yet.
        let _alone = self.archiving.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, archived) = self.readers.with(|connection| {
            let (id, before, end) = archived::stretch(connection, project, last)?;
            let checkpoint = checkpoint.filter(|it| it.revision == before.revision);
            let header = Header { project: project.to_owned(), before, end, checkpoint };
            Ok((id, self.archives.write(connection, &header)?))
        })?;
        self.writer.archived(id, archived.clone())?;
        while self.writer.forget(id)? > 0 {}
        Ok(archived)
    }

    fn broken(&self, project: &str) -> Option<String> {
        self.broken.get(project).cloned()
    }

    fn archives(&self, project: &str) -> Result<Vec<Archived>, StoreError> {
        self.readers.with(|connection| archived::of_project(connection, project))
    }

    fn append(&self, project: &str, append: Append) -> Result<Appended, AppendError> {
        if let Some(message) = self.broken.get(project) {
            let (project, message) = (project.to_owned(), message.clone());
            return Err(AppendError::Broken { project, message });
        }
        // Payloads are written on the caller's thread: the writer only hashes and stores.
        self.writer.append(project, prepare(append)?)
    }

    fn appended(&self, project: &str, id: Uuid) -> Result<Option<Appended>, StoreError> {
        self.readers.with(|connection| read::appended(connection, project, id))
    }

    fn records(
        &self,
        project: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        self.readers.with(|connection| self.archives.records(connection, project, after, limit))
    }

    fn head(&self, project: &str) -> Result<Option<Head>, StoreError> {
        self.readers.with(|connection| read::head(connection, project))
    }

    fn projects(&self) -> Result<Vec<(String, Head)>, StoreError> {
        self.readers.with(read::projects)
    }

    fn subscribe(&self, project: &str) -> watch::Receiver<Revision> {
        let receiver = self.heads.subscribe(project);
        // Subscribed first, read second: a commit in between is announced, not lost.
        match self.head(project) {
            Ok(Some(head)) => self.heads.announce(project, head.revision),
            Ok(None) => {}
            Err(error) => tracing::warn!(project, %error, "the head could not be read"),
        }
        receiver
    }

    fn save_checkpoint(&self, project: &str, checkpoint: Checkpoint) -> Result<(), StoreError> {
        self.writer.save_checkpoint(project, checkpoint)
    }

    fn checkpoint(&self, project: &str, at: Revision) -> Result<Option<Checkpoint>, StoreError> {
        self.readers.with(|connection| self.archives.checkpoint(connection, project, at))
    }
}

/// The read connections, taken in turn.
#[derive(Debug)]
struct Readers {
    connections: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
}

impl Readers {
    fn new(connections: Vec<Connection>) -> Self {
        let connections = connections.into_iter().map(Mutex::new).collect();
        Self { connections, turn: AtomicUsize::new(0) }
    }

    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.connections.len().max(1);
        let Some(connection) = self.connections.get(turn) else {
            return Err(StoreError::Stopped("it has no read connection".to_owned()));
        };
        read(&connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod archive_tests;
