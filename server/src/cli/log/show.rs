//! `vexil log show`: events, oldest first.
//!
//! In: filters. Out: a line per event for people, a JSON object per line for programs. With
//! `--follow` it goes on until it is stopped, asking for what is new.

use std::collections::VecDeque;
use std::time::Duration;

use clap::Args;
use owo_colors::OwoColorize;
use serde::Deserialize;
use serde_json::Value;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::output::{Output, plain};
use super::super::remote::Remote;
use super::super::request::Request;
use crate::log::summary::summary;

pub(super) const EXAMPLES: &str = "\
With --json every event is one line.

Examples:
  vexil log show
  vexil log show --flag checkout-v2 --environment production --limit 5
  vexil log show --actor eva
  vexil log show --after 40                 everything since revision 40
  vexil log show --all --json | jq -r .actor | sort | uniq -c
  vexil log show --follow";

/// How many events one request asks for; the server gives no more.
const PAGE: u64 = 1_000;
/// How long to wait before asking again for new events.
const FOLLOW_PAUSE: Duration = Duration::from_millis(500);

/// Which events.
#[derive(Args, Clone, Debug)]
pub struct Show {
    /// Only of this flag
    #[arg(long, value_name = "KEY")]
    flag: Option<String>,
    /// At most this many: the last ones, or the first ones after --after
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Only after this revision
    #[arg(long, value_name = "REVISION")]
    after: Option<u64>,
    /// Every event
    #[arg(long, conflicts_with_all = ["limit", "after"])]
    all: bool,
    /// Go on with new events as they happen
    #[arg(short, long)]
    follow: bool,
}

/// The last events that are shown when nothing else is said.
const LAST: u64 = 20;

#[derive(Debug, Deserialize)]
struct Page {
    events: Vec<Value>,
    head: u64,
}

/// Runs `vexil log show`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(show: &Show, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let seen = match (show.after, show.all) {
        (Some(after), _) => first(show, after, show.limit.unwrap_or(u64::MAX), remote, out).await?,
        (None, true) => first(show, 0, u64::MAX, remote, out).await?,
        (None, false) => last(show, show.limit.unwrap_or(LAST), remote, out).await?,
    };
    if show.follow {
        follow(show, seen, remote, out).await?;
    }
    Ok(Exit::Success)
}

/// Shows the first events after a revision; gives the revision up to which they were looked at.
async fn first(
    show: &Show,
    mut after: u64,
    mut limit: u64,
    remote: &Remote,
    out: Output,
) -> Result<u64, Failure> {
    while limit > 0 {
        let asked = limit.min(PAGE);
        let page = page(show, after, asked, remote).await?;
        for event in &page.events {
            self::event(event, out)?;
        }
        let got = page.events.len() as u64;
        limit = limit.saturating_sub(got);
        match page.events.last().and_then(revision) {
            Some(last) => after = last,
            None => return Ok(page.head.max(after)),
        }
    }
    Ok(after)
}

/// Shows the last events.
async fn last(show: &Show, limit: u64, remote: &Remote, out: Output) -> Result<u64, Failure> {
    let project = remote.send(Request::get(["v1", "projects", remote.project()?])).await?;
    let head = revision(&project).unwrap_or_default();
    // Without a filter the place of the last events is known; with one, all have to be looked at.
    let filters = [show.flag.as_deref(), remote.given_actor(), remote.given_environment()];
    let filtered = filters.iter().any(Option::is_some);
    let mut after = if filtered { 0 } else { head.saturating_sub(limit) };
    let mut events = VecDeque::new();
    loop {
        let page = page(show, after, PAGE, remote).await?;
        match page.events.last().and_then(revision) {
            Some(last) => after = last,
            None => {
                after = page.head.max(after);
                break;
            }
        }
        events.extend(page.events);
        while events.len() as u64 > limit {
            events.pop_front();
        }
    }
    for event in &events {
        self::event(event, out)?;
    }
    Ok(after)
}

async fn follow(show: &Show, mut after: u64, remote: &Remote, out: Output) -> Result<(), Failure> {
    loop {
        tokio::time::sleep(FOLLOW_PAUSE).await;
        after = first(show, after, u64::MAX, remote, out).await?;
    }
}

async fn page(show: &Show, after: u64, limit: u64, remote: &Remote) -> Result<Page, Failure> {
    let request = Request::get(["v1", "projects", remote.project()?, "log"])
        .query("after", after)
        .query("limit", limit)
        .query_some("flag", show.flag.as_ref())
        .query_some("actor", remote.given_actor())
        .query_some("environment", remote.given_environment());
    let answer = remote.send(request).await?;
    Page::deserialize(&answer).map_err(|error| remote.answer(&error.to_string()))
}

fn revision(event: &Value) -> Option<u64> {
    event.get("revision")?.as_u64()
}

/// One event.
///
/// # Errors
/// Standard output is gone.
pub fn event(event: &Value, out: Output) -> Result<(), Failure> {
    if out.json {
        return out.json_line(event);
    }
    let text = |name| plain(event.get(name).and_then(Value::as_str).unwrap_or_default());
    let payload = event.get("payload").unwrap_or(&Value::Null);
    let what = plain(&summary(&text("kind"), payload));
    // The key with which it was done, where that does not follow from the name.
    let via = event.pointer("/via/key").and_then(Value::as_str);
    let via = via.map(|key| format!("  key {}", plain(key))).unwrap_or_default();
    let comment = text("comment");
    let comment = if comment.is_empty() { comment } else { format!("  “{comment}”") };
    let (revision, time, actor) =
        (format!("{:>5}", revision(event).unwrap_or_default()), text("time"), text("actor"));
    out.line(format_args!(
        "{}  {}  {}  {what}{}{}",
        revision.bold(),
        time.dimmed(),
        format_args!("{actor:<10}").cyan(),
        comment.italic(),
        via.dimmed(),
    ))
}
