//! `vexil export`: a project as a document, or an environment's flag set.
//!
//! In: a project, a revision or none. Out: JSON, on standard output or in a file; it can be applied
//! again.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::remote::Remote;
use super::request::{Request, place_in_time};
use super::source;

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil export > flags.json
  vexil export --at 42 --output before.json        as it was at revision 42
  vexil export --at 2026-11-27T09:00:00Z           as it was that morning
  vexil export --flag-set -e production            one environment, as the compiler sees it";

/// What to export, and where to.
#[derive(Args, Clone, Debug)]
pub struct Export {
    /// As it was at this revision, or at this time (RFC 3339)
    #[arg(long, value_name = "REVISION|TIME", value_parser = place_in_time)]
    at: Option<String>,
    /// The flag set of the environment instead of the whole document
    #[arg(long)]
    flag_set: bool,
    /// Write to a file
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
}

/// Runs `vexil export`.
///
/// # Errors
/// The server is out of reach or refuses, or the file cannot be written.
pub async fn run(export: &Export, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let project = remote.project()?;
    let path = if export.flag_set {
        vec!["v1", "projects", project, "environments", remote.environment()?, "flags"]
    } else {
        vec!["v1", "projects", project, "document"]
    };
    let document = remote.send(Request::get(path).query_some("at", export.at.as_ref())).await?;
    let text = serde_json::to_string_pretty(&document).map_err(std::io::Error::from)?;
    source::write(&export.output, format!("{text}\n").as_bytes())?;
    if export.output.as_os_str() != "-" {
        out.note(format_args!("{} is written", source::name(&export.output)));
    }
    Ok(Exit::Success)
}
