//! `vexil head`: what is announced in an environment.
//!
//! In: an environment. Out: its announcement; with `--follow` every new one as it arrives over the
//! event stream, connecting again when the stream ends.

use std::time::Duration;

use clap::Args;
use futures_util::StreamExt as _;
use owo_colors::OwoColorize;
use serde_json::Value;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, pairs, plain};
use super::remote::{Remote, cause};
use super::request::Request;
use super::selected::{Selected, told};
use crate::clock;

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil head -p storefront -e production
  vexil head -p storefront -e production --follow      announcements as services get them
  vexil head -p storefront -e production --flags a,b   what a service that follows two flags is told";

/// How long to wait before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// How long a stream may be silent; the server sends a comment every 15 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// Bytes of one unfinished line of the stream; an announcement is far smaller.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Once, or for ever.
#[derive(Args, Clone, Debug)]
pub struct Head {
    /// Go on with new announcements as they arrive
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    selected: Selected,
}

/// Runs `vexil head`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(head: &Head, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let (project, environment) = (remote.project()?, remote.environment()?);
    let request = |last| {
        let path = ["v1", "projects", project, "environments", environment, last];
        head.selected.ask(Request::get(path))
    };
    if !head.follow {
        show(&remote.send(request("head")).await?, out)?;
        return Ok(Exit::Success);
    }
    let mut seen = None;
    let mut connected = false;
    loop {
        match follow(request("events"), remote, &mut seen, out).await {
            // A server that restarts comes back; one that was never there is a mistake.
            Err(Failure::Unreachable { reason, .. }) if connected || seen.is_some() => {
                out.note(format_args!("{}", plain(&reason).dimmed()));
            }
            Err(failure) => return Err(failure),
            Ok(()) => out.note(format_args!("{}", "the stream ended; connecting again".dimmed())),
        }
        connected = true;
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

/// Shows the announcements of one stream until it ends.
async fn follow(
    request: Request<'_>,
    remote: &Remote,
    seen: &mut Option<u64>,
    out: Output,
) -> Result<(), Failure> {
    let mut body = remote.open(request).await?.bytes_stream();
    let mut buffer = Vec::new();
    let mut event = String::new();
    loop {
        let chunk = tokio::time::timeout(SILENCE_MAX, body.next()).await;
        let Ok(chunk) = chunk else { return Ok(()) };
        let Some(chunk) = chunk else { return Ok(()) };
        buffer.extend_from_slice(&chunk.map_err(|error| remote.unreachable(cause(&error)))?);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            if let Some(name) = line.strip_prefix("event:") {
                event = name.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data:")
                && event == "announcement"
            {
                announced(data, seen, remote, out)?;
            }
        }
        if buffer.len() > LINE_BYTES_MAX {
            return Err(remote.answer("a line of the event stream does not end"));
        }
    }
}

/// Shows an announcement, unless it is the one that was shown last.
fn announced(
    data: &str,
    seen: &mut Option<u64>,
    remote: &Remote,
    out: Output,
) -> Result<(), Failure> {
    let announcement: Value =
        serde_json::from_str(data).map_err(|error| remote.answer(&error.to_string()))?;
    let revision = announcement.get("revision").and_then(Value::as_u64);
    if revision.is_some() && *seen == revision {
        return Ok(());
    }
    *seen = revision;
    if out.json {
        return out.json_line(&announcement);
    }
    let text = |name| announcement.get(name).and_then(Value::as_str).unwrap_or_default();
    let revision = format!("{:>5}", revision.unwrap_or_default());
    let (time, digest) = (time(&announcement, "published_at_ms"), plain(text("digest")));
    let digest: String = digest.chars().take(12).collect();
    let changed = plain(&changed(&announcement));
    out.line(format_args!("{}  {}  {digest}  {changed}", revision.bold(), time.dimmed()))
}

fn show(announcement: &Value, out: Output) -> Result<(), Failure> {
    if out.json {
        return out.json(announcement);
    }
    let text = |name| plain(announcement.get(name).and_then(Value::as_str).unwrap_or_default());
    let number = |name| announcement.get(name).and_then(Value::as_u64).unwrap_or_default();
    let mut rows = pairs();
    rows.add_row(["project", &text("project")]);
    rows.add_row(["environment", &text("environment")]);
    if let Some(selection) = told(announcement.get("selection")) {
        rows.add_row(["flags", &selection]);
    }
    rows.add_row(["revision", &number("revision").to_string()]);
    rows.add_row(["digest", &text("digest")]);
    rows.add_row(["bytes", &number("bytes").to_string()]);
    rows.add_row(["url", &text("url")]);
    rows.add_row(["changed", &plain(&changed(announcement))]);
    rows.add_row(["committed", &time(announcement, "committed_at_ms")]);
    rows.add_row(["published", &time(announcement, "published_at_ms")]);
    out.table(rows)
}

fn changed(announcement: &Value) -> String {
    match announcement.get("changed").and_then(Value::as_array) {
        None => "(not known)".to_owned(),
        Some(flags) if flags.is_empty() => "no flag".to_owned(),
        Some(flags) => {
            let flags: Vec<&str> = flags.iter().filter_map(Value::as_str).collect();
            super::output::some(&flags, 8)
        }
    }
}

fn time(announcement: &Value, name: &str) -> String {
    announcement.get(name).and_then(Value::as_i64).map(clock::rfc3339).unwrap_or_default()
}
