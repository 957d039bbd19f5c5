//! `vexil log archive` and `vexil log archives`: old events in files of their own.
//!
//! In: a project, and how many of its newest events stay in the database. Out: what was archived,
//! or what has been.

use clap::Args;
use owo_colors::OwoColorize;
use serde_json::{Value, json};

use super::super::exit::Exit;
use super::super::failure::{Failure, count};
use super::super::output::{Output, plain, table};
use super::super::remote::Remote;
use super::super::request::Request;
use crate::limits::KEEP_EVENTS;

pub(super) const EXAMPLES: &str = "\
A server archives by itself what is older than the newest events that it keeps (`vexil serve
--keep-events`). Archives stand in the folder FILE.archive beside the store, and are read like the
rest of the log.

Examples:
  vexil log archive -p shop                        all but the newest 100,000 events
  vexil log archive -p shop --keep 1000
  vexil log archives -p shop                       which there are
  zstd -dc vexil.db.archive/shop.*.zst | jq        read them without vexil";

/// What to archive.
#[derive(Args, Clone, Debug)]
pub struct Archive {
    /// How many of the newest events stay in the database; a write that is sent again under the same
    /// id is known by them only
    #[arg(long, value_name = "EVENTS", default_value_t = KEEP_EVENTS)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    keep: u64,
}

/// Runs `vexil log archive`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(archive: &Archive, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let path = ["v1", "projects", remote.project()?, "log", "archive"];
    let answer = remote.send(Request::post(path).json(json!({ "keep": archive.keep }))).await?;
    if out.json {
        out.json(&answer)?;
        return Ok(Exit::Success);
    }
    let archives = listed(&answer);
    let events: u64 = archives.iter().map(|it| number(it, "last") + 1 - number(it, "first")).sum();
    match usize::try_from(events).unwrap_or(usize::MAX) {
        0 => out.note(format_args!("nothing is older than the newest {} events", archive.keep)),
        events => {
            let (tick, files) = ("✓".green().bold().to_string(), count(archives.len(), "archive"));
            out.line(format_args!("{tick} {} went into {files}", count(events, "event")))?;
        }
    }
    show(&archives, out)
}

/// Runs `vexil log archives`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn list(remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let answer =
        remote.send(Request::get(["v1", "projects", remote.project()?, "log", "archives"])).await?;
    if out.json {
        out.json(&answer)?;
        return Ok(Exit::Success);
    }
    let archives = listed(&answer);
    if archives.is_empty() {
        out.note("nothing was archived: every event is in the database");
    }
    show(&archives, out)
}

fn listed(answer: &Value) -> Vec<Value> {
    answer.get("archives").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn number(archive: &Value, name: &str) -> u64 {
    archive.get(name).and_then(Value::as_u64).unwrap_or_default()
}

fn show(archives: &[Value], out: Output) -> Result<Exit, Failure> {
    if archives.is_empty() {
        return Ok(Exit::Success);
    }
    let mut rows = table(&["FROM", "TO", "BYTES", "FILE"]);
    for archive in archives {
        let text = |name: &str| number(archive, name).to_string();
        let file = plain(archive.get("file").and_then(Value::as_str).unwrap_or_default());
        rows.add_row([text("first"), text("last"), text("bytes"), file]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}
