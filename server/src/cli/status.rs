//! `vexil status`: is the server up, and ready.
//!
//! In: where it is. Out: what it says of itself; the exit code tells scripts.

use owo_colors::OwoColorize;
use serde_json::{Value, json};

use super::exit::Exit;
use super::failure::{Failure, count};
use super::output::{Output, plain};
use super::remote::Remote;
use super::request::Request;

/// Runs `vexil status`.
///
/// # Errors
/// The server is out of reach, or not ready.
pub async fn run(remote: &Remote, out: Output) -> Result<Exit, Failure> {
    remote.bytes(Request::get(["healthz"])).await?;
    remote.bytes(Request::get(["readyz"])).await?;
    let answer = remote.send(Request::get(["v1", "projects"])).await?;
    let projects = answer.get("projects").and_then(Value::as_array).map_or(0, Vec::len);
    if out.json {
        out.json(&json!({ "server": remote.server(), "ready": true, "projects": projects }))?;
    } else {
        let (tick, server) = ("✓".green().bold().to_string(), plain(remote.server()));
        let projects = count(projects, "project");
        out.line(format_args!("{tick} {server} is ready and holds {projects}"))?;
    }
    Ok(Exit::Success)
}
