//! `vexil log …`: what happened to a project, whether the record is whole, and going back.
//!
//! In: filters and revisions. Out: events, the result of the check, or the revert. Showing is in
//! `log/show.rs`, the check in `log/verify.rs`.

use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::remote::Remote;
use super::request::Request;
use super::written::written;

pub mod archive;

pub mod export;

pub mod show;

pub mod verify;

/// What to do with the log.
#[derive(Subcommand, Clone, Debug)]
pub enum LogCommand {
    /// Show what happened, oldest first; the last 20 events unless told otherwise
    #[command(after_help = show::EXAMPLES)]
    Show(show::Show),
    /// Write the log for an audit, as CSV or JSON Lines
    #[command(after_help = export::EXAMPLES)]
    Export(export::Export),
    /// Check that nobody has edited the log: recomputes its hash chain on the server, or in a file
    #[command(after_help = verify::EXAMPLES)]
    Verify(verify::Verify),
    /// Move old events into files of their own, now
    #[command(after_help = archive::EXAMPLES)]
    Archive(archive::Archive),
    /// List the archives of the log
    #[command(after_help = archive::EXAMPLES)]
    Archives,
    /// Go back to what was at a revision; the log keeps both
    #[command(after_help = REVERT_EXAMPLES)]
    Revert(Revert),
}

const REVERT_EXAMPLES: &str = "\
Examples:
  vexil log revert --to 42 -e production -m 'checkout is broken'
  vexil log revert --to 42 --whole-project";

/// Where to go back to.
#[derive(Args, Clone, Debug)]
pub struct Revert {
    /// The revision
    #[arg(long, value_name = "REVISION")]
    to: u64,
    /// Every environment, and definitions and segments too
    #[arg(long)]
    whole_project: bool,
}

/// Runs `vexil log …`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(command: &LogCommand, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    match command {
        LogCommand::Show(show) => show::run(show, remote, out).await,
        LogCommand::Export(export) => export::run(export, remote, out).await,
        LogCommand::Verify(verify) => verify::run(verify, remote, out).await,
        LogCommand::Archive(archive) => archive::run(archive, remote, out).await,
        LogCommand::Archives => archive::list(remote, out).await,
        LogCommand::Revert(revert) => self::revert(revert, remote, out).await,
    }
}

async fn revert(revert: &Revert, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let project = remote.project()?;
    let mut body = json!({ "to": revert.to });
    let environment = match (revert.whole_project, remote.named_environment()) {
        (true, _) => None,
        (false, Some(environment)) => Some(environment),
        (false, None) => {
            return Err(Failure::Usage(
                "what goes back? name one with `--environment KEY`, or say `--whole-project`"
                    .into(),
            ));
        }
    };
    if let (Some(environment), Some(body)) = (environment, body.as_object_mut()) {
        body.insert("environment".into(), environment.into());
    }
    let path = ["v1", "projects", project, "revert"];
    let answer = remote.send(Request::post(path).json(&body)).await?;
    let what = environment.map_or_else(|| format!("project {project}"), str::to_owned);
    written(out, &answer, &format!("{what} is as it was at revision {}", revert.to))
}
