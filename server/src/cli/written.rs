//! What came of a change.
//!
//! In: the server's answer to a write. Out: one line for people, or the answer itself for programs.

use owo_colors::OwoColorize;
use serde_json::Value;

use super::exit::Exit;
use super::failure::Failure;
use super::output::{Output, plain};

/// Tells that `what` is now so.
///
/// # Errors
/// Standard output is gone.
pub fn written(out: Output, answer: &Value, what: &str) -> Result<Exit, Failure> {
    if out.json {
        out.json(answer)?;
        return Ok(Exit::Success);
    }
    let revision = answer.get("revision").and_then(Value::as_u64).unwrap_or_default();
    let events = answer.get("events").and_then(Value::as_array).map_or(0, Vec::len);
    let repeated = answer.get("repeated").and_then(Value::as_bool) == Some(true);
    let note = match (repeated, events) {
        (true, _) => format!("(it was made before; revision {revision})"),
        (false, 0) => format!("(nothing to change; revision {revision})"),
        (false, _) => format!("(revision {revision})"),
    };
    out.line(format_args!("{} {} {}", "✓".green().bold(), plain(what), note.dimmed()))?;
    Ok(Exit::Success)
}
