//! One change to a project.
//!
//! In: a project and a change. Out: the project after it, or why the change does not fit; then the
//! project is as it was. The meaning of every kind of event is here. What results need not make
//! sense as flags: the events of one append may pass through states that would not compile.

use std::collections::BTreeMap;

use vexil_compiler::flag_set::{
    Configuration, Definition, Lifecycle, Project, ProjectFlag, Rule, Segment,
};

use super::{History, ProjectionError};
use crate::log::change::{Change, FlagChange};
use crate::log::event::Revision;

/// Why a change was not applied. The project is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It speaks of something that is not there, or creates something that is.
    #[error("{0}")]
    Misfit(String),
    /// The past could not be looked up.
    #[error(transparent)]
    History(#[from] ProjectionError),
}

type Result<T> = std::result::Result<T, ChangeError>;

fn misfit<T>(message: impl Into<String>) -> Result<T> {
    Err(ChangeError::Misfit(message.into()))
}

/// Applies `change` to `project`.
///
/// # Errors
/// It does not fit.
pub fn apply_change(project: &mut Project, change: Change, history: &dyn History) -> Result<()> {
    if let Change::Key { .. } = change {
        return misfit("keys are not of a project");
    }
    if let Change::ProjectCreated { project: key } = change {
        if project.key.is_some() {
            return misfit("the project exists already");
        }
        project.key = Some(key);
        return Ok(());
    }
    if project.key.is_none() {
        return misfit("the project does not exist yet");
    }
    match change {
        Change::ProjectCreated { .. } | Change::Key { .. } => Ok(()),
        // The settings are the state's.
        Change::EnvironmentChanged { environment, .. } => {
            match project.environments.contains(&environment) {
                true => Ok(()),
                false => misfit(format!("there is no environment `{environment}`")),
            }
        }
        Change::EnvironmentCreated { environment } => create_environment(project, environment),
        Change::FlagCreated { flag, definition } => create_flag(project, flag, definition),
        Change::FlagChanged { flag, definition } => {
            let lifecycle = self::flag(project, &flag)?.definition.lifecycle;
            self::flag(project, &flag)?.definition = Definition { lifecycle, ..definition };
            Ok(())
        }
        Change::FlagArchived { flag } => set_lifecycle(project, &flag, Lifecycle::Archived),
        Change::FlagRestored { flag } => set_lifecycle(project, &flag, Lifecycle::Active),
        Change::FlagDeleted { flag } => match project.flags.remove(&flag) {
            Some(_) => Ok(()),
            None => misfit(format!("flag `{flag}` does not exist")),
        },
        Change::SegmentCreated { segment, definition } => {
            create_segment(project, segment, definition)
        }
        Change::SegmentChanged { segment, definition } => {
            match project.segments.get_mut(&segment) {
                Some(place) => {
                    *place = definition;
                    Ok(())
                }
                None => misfit(format!("segment `{segment}` does not exist")),
            }
        }
        Change::SegmentDeleted { segment } => match project.segments.remove(&segment) {
            Some(_) => Ok(()),
            None => misfit(format!("segment `{segment}` does not exist")),
        },
        Change::SensitiveAttributesChanged { attributes } => {
            project.sensitive = attributes;
            Ok(())
        }
        Change::InEnvironment { environment, flag, change } => {
            in_environment(project, environment, &flag, change)
        }
        Change::Reverted { environment: None, to } => {
            *project = history.project_at(to)?;
            Ok(())
        }
        Change::Reverted { environment: Some(environment), to } => {
            revert_environment(project, &environment, to, history)
        }
    }
}

fn create_environment(project: &mut Project, environment: String) -> Result<()> {
    if project.environments.contains(&environment) {
        return misfit(format!("environment `{environment}` exists already"));
    }
    project.environments.push(environment);
    Ok(())
}

fn create_flag(project: &mut Project, key: String, definition: Definition) -> Result<()> {
    if project.flags.contains_key(&key) {
        return misfit(format!("flag `{key}` exists already"));
    }
    let definition = Definition { lifecycle: Lifecycle::Active, ..definition };
    project.flags.insert(key, ProjectFlag { definition, environments: BTreeMap::new() });
    Ok(())
}

fn create_segment(project: &mut Project, key: String, segment: Segment) -> Result<()> {
    if project.segments.contains_key(&key) {
        return misfit(format!("segment `{key}` exists already"));
    }
    project.segments.insert(key, segment);
    Ok(())
}

fn flag<'p>(project: &'p mut Project, key: &str) -> Result<&'p mut ProjectFlag> {
    let missing = || ChangeError::Misfit(format!("flag `{key}` does not exist"));
    project.flags.get_mut(key).ok_or_else(missing)
}

fn set_lifecycle(project: &mut Project, key: &str, lifecycle: Lifecycle) -> Result<()> {
    flag(project, key)?.definition.lifecycle = lifecycle;
    Ok(())
}

fn in_environment(
    project: &mut Project,
    environment: String,
    key: &str,
    change: FlagChange,
) -> Result<()> {
    if !project.environments.contains(&environment) {
        return misfit(format!("environment `{environment}` does not exist"));
    }
    let flag = flag(project, key)?;
    if let FlagChange::Configuration(configuration) = change {
        flag.environments.insert(environment, configuration);
        return Ok(());
    }
    match flag.environments.get_mut(&environment) {
        Some(configuration) => apply_to_configuration(configuration, change),
        None => {
            let mut configuration = Configuration::default_for(&flag.definition);
            apply_to_configuration(&mut configuration, change)?;
            flag.environments.insert(environment, configuration);
            Ok(())
        }
    }
}

/// Applies `change` to one flag's configuration in one environment.
///
/// # Errors
/// It does not fit; the configuration is as it was.
pub fn apply_to_configuration(configuration: &mut Configuration, change: FlagChange) -> Result<()> {
    match change {
        FlagChange::Enabled => configuration.enabled = true,
        FlagChange::Disabled => configuration.enabled = false,
        FlagChange::Configuration(new) => *configuration = new,
        FlagChange::OffVariant(variant) => configuration.off_variant = variant,
        FlagChange::Prerequisites(prerequisites) => configuration.prerequisites = prerequisites,
        FlagChange::Overrides(overrides) => configuration.overrides = overrides,
        FlagChange::Fallthrough(serve) => configuration.fallthrough = serve,
        FlagChange::RuleAdded { index, rule } => {
            return add_rule(&mut configuration.rules, index, rule);
        }
        FlagChange::RuleChanged(rule) => {
            let at = position(&configuration.rules, &rule.id)?;
            configuration.rules.splice(at..=at, [rule]);
        }
        FlagChange::RuleRemoved { rule } => {
            let at = position(&configuration.rules, &rule)?;
            configuration.rules.remove(at);
        }
        FlagChange::RulesReordered { order } => return reorder(&mut configuration.rules, &order),
    }
    Ok(())
}

fn position(rules: &[Rule], id: &str) -> Result<usize> {
    let missing = || ChangeError::Misfit(format!("rule `{id}` does not exist"));
    rules.iter().position(|rule| rule.id == id).ok_or_else(missing)
}

fn add_rule(rules: &mut Vec<Rule>, index: usize, rule: Rule) -> Result<()> {
    if index > rules.len() {
        return misfit(format!("there is no place {index} among {} rules", rules.len()));
    }
    if position(rules, &rule.id).is_ok() {
        return misfit(format!("rule `{}` exists already", rule.id));
    }
    rules.insert(index, rule);
    Ok(())
}

fn reorder(rules: &mut [Rule], order: &[String]) -> Result<()> {
    let place: BTreeMap<&str, usize> =
        order.iter().enumerate().map(|(place, id)| (id.as_str(), place)).collect();
    let known = rules.iter().all(|rule| place.contains_key(rule.id.as_str()));
    if !known || place.len() != order.len() || order.len() != rules.len() {
        return misfit("the order does not name every rule once");
    }
    rules.sort_by_key(|rule| place.get(rule.id.as_str()).copied());
    Ok(())
}

/// Gives every flag of `project` the configuration in `environment` that it had then. A flag that
/// did not exist then, or had none, gets the default: it is switched off there.
fn revert_environment(
    project: &mut Project,
    environment: &str,
    to: Revision,
    history: &dyn History,
) -> Result<()> {
    let mut past = history.project_at(to)?;
    let here = |project: &Project| project.environments.iter().any(|name| name == environment);
    if !here(project) || !here(&past) {
        return misfit(format!("environment `{environment}` does not exist, or did not at {to}"));
    }
    for (key, flag) in &mut project.flags {
        let then = past.flags.get_mut(key).and_then(|flag| flag.environments.remove(environment));
        match then {
            Some(configuration) => {
                flag.environments.insert(environment.to_owned(), configuration);
            }
            None => {
                flag.environments.remove(environment);
            }
        }
    }
    Ok(())
}
