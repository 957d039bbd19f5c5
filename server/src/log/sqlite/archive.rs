//! Archives of the store: which events went into which file, and the way there and back.
//!
//! In: a connection, the folder beside the store. Out: rows of `archives`, files, records. An event
//! is in the database until a file that holds it is on the disk and was read back; while it is taken
//! out, it is in both. A copy of a store holds its archives itself (`held`).

use std::fs::{self, File};
use std::io::{self, BufWriter, Cursor, Read, Seek, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::archived::{Placed, elsewhere, held, newest_first, of_event};
use super::read;
use crate::limits;
use crate::log::archive::{ArchiveError, Archived, Header, Reader, write};
use crate::log::canonical;
use crate::log::event::{Hash, Record, Revision};
use crate::log::store::{Checkpoint, Head, StoreError};

/// The folder of a store's archives.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// Where the bytes of an archive are.
trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

impl Folder {
    /// That of the store at `store`.
    pub(super) fn beside(store: &Path) -> Self {
        let mut path = store.as_os_str().to_owned();
        path.push(".archive");
        Self(path.into())
    }

    /// Writes `header`'s events into a file of its own, reads it back, and gives it its name.
    pub(super) fn write(
        &self,
        connection: &Connection,
        header: &Header,
    ) -> Result<Archived, StoreError> {
        let Header { before, end, .. } = header;
        let (first, last, hash) = (before.revision.next(), end.revision, end.hash);
        let file = name(header);
        let part = self.0.join(format!("{file}.part"));
        let made = self.make().map_err(WriteError::from).and_then(|()| {
            // Of an attempt that failed; whatever it is, it is not written through.
            let _ = fs::remove_file(&part);
            let made = fill(connection, header, &part)?;
            fs::rename(&part, self.0.join(&file))?;
            sync(&self.0)?;
            Ok(made)
        });
        match made {
            Ok((bytes, digest)) => Ok(Archived { first, last, hash, file, bytes, digest }),
            Err(error) => {
                // What is left of it is of no use.
                let _ = fs::remove_file(&part);
                Err(error.of(file))
            }
        }
    }

    fn make(&self) -> io::Result<()> {
        let mut folder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        match folder.create(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Err(_) => Ok(()),
            Ok(()) => self.0.parent().map_or(Ok(()), sync),
        }
    }

    fn path(&self, archived: &Archived) -> PathBuf {
        self.0.join(&archived.file)
    }

    /// Looks whether an archive is there, and by its index the one that was written.
    pub(super) fn check(&self, connection: &Connection, row: &Placed) -> Result<(), StoreError> {
        if held(connection, row, true)?.is_some() {
            return Ok(());
        }
        self.open(connection, row).map(drop)
    }

    /// Takes away what a process before this one has begun and not finished.
    pub(super) fn tidy(&self) {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().ends_with(".jsonl.zst.part") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Where they are.
    pub(super) fn place(&self) -> &Path {
        &self.0
    }

    fn open(
        &self,
        connection: &Connection,
        row: &Placed,
    ) -> Result<Reader<Box<dyn Source>>, StoreError> {
        let opened = match held(connection, row, false)? {
            Some(bytes) => Ok(Box::new(Cursor::new(bytes)) as Box<dyn Source>),
            None => self.file(row).map(|it| Box::new(it) as Box<dyn Source>),
        };
        let opened = opened.map_err(ArchiveError::from);
        let reader = opened.and_then(|source| Reader::open(source, Some(row.archived.digest)));
        reader.map_err(|source| StoreError::Archive { file: row.archived.file.clone(), source })
    }

    /// The file of an archive, if it has the size that was noted: what is in its place instead may
    /// be of any size, or a pipe.
    fn file(&self, row: &Placed) -> io::Result<File> {
        let path = self.path(&row.archived);
        let found = fs::metadata(&path)?;
        if !found.is_file() || found.len() != row.archived.bytes {
            let wanted = row.archived.bytes;
            return Err(io::Error::other(format!("it is no file of {wanted} bytes")));
        }
        File::open(path)
    }

    /// See `Store::records`.
    pub(super) fn records(
        &self,
        connection: &Connection,
        project: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError> {
        // One view of the file: events may be on their way from the one place to the other.
        let view = connection.unchecked_transaction()?;
        let stored = || read::records(&view, project, after, limit);
        let next = after.next();
        if read::has(&view, project, next)? {
            return stored();
        }
        let Some(row) = of_event(&view, project, next)? else { return stored() };
        let failed = |source| StoreError::Archive { file: row.archived.file.clone(), source };
        let mut records = self.open(&view, &row)?.records(after).map_err(failed)?;
        records.truncate(limit.min(limits::READ_EVENTS_MAX));
        let mut bytes = 0;
        let fits = records.iter().take_while(|record| {
            bytes += record.payload.len();
            bytes <= limits::READ_BYTES_MAX
        });
        let fits = fits.count().max(1);
        records.truncate(fits);
        Ok(records)
    }

    /// See `Store::checkpoint`.
    pub(super) fn checkpoint(
        &self,
        connection: &Connection,
        project: &str,
        at: Revision,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let view = connection.unchecked_transaction()?;
        let stored = read::checkpoint(&view, project, at)?;
        let Some(row) = newest_first(&view, project, at.0.saturating_add(1))? else {
            return Ok(stored);
        };
        let before = Revision(row.archived.first.0.saturating_sub(1));
        if stored.as_ref().is_some_and(|stored| stored.revision >= before) {
            return Ok(stored);
        }
        // An archive that cannot be read costs time here, and is named where its events are read.
        let header = match self.open(&view, &row) {
            Ok(mut reader) => reader.header().map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match header {
            Ok(header) => Ok(header.checkpoint.filter(|it| it.revision == before).or(stored)),
            Err(why) => {
                tracing::warn!(project, why, "an archive is not used");
                Ok(stored)
            }
        }
    }

    /// Puts the files of archives into a copy of the store.
    pub(super) fn carry(&self, copy: &Connection) -> Result<(), StoreError> {
        for row in elsewhere(copy)? {
            let failed = |source| StoreError::Archive { file: row.archived.file.clone(), source };
            let mut bytes = Vec::new();
            let read = self.file(&row).and_then(|file| {
                file.take(row.archived.bytes.saturating_add(1)).read_to_end(&mut bytes)
            });
            read.map_err(|source| failed(source.into()))?;
            Reader::open(Cursor::new(&bytes), Some(row.archived.digest))
                .and_then(|mut reader| reader.check())
                .map_err(failed)?;
            copy.execute("UPDATE archives SET held = ? WHERE rowid = ?", params![bytes, row.id])?;
        }
        Ok(())
    }
}

/// Why an archive was not written.
#[derive(Debug)]
enum WriteError {
    /// Its events cannot be read.
    Store(StoreError),
    /// It cannot be written, or did not come back.
    Archive(ArchiveError),
}

impl WriteError {
    /// Of the archive of this name.
    fn of(self, file: String) -> StoreError {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Store(error) => error,
            Self::Archive(ArchiveError::File(error))
                if matches!(error.kind(), StorageFull | QuotaExceeded) =>
            {
                StoreError::Full
            }
            Self::Archive(source) => StoreError::NotWritten { file, source },
        }
    }
}

impl From<ArchiveError> for WriteError {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(error)
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Archive(error.into())
    }
}

/// Writes an archive into a new file, brings it to the disk and reads it back; its size and digest.
fn fill(connection: &Connection, header: &Header, part: &Path) -> Result<(u64, Hash), WriteError> {
    let mut target = BufWriter::new(private(part)?);
    let (bytes, digest) = write(&mut target, header, |after| {
        let page = read::records(connection, &header.project, after, limits::READ_EVENTS_MAX);
        page.map_err(WriteError::Store)
    })?;
    target.flush()?;
    target.get_ref().sync_all()?;
    check(File::open(part)?, header, digest)?;
    Ok((bytes, digest))
}

/// Reads back all of an archive before anything relies on it.
fn check(file: File, header: &Header, digest: Hash) -> Result<(), ArchiveError> {
    let mut reader = Reader::open(file, Some(digest))?;
    let damaged = |why: String| Err(ArchiveError::Damaged(why));
    if reader.header()? != *header {
        return damaged("its first line did not come back".to_owned());
    }
    let (mut head, end) = (header.before, &header.end);
    while head.revision < end.revision {
        let records = reader.records(head.revision)?;
        if records.is_empty() {
            return damaged(format!("event {} did not come back", head.revision.next()));
        }
        for record in records {
            let hash = canonical::link(head.hash, &record);
            if record.revision != head.revision.next() || record.hash != hash {
                return damaged(format!("event {} is not as it was", record.revision));
            }
            head = Head { revision: record.revision, hash };
        }
    }
    if head == *end { Ok(()) } else { damaged("it ends with another hash".to_owned()) }
}

/// The name of an archive: of any two stretches another one, also of projects and of histories that
/// are called the same.
fn name(header: &Header) -> String {
    let Header { project, before, end, .. } = header;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let readable = project.chars().map(|it| if plain(it) { it } else { '_' });
    let readable: String = readable.take(64).collect();
    // The chain begins with the project's key, and holds all that came before.
    let distinct = end.hash.to_string();
    let distinct = distinct.get(..16).unwrap_or_default();
    let (first, last) = (before.revision.next().0, end.revision.0);
    format!("{readable}.{first:012}-{last:012}.{distinct}.jsonl.zst")
}

fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
