//! A project, or one environment of it, goes back to what it was.
//!
//! In: a draft, the environment, the revision. Out: the draft with the revert, unless what was is
//! what is. A revert of one environment may not fit flags that have changed since: that is checked
//! at the end, as every command is.

use vexil_compiler::document;

use super::Refusal;
use super::difference::same_text;
use super::draft::Draft;
use crate::log::change::Change;
use crate::log::event::Revision;

/// Goes back to what was at `to`.
pub(super) fn revert(
    draft: &mut Draft<'_>,
    environment: Option<&str>,
    to: Revision,
) -> Result<(), Refusal> {
    let current = draft.revision;
    if to == Revision::ZERO || to > current {
        return Err(Refusal::UnknownRevision { to, current });
    }
    if let Some(environment) = environment {
        draft.need_environment(environment)?;
    }
    if to == current {
        return Ok(());
    }
    if let Some(environment) = environment {
        let past = draft.history.project_at(to)?;
        if !past.environments.iter().any(|name| name == environment) {
            return Err(Refusal::UnknownEnvironment(environment.to_owned()));
        }
    }
    let before = draft.project.clone();
    let change = Change::Reverted { environment: environment.map(str::to_owned), to };
    draft.push(change)?;
    let same = before == draft.project
        && same_text(&document::write(&before), &document::write(&draft.project));
    if same {
        draft.forget();
    }
    Ok(())
}
