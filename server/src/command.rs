//! Commands: what a caller asks, decided against a state.
//!
//! In: a state, a command, and the history for reverts. Out: the changes that fulfil it (none when
//! nothing would change), or a refusal. Pure: no store, clock or randomness. Fragments of the flag
//! language come as JSON, as the caller sent them; they are read here, against the state.

mod draft;

mod project;

mod flag;

mod segment;

mod sensitive;

mod configure;

mod difference;

mod document;

mod revert;

mod plan;

#[cfg(test)]
mod tests;

use serde_json::Value;
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::flag_set::{Lifecycle, Project};

use crate::limits::USERS_TOLD_MAX;
use crate::log::change::{Change, Settings};
use crate::log::event::Revision;
use crate::projection::{ChangeError, History, ProjectionError, State};
use crate::publish::touched::touched;
use draft::Draft;

pub use plan::{Action, Step, plan, plan_of_events};

/// What a caller asks of a project.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Create the project (`State::key`) with these environments.
    CreateProject {
        /// In order.
        environments: Vec<String>,
    },
    /// Create an environment.
    CreateEnvironment {
        /// Its name.
        environment: String,
    },
    /// Say what holds of changes in an environment.
    ChangeEnvironment {
        /// Its name.
        environment: String,
        /// What holds from now on.
        settings: Settings,
    },
    /// Make the project equal to a document; create it when it does not exist.
    Apply {
        /// As read by `vexil_compiler::document::read`. The caller has seen to it that the key in
        /// it, if any, is the project's.
        document: Project,
        /// What becomes of what the document does not name.
        unnamed: Unnamed,
    },
    /// Create a flag or replace its definition.
    PutFlag {
        /// Its key.
        flag: String,
        /// A definition as JSON; the lifecycle stays unless it is named.
        definition: Value,
    },
    /// Take a flag out of use.
    ArchiveFlag {
        /// Its key.
        flag: String,
    },
    /// Bring an archived flag back.
    RestoreFlag {
        /// Its key.
        flag: String,
    },
    /// Delete an archived flag.
    DeleteFlag {
        /// Its key.
        flag: String,
    },
    /// Create or replace a segment.
    PutSegment {
        /// Its key.
        segment: String,
        /// A segment as JSON.
        definition: Value,
    },
    /// Delete a segment that nothing uses.
    DeleteSegment {
        /// Its key.
        segment: String,
    },
    /// Say which attributes are sensitive.
    SetSensitive {
        /// All of them: paths.
        attributes: Vec<String>,
    },
    /// Change a flag in one environment.
    Configure {
        /// The environment.
        environment: String,
        /// The flag's key.
        flag: String,
        /// How.
        edit: Edit,
    },
    /// Go back to what was.
    Revert {
        /// `None`: the whole project.
        environment: Option<String>,
        /// To what it was at this revision.
        to: Revision,
    },
}

/// What becomes of what a document does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// It stays as it is.
    Keep,
    /// Flags are archived, segments deleted; a named flag gets the default configuration in those
    /// of the document's environments that it says nothing about.
    Prune,
}

/// A change to a flag in one environment. JSON as in `docs/flag-language.md`.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Switch it on.
    Enable,
    /// Switch it off.
    Disable,
    /// Replace the whole configuration.
    Replace(Value),
    /// Replace the fallthrough by a serve.
    Fallthrough(Value),
    /// Replace the overrides: `{variant: [keys]}`.
    Overrides(Value),
    /// Replace the prerequisites: a list.
    Prerequisites(Value),
    /// Add a rule.
    AddRule {
        /// Before which, from 0; `None`: at the end.
        index: Option<usize>,
        /// The rule.
        rule: Value,
    },
    /// Replace a rule in its place.
    PutRule {
        /// Its id; the rule's own `id` may be absent, and may not differ.
        id: String,
        /// The rule.
        rule: Value,
    },
    /// Remove a rule.
    RemoveRule {
        /// Its id.
        id: String,
    },
    /// Put the rules in another order.
    ReorderRules {
        /// Every id once.
        order: Vec<String>,
    },
}

/// Why a command is refused. Nothing happened.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The project does not exist.
    #[error("there is no project `{0}`")]
    UnknownProject(String),
    /// The environment does not exist, or did not at the revision to go back to.
    #[error("there is no environment `{0}`")]
    UnknownEnvironment(String),
    /// The flag does not exist.
    #[error("there is no flag `{0}`")]
    UnknownFlag(String),
    /// The segment does not exist.
    #[error("there is no segment `{0}`")]
    UnknownSegment(String),
    /// The rule does not exist.
    #[error("there is no rule `{0}`")]
    UnknownRule(String),
    /// The revision lies outside the log.
    #[error("there is no revision {to}: the project is at {current}")]
    UnknownRevision {
        /// What was asked for.
        to: Revision,
        /// Where the project is.
        current: Revision,
    },
    /// It is there already.
    #[error("{what} `{key}` already exists")]
    AlreadyExists {
        /// `project`, `environment`, `rule`.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// Only archived flags can be deleted.
    #[error("flag `{0}` is not archived")]
    NotArchived(String),
    /// Something names the segment.
    #[error("the segment `{segment}` is still used by {}", told(users))]
    SegmentInUse {
        /// Its key.
        segment: String,
        /// What names it, in words; at least one.
        users: Vec<String>,
    },
    /// A change in an environment comes without the reason that it needs there.
    #[error("changes in `{0}` need a reason: say why in `comment` (`-m` on the command line)")]
    ReasonRequired(String),
    /// The flags that would result are faulty.
    #[error("the flags that would result have {} faults", .0.len())]
    InvalidFlags(Vec<Diagnostic>),
    /// The past could not be rebuilt.
    #[error(transparent)]
    History(#[from] ProjectionError),
    /// A bug of ours: what was decided does not fit the project it was decided on.
    #[error("the server has decided something impossible: {0}")]
    Broken(String),
}

/// The first of `users`, and how many more there are.
fn told(users: &[String]) -> String {
    let (shown, rest) = users.split_at(users.len().min(USERS_TOLD_MAX));
    match rest.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Misfit(message) => Self::Broken(message),
            ChangeError::History(error) => Self::History(error),
        }
    }
}

/// Decides what `command` changes.
///
/// # Errors
/// The command cannot be followed; the refusal says why.
pub fn decide(
    state: &State,
    command: &Command,
    history: &dyn History,
) -> Result<Vec<Change>, Refusal> {
    let mut draft = Draft::new(state, history);
    match command {
        Command::CreateProject { environments } => project::create(&mut draft, environments)?,
        Command::Apply { document, unnamed } => document::apply(&mut draft, document, *unnamed)?,
        _ if !draft.exists() => return Err(Refusal::UnknownProject(state.key.clone())),
        Command::CreateEnvironment { environment } => {
            project::create_environment(&mut draft, environment)?;
        }
        Command::ChangeEnvironment { environment, settings } => {
            draft.need_environment(environment)?;
            if state.settings.get(environment).copied().unwrap_or_default() != *settings {
                let (environment, settings) = (environment.clone(), *settings);
                draft.push(Change::EnvironmentChanged { environment, settings })?;
            }
        }
        Command::PutFlag { flag, definition } => flag::put(&mut draft, flag, definition)?,
        Command::ArchiveFlag { flag } => {
            flag::set_lifecycle(&mut draft, flag, Lifecycle::Archived)?;
        }
        Command::RestoreFlag { flag } => flag::set_lifecycle(&mut draft, flag, Lifecycle::Active)?,
        Command::DeleteFlag { flag } => flag::delete(&mut draft, flag)?,
        Command::PutSegment { segment, definition } => {
            segment::put(&mut draft, segment, definition)?;
        }
        Command::DeleteSegment { segment } => segment::delete(&mut draft, segment)?,
        Command::SetSensitive { attributes } => sensitive::define(&mut draft, attributes)?,
        Command::Configure { environment, flag, edit } => {
            configure::configure(&mut draft, environment, flag, edit)?;
        }
        Command::Revert { environment, to } => {
            revert::revert(&mut draft, environment.as_deref(), *to)?;
        }
    }
    draft.finish()
}

/// Refuses changes without a comment in an environment where they need one.
///
/// # Errors
/// The first such environment.
pub fn need_reason(
    state: &State,
    changes: &[Change],
    comment: Option<&str>,
) -> Result<(), Refusal> {
    if comment.is_some_and(|comment| !comment.trim().is_empty()) {
        return Ok(());
    }
    let is_own = |name: &str| {
        changes.iter().any(|change| match change {
            Change::EnvironmentChanged { environment, .. } => environment == name,
            // It says of every environment what its flags may tell to pages.
            Change::SensitiveAttributesChanged { .. } => true,
            _ => false,
        })
    };
    let touched = touched(changes, &state.project);
    let strict = state.settings.iter().filter(|(_, settings)| settings.require_reason);
    match strict.map(|(name, _)| name).find(|name| touched.contains(&name.as_str()) || is_own(name))
    {
        Some(environment) => Err(Refusal::ReasonRequired(environment.clone())),
        None => Ok(()),
    }
}
