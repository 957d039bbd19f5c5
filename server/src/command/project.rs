//! Projects and environments come to be.
//!
//! In: a draft and names. Out: the draft with what is new.

use vexil_compiler::check;
use vexil_compiler::check::codes::{BAD_NAME, DUPLICATE_ENVIRONMENT};

use super::Refusal;
use super::draft::{Draft, fault, quoted};
use crate::log::change::Change;

/// Creates the project.
pub(super) fn create(draft: &mut Draft<'_>, environments: &[String]) -> Result<(), Refusal> {
    if draft.exists() {
        return Err(Refusal::AlreadyExists { what: "project", key: draft.key.to_owned() });
    }
    begin(draft)?;
    for (index, environment) in environments.iter().enumerate() {
        if environments.iter().take(index).any(|earlier| earlier == environment) {
            let message = format!("the environment {} is named twice", quoted(environment));
            return Err(fault(DUPLICATE_ENVIRONMENT, format!("/environments/{index}"), message));
        }
    }
    environments.iter().try_for_each(|environment| create_environment(draft, environment))
}

/// The first change of a project.
pub(super) fn begin(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let project = draft.key.to_owned();
    check::name(&project).map_err(|wrong| {
        let message = format!("the project's key {} {wrong}", quoted(&project));
        fault(BAD_NAME, "/project".to_owned(), message)
    })?;
    draft.push(Change::ProjectCreated { project })
}

/// Creates an environment.
pub(super) fn create_environment(draft: &mut Draft<'_>, name: &str) -> Result<(), Refusal> {
    if draft.need_environment(name).is_ok() {
        return Err(Refusal::AlreadyExists { what: "environment", key: name.to_owned() });
    }
    draft.push(Change::EnvironmentCreated { environment: name.to_owned() })
}
