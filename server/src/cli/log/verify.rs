//! `vexil log verify`: is the log what was written?
//!
//! In: a project on a server, or a store's file, where a server would not start. Out: the length
//! and the head of the log, or the first event that is not as it was, and an exit code.

use std::path::{Path, PathBuf};

use clap::Args;
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::Value;

use super::super::exit::Exit;
use super::super::failure::{Failure, count};
use super::super::output::{Output, plain};
use super::super::remote::Remote;
use super::super::request::Request;
use crate::log::event::{Hash, Revision};
use crate::log::sqlite::SqliteStore;
use crate::log::store::{Store, StoreError};
use crate::log::verify::{Verification, verify};

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
        Some((revision.parse().ok().filter(|revision| *revision > 0)?, Hash::parse(hash)?))
    });
    parsed.ok_or_else(|| "a revision from 1 on, a colon, and 64 hexadecimal digits".to_owned())
}

/// What was found of one project; the names are those of the HTTP API.
#[derive(Serialize)]
struct Found {
    project: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Found {
    fn broken(project: &str, revision: u64, message: String) -> Self {
        let (revision, message) = (Some(revision), Some(message));
        Self {
            project: project.to_owned(),
            ok: false,
            events: None,
            head_hash: None,
            revision,
            message,
        }
    }

    fn show(&self, out: Output) -> Result<(), Failure> {
        let project = plain(&self.project);
        if self.ok {
            let events = usize::try_from(self.events.unwrap_or_default()).unwrap_or(usize::MAX);
            let tick = "✓".green().bold().to_string();
            let events = count(events, "event");
            out.line(format_args!("{tick} the log of {project} is whole: {events}"))?;
            return out.line(format_args!(
                "  head hash {}",
                self.head_hash.as_deref().unwrap_or_default()
            ));
        }
        let (cross, revision) = ("✗".red().bold().to_string(), self.revision.unwrap_or_default());
        let message = plain(self.message.as_deref().unwrap_or_default());
        out.line(format_args!("{cross} the log of {project} is broken"))?;
        out.line(format_args!("  at revision {revision}: {message}"))
    }
}

/// Runs `vexil log verify`.
///
/// # Errors
/// The server or the store cannot be asked.
pub async fn run(arguments: &Verify, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let found = match &arguments.store {
        Some(file) => in_store(file, remote.named_project(), arguments.expect)?,
        None => {
            let project = remote.project()?;
            let path = ["v1", "projects", project, "log", "verify"];
            let answer = remote.send(Request::get(path)).await?;
            if out.json {
                out.json(&answer)?;
                return Ok(exit(answer.get("ok").and_then(Value::as_bool) == Some(true)));
            }
            vec![answered(project, &answer)]
        }
    };
    if out.json {
        out.json(&found)?;
    } else {
        found.iter().try_for_each(|found| found.show(out))?;
    }
    Ok(exit(found.iter().all(|found| found.ok)))
}

const fn exit(good: bool) -> Exit {
    if good { Exit::Success } else { Exit::Failure }
}

fn answered(project: &str, answer: &Value) -> Found {
    let text = |name| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name| answer.get(name).and_then(Value::as_u64);
    Found {
        project: project.to_owned(),
        ok: answer.get("ok").and_then(Value::as_bool) == Some(true),
        events: number("events"),
        head_hash: text("head_hash"),
        revision: number("revision"),
        message: text("message"),
    }
}

/// Verifies logs in a file that no server has open.
fn in_store(
    file: &Path,
    project: Option<&str>,
    expect: Option<(u64, Hash)>,
) -> Result<Vec<Found>, Failure> {
    // Opening would make it.
    if !file.exists() {
        return Err(Failure::Missing(format!("there is no store `{}`", file.display())));
    }
    let store = SqliteStore::open(file).map_err(|error| Failure::Other(error.to_string()))?;
    let cannot =
        |error: StoreError| Failure::Other(format!("cannot read `{}`: {error}", file.display()));
    let mut projects: Vec<String> =
        store.projects().map_err(cannot)?.into_iter().map(|(project, _)| project).collect();
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
    projects.iter().map(|project| one(&store, project, expect).map_err(cannot)).collect()
}

fn one(
    store: &SqliteStore,
    project: &str,
    expect: Option<(u64, Hash)>,
) -> Result<Found, StoreError> {
    let head = match verify(store, project)? {
        Verification::Whole(head) => head,
        Verification::Broken(fault) => {
            return Ok(Found::broken(project, fault.revision.0, fault.message));
        }
    };
    if let Some((revision, hash)) = expect {
        let records = store.records(project, Revision(revision - 1), 1)?;
        let fault = match records.first() {
            Some(record) if record.hash == hash => None,
            Some(record) => Some(format!(
                "its hash is {}, not the one that was noted: the log was rewritten",
                record.hash
            )),
            None => Some(format!(
                "the log ends at {}: what was written after it is gone",
                head.revision
            )),
        };
        if let Some(message) = fault {
            return Ok(Found::broken(project, revision, message));
        }
    }
    let (events, head_hash) = (Some(head.revision.0), Some(head.hash.to_string()));
    let project = project.to_owned();
    Ok(Found { project, ok: true, events, head_hash, revision: None, message: None })
}
