//! Which environments a write touches.
//!
//! In: the changes, and the project after them. Out: the environments to be published. One that
//! is not touched keeps its announcement, so that its clients are not woken for nothing.

use vexil_compiler::flag_set::Project;

use crate::log::change::Change;

/// The environments of `project` that `changes` may have altered, in the project's order.
#[must_use]
pub fn touched<'p>(changes: &[Change], project: &'p Project) -> Vec<&'p str> {
    let all = changes.iter().any(|change| scope(change) == Scope::All);
    project
        .environments
        .iter()
        .map(String::as_str)
        .filter(|name| all || changes.iter().any(|change| scope(change) == Scope::One(name)))
        .collect()
}

#[derive(PartialEq, Eq)]
enum Scope<'c> {
    None,
    One(&'c str),
    All,
}

fn scope(change: &Change) -> Scope<'_> {
    match change {
        // What is sensitive bounds what flags may say; it is in no module.
        Change::ProjectCreated { .. }
        | Change::EnvironmentChanged { .. }
        | Change::SensitiveAttributesChanged { .. }
        | Change::Key { .. } => Scope::None,
        Change::EnvironmentCreated { environment }
        | Change::InEnvironment { environment, .. }
        | Change::Reverted { environment: Some(environment), .. } => Scope::One(environment),
        Change::FlagCreated { .. }
        | Change::FlagChanged { .. }
        | Change::FlagArchived { .. }
        | Change::FlagRestored { .. }
        | Change::FlagDeleted { .. }
        | Change::SegmentCreated { .. }
        | Change::SegmentChanged { .. }
        | Change::SegmentDeleted { .. }
        | Change::Reverted { environment: None, .. } => Scope::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::change::FlagChange;

    fn project() -> Project {
        let environments = vec!["production".into(), "development".into()];
        Project { environments, ..Project::default() }
    }

    #[test]
    fn a_switch_touches_its_environment_only() {
        let (environment, flag) = ("development".into(), "f".into());
        let change = Change::InEnvironment { environment, flag, change: FlagChange::Enabled };
        assert_eq!(touched(&[change], &project()), ["development"]);
    }

    #[test]
    fn flags_and_segments_touch_every_environment() {
        let change = Change::FlagArchived { flag: "f".into() };
        assert_eq!(touched(&[change], &project()), ["production", "development"]);
    }
}
