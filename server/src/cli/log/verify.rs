//! `vexil log verify`: is the log what was written?
//!
//! In: a project on a server, or a store's file, where a server would not start. Out: the length
//! and the head of the log, or the first event that is not as it was, and an exit code.

use std::path::{Path, PathBuf};

use clap::Args;
use owo_colors::OwoColorize;
use serde_json::Value;

use super::super::exit::Exit;
use super::super::failure::{Failure, count};
use super::super::output::{Output, plain};
use super::super::remote::Remote;
use super::super::request::Request;
use crate::hub::error::chain;
use crate::log::event::{Hash, Revision};
use crate::log::sqlite::SqliteStore;
use crate::log::store::{Store, StoreError};
use crate::log::verify::{Fault, Verification};
use crate::projection::verify::verify;

pub const EXAMPLES: &str = "\
Examples:
  vexil log verify -p shop                          ask the server
  vexil log verify --store vexil.db                 every log in a file that no server has open
  vexil log verify --store vexil.db -p shop --expect 42:6477a050…
                                                    and is it the one of which that was noted?";

/// What to verify.
#[derive(Args, Clone, Debug)]
pub struct Verify {
    /// A store's file, when no server has it open; every project in it unless one is named
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// A head that was noted before: the log has to have been there
    #[arg(long, value_name = "REVISION:HASH", requires = "store", value_parser = noted)]
    expect: Option<(u64, Hash)>,
}

fn noted(text: &str) -> Result<(u64, Hash), String> {
    let parsed = text.split_once(':').and_then(|(revision, hash)| {
        let revision = Revision::parse(revision).filter(|it| *it > Revision::ZERO)?;
        Some((revision.0, Hash::parse(&hash.to_lowercase())?))
    });
    parsed.ok_or_else(|| "a revision from 1 on, a colon, and 64 hexadecimal digits".to_owned())
}

/// Runs `vexil log verify`.
///
/// # Errors
/// The server or the store cannot be asked.
pub async fn run(arguments: &Verify, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    if let Some(file) = &arguments.store {
        let found = in_store(file, remote.named_project(), arguments.expect)?;
        if out.json {
            out.json(&found)?;
        } else {
            found.iter().try_for_each(|found| show(found, out))?;
        }
        return Ok(exit(found.iter().all(is_whole)));
    }
    let project = remote.project()?;
    let path = ["v1", "projects", project, "log", "verify"];
    let answer = remote.send(Request::get(path)).await?;
    if out.json {
        out.json(&answer)?;
    } else {
        show(&of(project, answer.clone()), out)?;
    }
    Ok(exit(is_whole(&answer)))
}

const fn exit(good: bool) -> Exit {
    if good { Exit::Success } else { Exit::Failure }
}

fn is_whole(found: &Value) -> bool {
    found.get("ok").and_then(Value::as_bool) == Some(true)
}

/// What was found, with whose it is.
fn of(project: &str, mut found: Value) -> Value {
    if let Some(members) = found.as_object_mut() {
        members.insert("project".to_owned(), project.into());
    }
    found
}

fn show(found: &Value, out: Output) -> Result<(), Failure> {
    let text = |name| plain(found.get(name).and_then(Value::as_str).unwrap_or_default());
    let number = |name| found.get(name).and_then(Value::as_u64).unwrap_or_default();
    let project = text("project");
    if is_whole(found) {
        let events = count(usize::try_from(number("events")).unwrap_or(usize::MAX), "event");
        let tick = "✓".green().bold().to_string();
        out.line(format_args!("{tick} the log of {project} is whole: {events}"))?;
        return out.line(format_args!("  head hash {}", text("head_hash")));
    }
    let (cross, revision) = ("✗".red().bold().to_string(), number("revision"));
    out.line(format_args!("{cross} the log of {project} is broken"))?;
    out.line(format_args!("  at revision {revision}: {}", text("message")))
}

/// Verifies logs in a file that no server has open.
fn in_store(
    file: &Path,
    project: Option<&str>,
    expect: Option<(u64, Hash)>,
) -> Result<Vec<Value>, Failure> {
    // Opening would make it, also of an empty file.
    match std::fs::metadata(file) {
        Err(_) => {
            return Err(Failure::Missing(format!("there is no store `{}`", file.display())));
        }
        Ok(found) if found.is_file() && found.len() == 0 => {
            return Err(Failure::Other(format!("`{}` is empty: it is no store", file.display())));
        }
        Ok(_) => {}
    }
    let store = SqliteStore::open(file).map_err(|error| Failure::Other(chain(&error)))?;
    let cannot = |error: StoreError| {
        Failure::Other(format!("cannot read `{}`: {}", file.display(), chain(&error)))
    };
    let orphans = store.orphans().map_err(cannot)?;
    if orphans > 0 {
        return Err(Failure::Other(format!(
            "`{}` is broken: {orphans} events belong to no project; somebody has taken a project's \
             row away",
            file.display()
        )));
    }
    let mut projects: Vec<String> =
        store.projects().map_err(cannot)?.into_iter().map(|(project, _)| project).collect();
    if projects.is_empty() {
        return Err(Failure::Other(format!(
            "there is no log in `{}`; was it copied without the file `{0}-wal` beside it?",
            file.display()
        )));
    }
    if let Some(wanted) = project {
        projects.retain(|project| project == wanted);
        if projects.is_empty() {
            let text = format!("`{}` has no project `{wanted}`", file.display());
            return Err(Failure::Missing(text));
        }
    }
    if expect.is_some() && project.is_none() {
        return Err(Failure::Usage("whose head is expected? name a project by `-p`".into()));
    }
    let each = projects.iter().map(|project| {
        let found = one(&store, project, expect).map_err(cannot)?;
        Ok(of(project, found.to_json()))
    });
    each.collect()
}

fn one(
    store: &SqliteStore,
    project: &str,
    expect: Option<(u64, Hash)>,
) -> Result<Verification, StoreError> {
    let found = verify(store, project)?;
    let (Verification::Whole(head), Some((revision, hash))) = (&found, expect) else {
        return Ok(found);
    };
    let records = store.records(project, Revision(revision - 1), 1)?;
    let message = match records.first() {
        Some(record) if record.hash == hash => return Ok(found),
        Some(record) => {
            format!(
                "its hash is {}, not the one that was noted: the log was rewritten, unless the \
                 note is wrong",
                record.hash
            )
        }
        None => format!("the log ends at {}: what was written after it is gone", head.revision),
    };
    Ok(Verification::Broken(Fault { revision: Revision(revision), message }))
}
