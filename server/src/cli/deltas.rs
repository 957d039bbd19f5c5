//! `vexil deltas`: what changed in an environment since a revision.
//!
//! In: a revision. Out: the flags and segments that differ, or a snapshot when the revision is too
//! old.

use clap::Args;
use owo_colors::OwoColorize;
use serde_json::Value;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, plain};
use super::remote::Remote;
use super::request::Request;

/// Since when.
#[derive(Args, Clone, Debug)]
pub struct Deltas {
    /// The revision that is known
    #[arg(long, value_name = "REVISION")]
    since: u64,
}

/// Runs `vexil deltas`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(deltas: &Deltas, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let (project, environment) = (remote.project()?, remote.environment()?);
    let path = ["v1", "projects", project, "environments", environment, "deltas"];
    let answer = remote.send(Request::get(path).query("since", deltas.since)).await?;
    if out.json {
        out.json(&answer)?;
        return Ok(Exit::Success);
    }
    let number = |name| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let whole = answer.get("snapshot").and_then(Value::as_bool) == Some(true);
    let what = if whole { "a snapshot of everything" } else { "changes" };
    let title =
        format!("{}: revisions {} to {}: {what}", environment, number("from"), number("to"));
    out.line(plain(&title).bold())?;
    for (noun, name) in [("flag", "flags"), ("segment", "segments")] {
        let items = answer.get(name).and_then(Value::as_object).into_iter().flatten();
        for (key, item) in items {
            let key = plain(key);
            if item.is_null() {
                out.line(format_args!("  {} {noun} {key}", "-".red()))?;
            } else {
                out.line(format_args!("  {} {noun} {key}", "~".yellow()))?;
            }
        }
    }
    Ok(Exit::Success)
}
