//! A project becomes equal to a document.
//!
//! In: a draft, a document, and what becomes of what it does not name. Out: the draft with the
//! fewest changes. The document is sound as a whole; whether it is with what else the project
//! holds is checked at the end.

use std::collections::BTreeSet;

use vexil_compiler::flag_set::{Configuration, Lifecycle, Project, segments_in_use};

use super::configure::become_configuration;
use super::draft::Draft;
use super::{Refusal, Unnamed, flag, project, segment, sensitive};
use crate::log::change::Change;

/// Makes the project equal to `document`; creates it when it does not exist.
pub(super) fn apply(
    draft: &mut Draft<'_>,
    document: &Project,
    unnamed: Unnamed,
) -> Result<(), Refusal> {
    if !draft.exists() {
        project::begin(draft)?;
    }
    for environment in &document.environments {
        if draft.need_environment(environment).is_err() {
            project::create_environment(draft, environment)?;
        }
    }
    // What is not named stays sensitive, unless it is pruned.
    let kept = draft.project.sensitive.iter().filter(|_| unnamed == Unnamed::Keep);
    let attributes: Vec<String> = document.sensitive.iter().chain(kept).cloned().collect();
    sensitive::define(draft, &attributes)?;
    for (key, definition) in &document.segments {
        segment::define(draft, key, definition)?;
    }
    for (key, flag) in &document.flags {
        flag::define(draft, key, &flag.definition)?;
        for (environment, configuration) in &flag.environments {
            become_configuration(draft, environment, key, configuration)?;
        }
    }
    match unnamed {
        Unnamed::Keep => Ok(()),
        Unnamed::Prune => prune(draft, document),
    }
}

/// Takes away what `document` does not name: flags are archived, segments deleted unless a flag
/// still asks for them (an archived one too: it can be restored), and flags have the default
/// configuration where they are not configured. Environments stay.
fn prune(draft: &mut Draft<'_>, document: &Project) -> Result<(), Refusal> {
    for (key, named) in &document.flags {
        let default = Configuration::default_for(&named.definition);
        for environment in &document.environments {
            if !named.environments.contains_key(environment) {
                become_configuration(draft, environment, key, &default)?;
            }
        }
    }
    let flags: Vec<String> = draft.project.flags.keys().cloned().collect();
    for key in flags.iter().filter(|key| !document.flags.contains_key(*key)) {
        flag::set_lifecycle(draft, key, Lifecycle::Archived)?;
    }
    let configurations = draft.project.flags.values().flat_map(|flag| flag.environments.values());
    let rules = configurations.flat_map(|configuration| &configuration.rules);
    let kept = segments_in_use(rules, &draft.project.segments);
    let kept: BTreeSet<String> = kept.into_iter().map(str::to_owned).collect();
    let segments: Vec<String> = draft.project.segments.keys().cloned().collect();
    let unnamed = |key: &String| !document.segments.contains_key(key) && !kept.contains(key);
    for segment in segments.into_iter().filter(unnamed) {
        draft.push(Change::SegmentDeleted { segment })?;
    }
    Ok(())
}
