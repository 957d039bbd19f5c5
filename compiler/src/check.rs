//! The meaning of flags: does what they name exist, do weights sum, does nothing go in circles.
//!
//! In: a project, one environment's flag set, or a part of them, of the right shape. Out: every
//! fault, none twice. Which rule is checked where: `definition`, `configuration`, `serve`,
//! `predicate`, `test`, `segment`, `sensitive`, and `graph` for what goes across flags. Reading
//! documents is `document`'s business; nothing here knows JSON.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Diagnostic;
use crate::flag_set::{Configuration, Definition, FlagSet, Lifecycle, Project, Segment};
use crate::limits::{MAX_ENVIRONMENTS, MAX_FLAGS, MAX_SEGMENTS};

pub mod codes;
pub(crate) mod configuration;
pub(crate) mod definition;
pub(crate) mod faults;
mod graph;
mod hashing;
pub(crate) mod names;
mod pattern;
pub(crate) mod pointer;
pub(crate) mod predicate;
mod references;
mod scope;
pub(crate) mod segment;
mod sensitive;
pub(crate) mod serve;
pub(crate) mod suggest;
mod test;
mod version;

pub use names::{key, name};

pub(crate) use scope::{Names, Scope};

use faults::Faults;
use names::{grouped, quoted};
use pointer::Path;

/// Every fault of `project`, in all its environments. None: it is good.
#[must_use]
pub fn project(project: &Project) -> Vec<Diagnostic> {
    let mut faults = Faults::default();
    project_into(project, &mut faults);
    faults.into_diagnostics(|_| ())
}

/// Every fault of one environment's flags. Pointers are `/flags/K/environments/E/…` in the
/// `environment` given, else `/flags/K/…`.
#[must_use]
pub fn flag_set(flag_set: &FlagSet, environment: Option<&str>) -> Vec<Diagnostic> {
    let mut faults = Faults::default();
    let definitions = flag_set.flags.iter().map(|(key, flag)| (key.as_str(), &flag.definition));
    let names = Names::new(definitions, &flag_set.segments);
    segments(&flag_set.segments, &names, &mut faults);
    definitions_of(&names, &mut faults);
    for (key, flag) in &flag_set.flags {
        let scope = Scope::of_flag(&flag.definition, &names);
        at_configuration(key, environment, |at| {
            configuration::check(&scope, &flag.configuration, at, &mut faults);
        });
    }
    let needs = flag_set.flags.iter().map(|(key, flag)| (key.as_str(), &flag.configuration));
    across_flags(&needs.collect(), environment, &mut faults);
    faults.into_diagnostics(|_| ())
}

/// See [`project`].
pub(crate) fn project_into(project: &Project, faults: &mut Faults) {
    if let Some(Err(wrong)) = project.key.as_deref().map(name) {
        let at = Path::Root("/project");
        faults.add(codes::BAD_NAME, &at, format!("the project's name {wrong}"));
    }
    environments(&project.environments, faults);
    let definitions = project.flags.iter().map(|(key, flag)| (key.as_str(), &flag.definition));
    let names = Names::new(definitions, &project.segments);
    segments(&project.segments, &names, faults);
    definitions_of(&names, faults);
    configurations(project, &names, faults);
    for environment in &project.environments {
        let active = project.flags.iter().filter(|(_, flag)| is_active(&flag.definition));
        let needs = active
            .filter_map(|(key, flag)| Some((key.as_str(), flag.environments.get(environment)?)));
        across_flags(&needs.collect(), Some(environment), faults);
    }
    sensitive::check(project, faults);
}

fn is_active(definition: &Definition) -> bool {
    definition.lifecycle == Lifecycle::Active
}

fn environments(environments: &[String], faults: &mut Faults) {
    let list = Path::Root("/environments");
    if environments.len() > MAX_ENVIRONMENTS {
        let message = format!("{} environments, more than {MAX_ENVIRONMENTS}", environments.len());
        faults.add(codes::TOO_MANY, &list, message);
    }
    let mut seen = BTreeSet::new();
    for (index, environment) in environments.iter().enumerate() {
        let at = list.item(index);
        if let Err(wrong) = name(environment) {
            let message = format!("the environment's name {} {wrong}", quoted(environment));
            faults.add(codes::BAD_NAME, &at, message);
        }
        if !seen.insert(environment) {
            let message = format!("the environment {} is declared twice", quoted(environment));
            faults.advise(codes::DUPLICATE_ENVIRONMENT, &at, message, "remove one");
        }
    }
}

fn segments(segments: &BTreeMap<String, Segment>, names: &Names<'_>, faults: &mut Faults) {
    let map = Path::Root("/segments");
    if segments.len() > MAX_SEGMENTS {
        let most = grouped(MAX_SEGMENTS as u64);
        let message = format!("{} segments, more than {most}", grouped(segments.len() as u64));
        faults.add(codes::TOO_MANY, &map, message);
    }
    for (key, segment) in segments {
        let at = map.field(key);
        key_of("segment", key, &at, faults);
        segment::check(&Scope::of_segment(names), segment, &at, faults);
    }
    let graph = references::of_segments(segments);
    for circle in graph.circles() {
        let pointer = references::place_in_segment(segments, &circle);
        let message = format!("segments name each other in a circle: {}", chain(&circle));
        let help = "take one of these references out";
        faults.advise(codes::SEGMENT_CYCLE, &Path::Root(&pointer), message, help);
    }
    for (key, length) in graph.too_long() {
        let message = chain_too_long("segment", key, length);
        faults.add(codes::CHAIN_TOO_LONG, &map.field(key), message);
    }
}

fn definitions_of(names: &Names<'_>, faults: &mut Faults) {
    let map = Path::Root("/flags");
    let active = names.flags().filter(|(_, definition)| is_active(definition)).count();
    if active > MAX_FLAGS {
        let most = grouped(MAX_FLAGS as u64);
        let message = format!("{} active flags, more than {most}", grouped(active as u64));
        faults.advise(codes::TOO_MANY, &map, message, "archive those that are not in use");
    }
    for (key, definition) in names.flags() {
        let at = map.field(key);
        key_of("flag", key, &at, faults);
        definition::check(definition, &at, faults);
    }
}

fn configurations(project: &Project, names: &Names<'_>, faults: &mut Faults) {
    for (key, flag) in &project.flags {
        let scope = Scope::of_flag(&flag.definition, names);
        for (environment, configuration) in &flag.environments {
            at_configuration(key, Some(environment), |at| {
                undeclared(&project.environments, environment, at, faults);
                configuration::check(&scope, configuration, at, faults);
            });
        }
    }
}

fn undeclared(declared: &[String], environment: &str, at: &Path<'_>, faults: &mut Faults) {
    if declared.iter().any(|name| name == environment) {
        return;
    }
    let message = format!("the environment {} is not declared", quoted(environment));
    let mut help = faults.suggestion(environment, declared.iter().map(String::as_str));
    if help.is_empty() {
        "add it to `environments`".clone_into(&mut help);
    }
    faults.advise(codes::UNDECLARED_ENVIRONMENT, at, message, help);
}

fn across_flags(
    needs: &BTreeMap<&str, &Configuration>,
    environment: Option<&str>,
    faults: &mut Faults,
) {
    let graph = references::of_flags(needs);
    for circle in graph.circles() {
        let from = circle.first().copied().unwrap_or_default();
        let pointer =
            at_configuration(from, environment, |at| references::place_in_flag(needs, &circle, at));
        let message = format!("flags need each other in a circle: {}", chain(&circle));
        let help = "take one of these prerequisites or `flag` predicates out";
        faults.advise(codes::FLAG_CYCLE, &Path::Root(&pointer), message, help);
    }
    for (key, length) in graph.too_long() {
        let message = chain_too_long("flag", key, length);
        at_configuration(key, environment, |at| faults.add(codes::CHAIN_TOO_LONG, at, message));
    }
}

/// Calls `then` with the place of the configuration of flag `key`.
fn at_configuration<R>(
    key: &str,
    environment: Option<&str>,
    then: impl FnOnce(&Path<'_>) -> R,
) -> R {
    let flags = Path::Root("/flags");
    let flag = flags.field(key);
    match environment {
        None => then(&flag),
        Some(environment) => then(&flag.field("environments").field(environment)),
    }
}

fn key_of(what: &str, text: &str, at: &Path<'_>, faults: &mut Faults) {
    if let Err(wrong) = key(text) {
        faults.add(codes::BAD_KEY, at, format!("the {what}'s key {} {wrong}", quoted(text)));
    }
}

/// `a` → `b` → `a`; the middle of a very long circle is left out.
fn chain(circle: &[&str]) -> String {
    const MOST: usize = 40;
    let mut names: Vec<String> = circle.iter().take(MOST).map(|key| quoted(key)).collect();
    if circle.len() > MOST {
        names.push(format!("… ({} more)", circle.len() - MOST));
    }
    names.extend(circle.first().map(|key| quoted(key)));
    names.join(" → ")
}

fn chain_too_long(what: &str, key: &str, length: usize) -> String {
    let most = crate::limits::MAX_CHAIN;
    format!("the {what} {} begins a chain of {length} references, more than {most}", quoted(key))
}
