//! The draft of an answer to a command: the changes so far, and the project as they make it.
//!
//! In: changes, one by one. Out: all of them, when the project that results is sound. Each change
//! is applied as the projection will apply it, so that what is checked is what will be.

use vexil_compiler::check;
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::flag_set::{Configuration, Project, ProjectFlag};

use super::Refusal;
use crate::log::change::{Change, FlagChange};
use crate::log::event::Revision;
use crate::projection::{History, State, apply_change};

/// See the module.
pub(super) struct Draft<'s> {
    /// The project's key, also before it exists.
    pub(super) key: &'s str,
    /// The revision it is decided on.
    pub(super) revision: Revision,
    /// The project with the changes so far.
    pub(super) project: Project,
    /// For reverts.
    pub(super) history: &'s dyn History,
    changes: Vec<Change>,
}

impl<'s> Draft<'s> {
    /// A draft without changes.
    pub(super) fn new(state: &'s State, history: &'s dyn History) -> Self {
        let State { key, revision, project, .. } = state;
        let (project, changes) = (project.clone(), Vec::new());
        Self { key, revision: *revision, project, history, changes }
    }

    /// Whether the project exists.
    pub(super) fn exists(&self) -> bool {
        self.project.key.is_some()
    }

    /// Adds a change.
    pub(super) fn push(&mut self, change: Change) -> Result<(), Refusal> {
        apply_change(&mut self.project, change.clone(), self.history)?;
        self.changes.push(change);
        Ok(())
    }

    /// Adds a change to a flag in an environment.
    pub(super) fn push_in(
        &mut self,
        environment: &str,
        flag: &str,
        change: FlagChange,
    ) -> Result<(), Refusal> {
        let (environment, flag) = (environment.to_owned(), flag.to_owned());
        self.push(Change::InEnvironment { environment, flag, change })
    }

    /// Takes back the last change, which has changed nothing.
    pub(super) fn forget(&mut self) {
        self.changes.pop();
    }

    /// The changes, when the project they make is sound.
    pub(super) fn finish(self) -> Result<Vec<Change>, Refusal> {
        if self.changes.is_empty() {
            return Ok(self.changes);
        }
        let faults = check::project(&self.project);
        if faults.is_empty() { Ok(self.changes) } else { Err(Refusal::InvalidFlags(faults)) }
    }

    /// The flag of this key.
    pub(super) fn flag(&self, key: &str) -> Result<&ProjectFlag, Refusal> {
        self.project.flags.get(key).ok_or_else(|| Refusal::UnknownFlag(key.to_owned()))
    }

    /// Refuses an environment that does not exist.
    pub(super) fn need_environment(&self, name: &str) -> Result<(), Refusal> {
        if self.project.environments.iter().any(|environment| environment == name) {
            return Ok(());
        }
        Err(Refusal::UnknownEnvironment(name.to_owned()))
    }
}

/// The configuration of `flag` in `environment`, its own or the default.
pub(super) fn configuration(flag: &ProjectFlag, environment: &str) -> Configuration {
    let own = flag.environments.get(environment).cloned();
    own.unwrap_or_else(|| Configuration::default_for(&flag.definition))
}

/// A JSON pointer (RFC 6901) of these steps.
pub(super) fn pointer(steps: &[&str]) -> String {
    let escape = |step: &&str| format!("/{}", step.replace('~', "~0").replace('/', "~1"));
    steps.iter().map(escape).collect()
}

/// `text` in backticks for a message: shortened, control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    let shown = text.chars().take(MOST).flat_map(|letter| {
        let escaped = letter.is_control().then(|| letter.escape_debug());
        let plain = escaped.is_none().then_some(letter);
        escaped.into_iter().flatten().chain(plain)
    });
    let cut = if text.chars().nth(MOST).is_some() { "…" } else { "" };
    format!("`{}{cut}`", shown.collect::<String>())
}

/// A refusal for one fault.
pub(super) fn fault(code: &'static str, pointer: String, message: String) -> Refusal {
    Refusal::InvalidFlags(vec![Diagnostic::new(code, pointer, message)])
}

/// Faults as a refusal.
pub(super) fn faulty(faults: Vec<Diagnostic>) -> Refusal {
    Refusal::InvalidFlags(faults)
}
