//! `vexil apply FILE`: make a project equal to a document.
//!
//! In: a document in YAML or JSON. Out: its faults, found here before anything is sent; what there
//! is to warn about; the plan; and what came of it. With `--dry-run` nothing is changed.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};

use clap::Args;
use owo_colors::OwoColorize;
use serde::Deserialize;
use serde_json::Value;
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::document;
use vexil_compiler::flag_set::Project;

use super::exit::Exit;
use super::failure::{Failure, count};
use super::fault;
use super::output::{Output, plain};
use super::remote::Remote;
use super::request::Request;
use super::source;

pub(super) const EXAMPLES: &str = "\
Examples:
  vexil apply flags.yaml
  vexil apply flags.yaml --dry-run                 show the plan, change nothing
  vexil apply flags.yaml --prune -m 'clean up'     also archive what the document does not name
  jq '.flags.\"checkout-v2\".tags = [\"web\"]' flags.json | vexil apply -";

/// What to apply, and how.
#[derive(Args, Clone, Debug)]
pub struct Apply {
    /// A flag document in YAML or JSON; `-` is standard input
    pub file: PathBuf,
    /// Show the plan, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Archive flags and delete segments that the document does not name
    #[arg(long)]
    pub prune: bool,
    /// Do not ask before something is archived or deleted
    #[arg(short, long)]
    pub yes: bool,
}

/// The server's answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    revision: u64,
    repeated: bool,
    events: Vec<Value>,
    plan: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Step {
    action: String,
    pointer: String,
    summary: String,
}

/// Reads and checks a document.
///
/// # Errors
/// It cannot be read, or has faults: all of them.
pub fn read(file: &Path) -> Result<(String, Project), Failure> {
    let text = source::text(file)?;
    match document::read(&text) {
        Ok(project) => Ok((text, project)),
        Err(faults) => Err(Failure::Flags { name: source::name(file), text, faults }),
    }
}

/// Reads and checks a document, and finds what there is to warn about.
///
/// # Errors
/// As [`read`].
pub fn read_and_lint(file: &Path) -> Result<(String, Project, Vec<Diagnostic>), Failure> {
    let text = source::text(file)?;
    match document::read_and_lint(&text) {
        Ok((project, warnings)) => Ok((text, project, warnings)),
        Err(faults) => Err(Failure::Flags { name: source::name(file), text, faults }),
    }
}

/// Runs `vexil apply`.
///
/// # Errors
/// The document has faults, or the server is out of reach or refuses.
pub async fn run(apply: &Apply, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let (text, document, warnings) = read_and_lint(&apply.file)?;
    let project = project(&document, remote)?;
    if !warnings.is_empty() {
        out.note(fault::listed(&source::name(&apply.file), &text, &warnings));
    }
    let request = |dry_run: bool| {
        let path = ["v1", "projects", project, "apply"];
        let json = text.trim_start().starts_with('{');
        let media_type = if json { "application/json" } else { "application/yaml" };
        let request = Request::post(path).body(media_type, text.clone().into_bytes());
        let request = request.query_some("dry_run", dry_run.then_some(true));
        request.query_some("prune", apply.prune.then_some(true))
    };
    if apply.dry_run {
        return told(&remote.send(request(true)).await?, project, true, out);
    }
    let mut bound = None;
    if asks(apply, out) {
        let planned = remote.send(request(true)).await?;
        let answer = Answer::read(&planned)?;
        if answer.plan.iter().any(Step::takes_away) {
            plan(&answer.plan, out)?;
            if !agreed()? {
                return Err(Failure::Other("not applied".into()));
            }
            // What is done is what was shown.
            bound = Some(answer.revision);
        }
    }
    let request = request(false);
    let request = match bound {
        Some(revision) => request.if_match(revision),
        None => request,
    };
    told(&remote.send(request).await?, project, false, out)
}

/// Whose document it is: what it says and what the caller says have to agree.
fn project<'a>(document: &'a Project, remote: &'a Remote) -> Result<&'a str, Failure> {
    match (document.key.as_deref(), remote.named_project()) {
        (Some(key), None) => Ok(key),
        (Some(key), Some(named)) if key == named => Ok(key),
        (Some(key), Some(named)) => Err(Failure::Usage(format!(
            "the document is for project `{key}`, but --project or VEXIL_PROJECT says `{named}`"
        ))),
        (None, _) => remote.project(),
    }
}

/// Whether to ask before something is taken away: only a person who can answer is asked.
fn asks(apply: &Apply, out: Output) -> bool {
    let from_stdin = apply.file.as_os_str() == "-";
    apply.prune && !apply.yes && !out.json && !from_stdin && std::io::stdin().is_terminal()
}

fn agreed() -> Result<bool, Failure> {
    let mut stderr = anstream::stderr();
    std::io::Write::write_all(&mut stderr, b"Apply this? [y/N] ")?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

impl Answer {
    fn read(answer: &Value) -> Result<Self, Failure> {
        let read = Self::deserialize(answer);
        read.map_err(|error| Failure::Other(format!("the plan cannot be read: {error}")))
    }
}

impl Step {
    fn takes_away(&self) -> bool {
        matches!(self.action.as_str(), "archive" | "delete")
    }
}

fn told(answer: &Value, project: &str, dry_run: bool, out: Output) -> Result<Exit, Failure> {
    if out.json {
        out.json(answer)?;
        return Ok(Exit::Success);
    }
    let answer = Answer::read(answer)?;
    plan(&answer.plan, out)?;
    let (tick, project) = ("✓".green().bold().to_string(), plain(project));
    let revision = format!("(revision {})", answer.revision);
    let revision = revision.dimmed();
    let steps = count(answer.plan.len(), "change");
    match (answer.plan.is_empty(), dry_run) {
        (true, _) if answer.repeated => out.line(format_args!(
            "{tick} {project} was made equal to the document before {revision}"
        ))?,
        (true, _) => out.line(format_args!(
            "{tick} {project} is equal to the document: nothing to change {revision}"
        ))?,
        (false, true) => out.line(format_args!(
            "{steps} to {project}; not applied, because this is a dry run {revision}"
        ))?,
        (false, false) => {
            let events = count(answer.events.len(), "event");
            out.line(format_args!("{tick} {steps} to {project} applied as {events} {revision}"))?;
        }
    }
    Ok(Exit::Success)
}

/// The steps, each behind a mark.
fn plan(plan: &[Step], out: Output) -> Result<(), Failure> {
    for step in plan {
        let mark = match step.action.as_str() {
            "create" => "+".green().to_string(),
            "change" => "~".yellow().to_string(),
            _ => "-".red().to_string(),
        };
        let summary = plain(&step.summary);
        if step.pointer.is_empty() {
            out.line(format_args!("  {mark} {summary}"))?;
        } else {
            out.line(format_args!("  {mark} {summary}  {}", plain(&step.pointer).dimmed()))?;
        }
    }
    Ok(())
}
