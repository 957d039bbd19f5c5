//! `vexil backup` and `vexil restore`: the whole store in a file, and back.
//!
//! In: a server, or a backup. Out: a backup that was looked through from its first event to its
//! last, or a store that a server can be started on. Neither overwrites anything.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use futures_util::StreamExt as _;
use owo_colors::OwoColorize;
use serde_json::json;

use super::exit::Exit;
use super::failure::{Failure, count};
use super::output::{Output, pairs, plain};
use super::remote::{Remote, cause};
use super::request::Request;
use crate::hub::error::chain;
use crate::log::event::{Hash, Revision};
use crate::log::sqlite::SqliteStore;
use crate::log::store::Store as _;
use crate::log::verify::Verification;
use crate::projection::verify::verify;

pub(super) const EXAMPLES: &str = "\
The server goes on meanwhile. A backup is a store: it holds every log, and the digests of keys, and
wants to be kept like the store itself. The key that signs announcements is not in it; keep a copy of
`FILE.signing-key` once.

Examples:
  vexil backup shop-2026-11-27.db
  vexil restore shop-2026-11-27.db --store vexil.db      on a machine where nothing is there yet";

/// Where to.
#[derive(Args, Clone, Debug)]
pub struct Backup {
    /// The file to write; it must not be there yet
    file: PathBuf,
}

/// What, and where to.
#[derive(Args, Clone, Debug)]
pub struct Restore {
    /// The backup
    backup: PathBuf,
    /// The store to make of it; it must not be there yet
    #[arg(long, default_value = "vexil.db", value_name = "FILE")]
    store: PathBuf,
}

/// A log in a backup.
struct Log {
    project: String,
    events: Revision,
    head: Hash,
}

/// Runs `vexil backup`.
///
/// # Errors
/// The server is out of reach or refuses, the file cannot be written, or what came is not whole.
pub async fn run(backup: &Backup, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let file = &backup.file;
    absent(file)?;
    let folder = beside(file)?;
    let part = folder.path().join("part.db");
    let answer = remote.open(Request::get(["v1", "backup"])).await?;
    let mut target = private(&part)?;
    let mut body = answer.bytes_stream();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| remote.unreachable(cause(&error)))?;
        target.write_all(&chunk).map_err(|source| unwritten(file, source))?;
    }
    target.sync_all().map_err(|source| unwritten(file, source))?;
    drop(target);
    let logs = look_through(&part)?;
    place(&part, file)?;
    tell("backed up to", file, &logs, out)
}

/// Runs `vexil restore`.
///
/// # Errors
/// The backup is not whole, or the store is there already or cannot be written.
pub fn restore(restore: &Restore, out: Output) -> Result<Exit, Failure> {
    let Restore { backup, store } = restore;
    absent(store)?;
    nothing_beside(store)?;
    let failed = |source| unwritten(store, source);
    let folder = beside(store)?;
    let part = folder.path().join("part.db");
    let mut source = File::open(backup).map_err(|source| Failure::File {
        action: "read",
        path: backup.display().to_string(),
        source,
    })?;
    let mut target = private(&part)?;
    std::io::copy(&mut source, &mut target).map_err(failed)?;
    target.sync_all().map_err(failed)?;
    drop(target);
    let logs = look_through(&part)?;
    place(&part, store)?;
    tell("restored to", store, &logs, out)?;
    out.note(
        "services keep what they have until the log has passed the revision that they have seen,\n\
         or until they restart; put the old server's signing key beside the store, or they trust \
         nobody",
    );
    Ok(Exit::Success)
}

fn absent(file: &Path) -> Result<(), Failure> {
    match file.symlink_metadata() {
        Err(_) => Ok(()),
        Ok(_) => Err(Failure::Usage(format!("`{}` is there already", file.display()))),
    }
}

/// Refuses a place at which another store has left something: its journal would be taken for the
/// new one's, and the note of its heads, too.
fn nothing_beside(store: &Path) -> Result<(), Failure> {
    for end in ["-wal", "-shm", "-journal", ".heads", ".archive"] {
        let mut path = store.as_os_str().to_owned();
        path.push(end);
        let path = PathBuf::from(path);
        if path.symlink_metadata().is_ok() {
            return Err(Failure::Usage(format!(
                "`{}` is of the store that stood here: move it away, with all that belongs to it",
                path.display()
            )));
        }
    }
    Ok(())
}

/// A folder beside a file, in which it comes to be.
fn beside(file: &Path) -> Result<tempfile::TempDir, Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let made =
        tempfile::Builder::new().prefix(".vexil-").tempdir_in(folder.unwrap_or(Path::new(".")));
    made.map_err(|source| unwritten(file, source))
}

/// A new file for its owner only.
fn private(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| unwritten(path, source))
}

fn unwritten(path: &Path, source: std::io::Error) -> Failure {
    Failure::File { action: "write", path: path.display().to_string(), source }
}

/// Opens a copy and verifies all of it.
fn look_through(part: &Path) -> Result<Vec<Log>, Failure> {
    let broken = |why: String| Failure::Other(format!("the backup is not whole: {why}"));
    if File::open(part).and_then(|file| file.metadata()).is_ok_and(|found| found.len() == 0) {
        return Err(broken("it is empty".into()));
    }
    let store = SqliteStore::open(part).map_err(|error| broken(chain(&error)))?;
    let projects = store.projects().map_err(|error| broken(chain(&error)))?;
    let mut logs = Vec::new();
    for (project, _) in projects {
        match verify(&store, &project).map_err(|error| broken(chain(&error)))? {
            Verification::Whole(head) => {
                logs.push(Log { project, events: head.revision, head: head.hash });
            }
            Verification::Broken(fault) => {
                let why = format!("{project} at revision {}: {}", fault.revision, fault.message);
                return Err(broken(why));
            }
        }
    }
    Ok(logs)
}

/// Gives a finished file its name, unless something has it by now.
fn place(part: &Path, file: &Path) -> Result<(), Failure> {
    absent(file)?;
    std::fs::rename(part, file).map_err(|source| unwritten(file, source))?;
    // So that the name is on the disk, too.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn tell(what: &str, file: &Path, logs: &[Log], out: Output) -> Result<Exit, Failure> {
    if out.json {
        let logs: Vec<_> = logs
            .iter()
            .map(|log| json!({ "project": log.project, "events": log.events, "head_hash": log.head.to_string() }))
            .collect();
        out.json(&json!({ "file": file.display().to_string(), "logs": logs }))?;
        return Ok(Exit::Success);
    }
    let (tick, logs_told) = ("✓".green().bold().to_string(), count(logs.len(), "log"));
    let file = plain(&file.display().to_string());
    out.line(format_args!("{tick} {what} {file}: {logs_told}, each whole"))?;
    let mut rows = pairs();
    for log in logs {
        let events = usize::try_from(log.events.0).unwrap_or(usize::MAX);
        rows.add_row([plain(&log.project), count(events, "event"), log.head.to_string()]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}
