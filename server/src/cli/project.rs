//! `vexil project …` and `vexil environment …`.
//!
//! In: keys. Out: what the server says of projects and environments.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::exit::Exit;
use super::failure::{Failure, count};
use super::output::{Output, plain, table};
use super::remote::Remote;
use super::request::Request;
use super::written::written;

/// What to do with projects.
#[derive(Subcommand, Clone, Debug)]
pub enum ProjectCommand {
    /// List the projects of the server
    List,
    /// Show a project: its revision, environments, and how much is in it
    Show {
        /// The project's key [default: that of --project]
        key: Option<String>,
    },
    /// Create a project
    Create(Create),
    /// List sensitive attributes, of which pages get no more than digests, or say which they are
    #[command(after_help = SENSITIVE_EXAMPLES)]
    Sensitive(Sensitive),
}

const SENSITIVE_EXAMPLES: &str = "\
Examples:
  vexil project sensitive                          list them
  vexil project sensitive email company.tax_id     these and no others
  vexil project sensitive --none";

/// Which attributes are sensitive.
#[derive(Args, Clone, Debug)]
pub struct Sensitive {
    /// Paths of all of them; each covers what is below it
    #[arg(value_name = "ATTRIBUTE")]
    pub attributes: Vec<String>,
    /// No attribute is
    #[arg(long, conflicts_with = "attributes")]
    pub none: bool,
}

/// A new project.
#[derive(Args, Clone, Debug)]
pub struct Create {
    /// The project's key: 1 to 64 characters from a-z A-Z 0-9 - _ .
    pub key: String,
    /// Its environments, in order
    #[arg(long, value_delimiter = ',', value_name = "KEYS")]
    #[arg(default_value = "development,production")]
    pub environments: Vec<String>,
}

/// What to do with environments.
#[derive(Subcommand, Clone, Debug)]
pub enum EnvironmentCommand {
    /// List the environments of the project
    List,
    /// Create an environment in the project
    Create {
        /// The environment's key: 1 to 64 characters from a-z A-Z 0-9 - _ .
        key: String,
    },
    /// Say what holds of changes in an environment; takes an admin key
    #[command(after_help = SET_EXAMPLES)]
    Set(Set),
}

const SET_EXAMPLES: &str = "\
Examples:
  vexil environment set production --require-reason true      every change needs --comment
  vexil environment set staging --require-reason false";

/// What holds of changes in an environment.
#[derive(Args, Clone, Debug)]
pub struct Set {
    /// The environment's key
    pub key: String,
    /// Does every change need a comment
    #[arg(long, value_name = "TRUTH", action = clap::ArgAction::Set)]
    pub require_reason: bool,
}

/// Runs `vexil project …`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run(command: &ProjectCommand, remote: &Remote, out: Output) -> Result<Exit, Failure> {
    match command {
        ProjectCommand::List => list(remote, out).await,
        ProjectCommand::Show { key } => {
            let project = match key {
                Some(key) => key,
                None => remote.project()?,
            };
            show(&remote.send(Request::get(["v1", "projects", project])).await?, out)
        }
        ProjectCommand::Create(create) => {
            let body = json!({ "key": create.key, "environments": create.environments });
            let answer = remote.send(Request::post(["v1", "projects"]).json(&body)).await?;
            written(out, &answer, &format!("project {} is there", create.key))
        }
        ProjectCommand::Sensitive(sensitive) => sensitive_attributes(sensitive, remote, out).await,
    }
}

async fn sensitive_attributes(
    sensitive: &Sensitive,
    remote: &Remote,
    out: Output,
) -> Result<Exit, Failure> {
    let project = remote.project()?;
    let path = ["v1", "projects", project, "sensitive"];
    let Sensitive { attributes, none } = sensitive;
    if !attributes.is_empty() || *none {
        let body = json!({ "attributes": attributes });
        let answer = remote.send(Request::put(path).json(&body)).await?;
        let done = match attributes.len() {
            0 => format!("no attribute of {project} is sensitive"),
            some => format!("{} of {project}", count(some, "sensitive attribute")),
        };
        return written(out, &answer, &done);
    }
    let answer = remote.send(Request::get(path)).await?;
    if out.json {
        out.json(&answer)?;
        return Ok(Exit::Success);
    }
    let attributes = answer.get("attributes").and_then(Value::as_array);
    for attribute in attributes.into_iter().flatten().filter_map(Value::as_str) {
        out.line(plain(attribute))?;
    }
    if attributes.is_none_or(Vec::is_empty) {
        out.note(format_args!("no attribute of {} is sensitive", plain(project)));
    }
    Ok(Exit::Success)
}

/// Runs `vexil environment …`.
///
/// # Errors
/// The server is out of reach or refuses.
pub async fn run_environment(
    command: &EnvironmentCommand,
    remote: &Remote,
    out: Output,
) -> Result<Exit, Failure> {
    let project = remote.project()?;
    match command {
        EnvironmentCommand::List => {
            let answer = remote.send(Request::get(["v1", "projects", project])).await?;
            let environments = answer.get("environments").cloned().unwrap_or_default();
            if out.json {
                out.json(&json!({ "environments": environments }))?;
            } else {
                for key in environments.as_array().into_iter().flatten() {
                    out.line(plain(key.as_str().unwrap_or_default()))?;
                }
            }
            Ok(Exit::Success)
        }
        EnvironmentCommand::Create { key } => {
            let path = ["v1", "projects", project, "environments"];
            let answer = remote.send(Request::post(path).json(json!({ "key": key }))).await?;
            written(out, &answer, &format!("environment {key} is in project {project}"))
        }
        EnvironmentCommand::Set(set) => {
            let path = ["v1", "projects", project, "environments", &set.key, "settings"];
            let body = json!({ "require_reason": set.require_reason });
            let answer = remote.send(Request::put(path).json(&body)).await?;
            let need = if set.require_reason { "need a reason" } else { "need no reason" };
            written(out, &answer, &format!("changes in {} {need}", set.key))
        }
    }
}

async fn list(remote: &Remote, out: Output) -> Result<Exit, Failure> {
    let answer = remote.send(Request::get(["v1", "projects"])).await?;
    if out.json {
        out.json(&answer)?;
        return Ok(Exit::Success);
    }
    let projects = answer.get("projects").and_then(Value::as_array).cloned().unwrap_or_default();
    if projects.is_empty() {
        out.note(
            "no projects yet; `vexil project create KEY` makes one, and so does `vexil apply`",
        );
        return Ok(Exit::Success);
    }
    let mut rows = table(&["PROJECT", "REVISION"]);
    for project in &projects {
        let key = project.get("key").and_then(Value::as_str).unwrap_or_default();
        let revision = project.get("revision").and_then(Value::as_u64).unwrap_or_default();
        rows.add_row([plain(key), revision.to_string()]);
    }
    out.table(rows)?;
    Ok(Exit::Success)
}

fn show(answer: &Value, out: Output) -> Result<Exit, Failure> {
    if out.json {
        out.json(answer)?;
        return Ok(Exit::Success);
    }
    let mut rows = super::output::pairs();
    let number = |name| answer.get(name).and_then(Value::as_u64).unwrap_or_default().to_string();
    let environments = answer.get("environments").and_then(Value::as_array);
    let environments: Vec<&str> =
        environments.into_iter().flatten().filter_map(Value::as_str).collect();
    rows.add_row(["project", answer.get("key").and_then(Value::as_str).unwrap_or_default()]);
    rows.add_row(["revision", &number("revision")]);
    rows.add_row(["environments", &plain(&environments.join(", "))]);
    rows.add_row(["flags", &number("flags")]);
    rows.add_row(["segments", &number("segments")]);
    out.table(rows)?;
    Ok(Exit::Success)
}
