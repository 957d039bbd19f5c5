//! The trait of every store of events, and the errors of its operations.
//!
//! In: appends, reads, checkpoints. Out: events in order, without gaps. One conformance suite
//! (`conformance`) holds for every store. Calls block until the store has answered, an append
//! until it is durable: from async code call them on a thread that may wait (`spawn_blocking`).

use tokio::sync::watch;
use uuid::Uuid;

use super::archive::{ArchiveError, Archived};
use super::event::{Append, Appended, Event, Hash, PayloadError, Record, Revision};

/// Where events are kept.
pub trait Store: Send + Sync {
    /// Appends `append` to the log of `project`, which begins with it when it has none.
    ///
    /// # Errors
    /// Nothing was appended, unless the error is [`AppendError::Stopped`]: then it is unknown, and
    /// the same id appended after a restart settles it.
    fn append(&self, project: &str, append: Append) -> Result<Appended, AppendError>;

    /// What the append of this id came to, when there was one.
    ///
    /// # Errors
    /// The store could not be read.
    fn appended(&self, project: &str, id: Uuid) -> Result<Option<Appended>, StoreError>;

    /// The records after `after`, oldest first: at most `limit`, and fewer when they are many
    /// bytes; empty only at the end of the log. A project that does not exist has none.
    ///
    /// # Errors
    /// The store could not be read.
    fn records(
        &self,
        project: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError>;

    /// The end of the project's log; `None` when there is no such project.
    ///
    /// # Errors
    /// The store could not be read.
    fn head(&self, project: &str) -> Result<Option<Head>, StoreError>;

    /// Every project and its head, by key.
    ///
    /// # Errors
    /// The store could not be read.
    fn projects(&self) -> Result<Vec<(String, Head)>, StoreError>;

    /// The project's newest revision, now and whenever it moves; 0 for a project yet to come.
    fn subscribe(&self, project: &str) -> watch::Receiver<Revision>;

    /// Keeps a checkpoint; older ones may be dropped for it.
    ///
    /// # Errors
    /// The store could not write it; the log does not suffer.
    fn save_checkpoint(&self, project: &str, checkpoint: Checkpoint) -> Result<(), StoreError>;

    /// The newest checkpoint at or before `at`.
    ///
    /// # Errors
    /// The store could not be read.
    fn checkpoint(&self, project: &str, at: Revision) -> Result<Option<Checkpoint>, StoreError>;

    /// Moves the events after those that are archived, up to and with `last`, into a file of their
    /// own. They are read as before. `checkpoint` is the state before them, where there was one.
    ///
    /// The newest event stays where it is, and more than [`crate::limits::ARCHIVE_EVENTS_MAX`] are
    /// not taken.
    ///
    /// # Errors
    /// It could not be done; every event is still there.
    fn archive(
        &self,
        project: &str,
        last: Revision,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Archived, StoreError> {
        let _ = (project, last, checkpoint);
        Err(StoreError::NoArchives)
    }

    /// Why nothing is written to a project, should its log not be the one that was acknowledged.
    fn broken(&self, project: &str) -> Option<String> {
        let _ = project;
        None
    }

    /// What was archived of a project, oldest first.
    ///
    /// # Errors
    /// The store could not be read.
    fn archives(&self, project: &str) -> Result<Vec<Archived>, StoreError> {
        let _ = project;
        Ok(Vec::new())
    }

    /// Copies all of it into a file that is not there yet, as it is at one moment, while others go on
    /// writing. The copy is a store.
    ///
    /// # Errors
    /// The store cannot be copied, or the file not written; it is then of no use.
    fn copy_to(&self, file: &std::path::Path) -> Result<(), StoreError> {
        let _ = file;
        Err(StoreError::NoCopies)
    }

    /// The events after `after`: [`Store::records`] with their payloads parsed.
    ///
    /// # Errors
    /// The store could not be read, or holds a payload that is not JSON.
    fn read(&self, project: &str, after: Revision, limit: usize) -> Result<Vec<Event>, StoreError> {
        let records = self.records(project, after, limit)?;
        records.into_iter().map(|record| Ok(Event::try_from(record)?)).collect()
    }
}

/// The end of a project's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its newest revision.
    pub revision: Revision,
    /// The hash chain up to there.
    pub hash: Hash,
}

/// A projection kept so that a start need not replay the whole log. The log is the truth: a
/// checkpoint that does not fit it is ignored.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The revision of the state in it.
    pub revision: Revision,
    /// The hash chain up to there: ties it to this log.
    pub hash: Hash,
    /// The state as JSON, see `projection::checkpoint`.
    pub body: String,
    /// A hash of all that stands above: finds bits that have rotted.
    pub digest: Hash,
}

/// Why a store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("the store could not be read or written{}", advice(.0))]
    Database(#[source] rusqlite::Error),
    /// A copy cannot be made where it was to be.
    #[error("the store cannot be copied")]
    Copy(#[source] std::io::Error),
    /// There is nothing to be copied.
    #[error("a store in memory cannot be copied")]
    NoCopies,
    /// There are no files beside it.
    #[error("a store in memory has no archives")]
    NoArchives,
    /// Those events cannot be archived.
    #[error("the events up to {last} cannot be archived: {why}")]
    NotArchived {
        /// The last of them.
        last: Revision,
        /// Why not.
        why: String,
    },
    /// An archive is not there, or not as it was written.
    #[error(
        "the archive `{file}` of the log cannot be read; put it back where it was, from a copy or a \
         backup"
    )]
    Archive {
        /// The file.
        file: String,
        /// What is wrong.
        source: ArchiveError,
    },
    /// An archive cannot be written. Its events are where they were.
    #[error("the archive `{file}` cannot be written; its events stay in the database")]
    NotWritten {
        /// The file.
        file: String,
        /// What is wrong.
        source: ArchiveError,
    },
    /// A stored payload was edited.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A stored value is of the wrong shape.
    #[error("the store is damaged: {0}{DAMAGED}")]
    Damaged(String),
    /// The disk, or the room given to the store, is full.
    #[error("the store is full: there is no room on the disk")]
    Full,
    /// It was closed, or stopped writing after a fault.
    #[error("the store has stopped: {0}")]
    Stopped(String),
}

/// Why an append was refused.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The log has moved on since the caller decided.
    #[error("the project is at revision {current}, not at {expected}")]
    Conflict {
        /// What the caller expected.
        expected: Revision,
        /// Where the log is.
        current: Revision,
    },
    /// Its id is that of an append of something else.
    #[error("the id `{id}` belongs to another append, which brought revision {last}")]
    Reused {
        /// The id.
        id: Uuid,
        /// The last revision of the append that it belongs to.
        last: Revision,
    },
    /// It has no changes.
    #[error("an append needs at least one change")]
    Empty,
    /// It is beyond a limit.
    #[error("{what} of an append may be {most} at most, not {given}")]
    TooLarge {
        /// Which limit: `the events`, `the bytes`, …
        what: &'static str,
        /// The limit.
        most: usize,
        /// What was given.
        given: usize,
    },
    /// The disk is full; nothing was appended, and it works again when there is room.
    #[error("the store is full: nothing was appended")]
    Full,
    /// Too many appends wait; nothing was appended.
    #[error("the store is busy: {} appends are waiting", crate::limits::APPEND_QUEUE)]
    Busy,
    /// The newest events of the project do not fit together: its log was edited.
    #[error("the log of `{project}` is broken and takes no more events: {message}")]
    Broken {
        /// The project.
        project: String,
        /// The first fault found.
        message: String,
    },
    /// The writer has stopped after a fault of the disk, or is being shut down.
    #[error("the store takes no more events: {0}")]
    Stopped(String),
    /// The store could not be read or written; nothing was appended.
    #[error(transparent)]
    Database(StoreError),
}

/// What to do about a file that is damaged.
const DAMAGED: &str = "; its file is damaged or is not a vexil store: restore a backup, or see what \
                       is wrong with `sqlite3 FILE \"PRAGMA integrity_check\"`";

/// What to do about an error of SQLite that does not say it itself: nothing but a damaged file, or
/// a disk that fails, makes it say that a table is missing, or a value of the wrong type.
#[must_use]
pub fn advice(error: &rusqlite::Error) -> &'static str {
    use rusqlite::ErrorCode as Code;
    let damaged = match error {
        rusqlite::Error::SqliteFailure(failure, _)
        | rusqlite::Error::SqlInputError { error: failure, .. } => matches!(
            failure.code,
            Code::Unknown | Code::DatabaseCorrupt | Code::NotADatabase | Code::SystemIoFailure
        ),
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    };
    if damaged { DAMAGED } else { "" }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        // The second: SQLite found no room for the index of its WAL.
        let full = error.sqlite_error().is_some_and(|error| {
            error.code == rusqlite::ErrorCode::DiskFull
                || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
        });
        if full { Self::Full } else { Self::Database(error) }
    }
}

impl From<StoreError> for AppendError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::Full,
            StoreError::Stopped(why) => Self::Stopped(why),
            other => Self::Database(other),
        }
    }
}

impl From<rusqlite::Error> for AppendError {
    fn from(error: rusqlite::Error) -> Self {
        StoreError::from(error).into()
    }
}
