//! Opening the file: whose it is, who holds it, and under which settings.
//!
//! In: a path. Out: the connections of the store and the lock on the file. A file that is not
//! ours, or of a newer version, is found out from its first bytes, before SQLite may write to it.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::archive::Folder;
use super::{archived, read, schema};
use crate::hub::error::chain;
use crate::limits;
use crate::log::store::{StoreError, advice};
use crate::log::witness::Witness;

/// Why a store could not be opened. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("`{path}` is in use by another vexil{holder}; one process holds a store at a time")]
    InUse {
        /// The file.
        path: PathBuf,
        /// ` (process 17)`, where known.
        holder: String,
    },
    /// It is a directory, a device, a pipe, …
    #[error("`{0}` is not a regular file, and a store is one")]
    NotAFile(PathBuf),
    /// It has several names.
    #[error(
        "`{0}` has another name, too (a hard link): under that one it could be opened a second \
         time; remove the other name, or copy the file"
    )]
    ManyNames(PathBuf),
    /// It is no SQLite file.
    #[error("`{0}` is not a vexil store: it is not an SQLite file")]
    NotSqlite(PathBuf),
    /// It is an SQLite file of something else.
    #[error("`{0}` is not a vexil store: it is an SQLite file of another application")]
    Foreign(PathBuf),
    /// A Vexil before the first release wrote it.
    #[error(
        "`{0}` was written by a vexil before its first release; export its projects as documents \
         with that one, and apply them to a new store"
    )]
    Older(PathBuf),
    /// A newer Vexil wrote it.
    #[error(
        "`{path}` was written by a newer vexil: its version is {found}, this one reads {known}"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// A setting did not take.
    #[error(
        "sqlite did not take `{name} = {wanted}`: it says `{found}`; the store is not safe here"
    )]
    Setting {
        /// Which.
        name: &'static str,
        /// What was asked for.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// The file or its lock cannot be read or written.
    #[error("`{path}` cannot be opened")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("the store cannot be opened{}", advice(.0))]
    Database(#[from] rusqlite::Error),
    /// Its content could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No thread for the writer.
    #[error("the writer of the store cannot be started")]
    Writer(#[source] std::io::Error),
}

/// The right to the file, held until it is dropped. It is an advisory lock on a file of its own,
/// which the system takes back when the process ends in whatever way. The database cannot be
/// locked itself: SQLite's own exclusive mode would lock out our readers too.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// What [`open`] gives.
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) readers: Vec<Connection>,
    /// Where archives are.
    pub(super) archives: Folder,
    pub(super) witness: Witness,
    pub(super) lock: Lock,
}

/// Opens or creates the store at `path`.
pub(super) fn open(path: &Path) -> Result<Opened, OpenError> {
    // By whatever name it is reached, it is one file, with one lock and one journal beside it.
    let path = &real(path)?;
    // Before the lock too: what is not ours is to get no lock file beside it.
    identify(path)?;
    let lock = lock(path)?;
    identify(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    private(path)?;
    let mut writer = Connection::open_with_flags(path, flags)?;
    create(&mut writer, path)?;
    setting(&writer, "journal_mode", "WAL", "wal")?;
    settings(&writer)?;
    let archives = Folder::beside(path);
    forget_copies(path);
    go_on(&writer, &archives)?;
    let reader = || -> Result<Connection, OpenError> {
        // Not opened read-only: the first reader after a crash may have to recover the WAL.
        let reader = Connection::open_with_flags(path, flags)?;
        settings(&reader)?;
        setting(&reader, "query_only", "ON", "1")?;
        Ok(reader)
    };
    let readers = (0..limits::READERS).map(|_| reader()).collect::<Result<_, _>>()?;
    let mut witness = Witness::beside(path);
    witness.begin(read::projects(&writer)?);
    Ok(Opened { writer, readers, archives, witness, lock })
}

/// Takes away copies that a process before this one has not finished.
fn forget_copies(path: &Path) {
    let mut copies = path.as_os_str().to_owned();
    copies.push(super::COPIES);
    // Mostly there is none.
    let _ = std::fs::remove_dir_all(PathBuf::from(copies));
}

/// Makes a file that is not there, for its owner only; what SQLite puts beside it is, too.
fn private(path: &Path) -> Result<(), OpenError> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(OpenError::File { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

/// Goes on with what a process before this one has not finished: takes out events that are archived.
/// An archive that is not there is told: what stands in it cannot be read until it is.
fn go_on(writer: &Connection, folder: &Folder) -> Result<(), OpenError> {
    folder.tidy();
    for row in archived::all(writer)? {
        if let Err(error) = folder.check(writer, &row) {
            let (folder, error) = (folder.place().display(), chain(&error));
            tracing::error!(%folder, error, "an archive of the log is missing or damaged");
            // What is not in it any more may still be in the database, and stays there.
            continue;
        }
        while archived::forget(writer, row.project)? > 0 {}
    }
    Ok(())
}

/// Says whether the file could be opened, or made: as far as that can be told by looking.
pub(super) fn check(path: &Path) -> Result<(), OpenError> {
    let path = real(path)?;
    identify(&path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFile(path.clone())),
        Err(source) => Err(OpenError::File { path: path.clone(), source }),
    }
}

/// The path of the file without symbolic links; of one that is yet to be made, that of its folder.
fn real(path: &Path) -> Result<PathBuf, OpenError> {
    let failed = |source| OpenError::File { path: path.to_owned(), source };
    match path.canonicalize() {
        Ok(real) => {
            one_name(&real)?;
            Ok(real)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize().map_err(failed)?;
            Ok(folder.join(path.file_name().unwrap_or_default()))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Refuses a file that has another name, too: under that one it would have another journal.
#[cfg(unix)]
fn one_name(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path);
    let metadata = metadata.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    match metadata.is_file() && metadata.nlink() > 1 {
        true => Err(OpenError::ManyNames(path.to_owned())),
        false => Ok(()),
    }
}

#[cfg(not(unix))]
fn one_name(_: &Path) -> Result<(), OpenError> {
    Ok(())
}

fn lock(path: &Path) -> Result<Lock, OpenError> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let failed = |source| OpenError::File { path: PathBuf::from(&lock_path), source };
    let options = File::options().read(true).write(true).create(true).truncate(false).clone();
    let mut file = options.open(&lock_path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            let known = file.read_to_string(&mut process).is_ok() && !process.is_empty();
            let holder = if known { format!(" (process {process})") } else { String::new() };
            return Err(OpenError::InUse { path: path.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    write!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(Lock { _file: file })
}

/// Refuses a file that is not ours by its first 100 bytes (<https://sqlite.org/fileformat.html>,
/// 1.3): the user version stands at 60, the application id at 68, both big-endian. An absent or
/// empty file is new. Both values are written before the WAL is used, so they are never only there.
fn identify(path: &Path) -> Result<(), OpenError> {
    let mut header = Vec::new();
    // Opening a pipe would wait for somebody to write to it.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(OpenError::NotAFile(path.to_owned()));
    }
    match File::open(path) {
        Ok(file) => {
            let read = file.take(100).read_to_end(&mut header);
            read.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(OpenError::File { path: path.to_owned(), source }),
    }
    if header.is_empty() {
        return Ok(());
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(OpenError::NotSqlite(path.to_owned()));
    }
    let word = |at: usize| header.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    check_version(path, word(68).unwrap_or(0), word(60).unwrap_or(0))
}

fn check_version(path: &Path, application_id: u32, version: u32) -> Result<(), OpenError> {
    let path = path.to_owned();
    match (application_id, version) {
        (schema::APPLICATION_ID, schema::OLDEST..=schema::VERSION) => Ok(()),
        (schema::APPLICATION_ID, 1..schema::OLDEST) => Err(OpenError::Older(path)),
        (schema::APPLICATION_ID, found) if found > 0 => {
            Err(OpenError::Newer { path, found, known: schema::VERSION })
        }
        _ => Err(OpenError::Foreign(path)),
    }
}

/// Creates the tables of a new file, in one transaction and without a WAL: a crash leaves an empty
/// file or a whole one.
fn create(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let transaction = connection.transaction()?;
    let tables: u32 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if tables > 0 {
        let number = |name| transaction.pragma_query_value(None, name, |row| row.get(0));
        let version = number("user_version")?;
        check_version(path, number("application_id")?, version)?;
        return raise(transaction, version);
    }
    transaction.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    transaction.execute_batch(schema::CREATE)?;
    transaction.commit()?;
    Ok(())
}

/// Brings the tables of a file of an older version to this one, in one transaction: a crash leaves
/// the old version or the new one. An older Vexil then refuses the file.
fn raise(transaction: rusqlite::Transaction<'_>, version: u32) -> Result<(), OpenError> {
    let steps = schema::STEPS.iter().filter(|(from, _)| *from >= version);
    if version == schema::VERSION {
        return Ok(());
    }
    for (_, statements) in steps {
        transaction.execute_batch(statements)?;
    }
    transaction.pragma_update(None, "user_version", schema::VERSION)?;
    transaction.commit()?;
    tracing::info!(from = version, to = schema::VERSION, "the tables of the store were raised");
    Ok(())
}

fn settings(connection: &Connection) -> Result<(), OpenError> {
    schema::SETTINGS
        .iter()
        .try_for_each(|(name, value, expected)| setting(connection, name, value, expected))
}

/// Sets `name` and reads it back.
pub(super) fn setting(
    connection: &Connection,
    name: &'static str,
    value: &'static str,
    expected: &'static str,
) -> Result<(), OpenError> {
    // Some of these answer with a row, some do not; the value read back is what counts.
    let mut set = connection.prepare(&format!("PRAGMA {name} = {value}"))?;
    let mut rows = set.query(())?;
    while rows.next()?.is_some() {}
    let found = connection.pragma_query_value(None, name, |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => other.as_str()?.to_owned(),
        })
    })?;
    if found == expected { Ok(()) } else { Err(OpenError::Setting { name, wanted: value, found }) }
}
