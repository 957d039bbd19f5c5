//! Sensitive attributes: what goes to browsers tests them by digests alone.
//!
//! In: a project. Out: a fault for each condition that would show visitors what a sensitive
//! attribute is compared with, which says how the condition gets to them. Flags count as soon as
//! they are `client_visible`, also where they are switched off: a switch must not be refused for
//! what a rule says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::faults::Faults;
use super::names::{grouped, path, quoted};
use super::pointer::Path;
use super::{at_configuration, codes, is_active, predicate};
use crate::flag_set::{Configuration, Predicate, Project, Scalar, Segment, Test, covers};
use crate::limits::MAX_SENSITIVE;

/// Every fault of what `project` says of sensitive attributes, and of the conditions on them.
pub(super) fn check(project: &Project, faults: &mut Faults) {
    names(&project.sensitive, faults);
    if project.sensitive.is_empty() {
        return;
    }
    let mut named = BTreeMap::new();
    for environment in &project.environments {
        flags(project, environment, &mut named, faults);
    }
    segments(project, named, faults);
}

fn names(sensitive: &[String], faults: &mut Faults) {
    let list = Path::Root("/sensitive");
    if sensitive.len() > MAX_SENSITIVE {
        let (count, most) = (grouped(sensitive.len() as u64), grouped(MAX_SENSITIVE as u64));
        let help = "name what is above them: a path covers what is below it";
        let message = format!("{count} sensitive attributes, more than {most}");
        faults.advise(codes::TOO_MANY, &list, message, help);
    }
    for (index, attribute) in sensitive.iter().enumerate() {
        if let Err(wrong) = path(attribute) {
            let message = format!("the attribute path {} {wrong}", quoted(attribute));
            faults.add(codes::BAD_KEY, &list.item(index), message);
        }
    }
}

/// How a flag or segment gets to browsers, in words; and the `client_visible` flag.
#[derive(Clone)]
struct Way<'p> {
    words: String,
    visible: &'p str,
}

/// The flags of an environment; `named` gets the segments that they name.
fn flags<'p>(
    project: &'p Project,
    environment: &str,
    named: &mut BTreeMap<&'p str, Way<'p>>,
    faults: &mut Faults,
) {
    let active = project.flags.iter().filter(|(_, flag)| is_active(&flag.definition));
    let configured = |key: &str| project.flags.get(key)?.environments.get(environment);
    let mut ways: BTreeMap<&str, Way<'_>> = BTreeMap::new();
    let mut waiting = VecDeque::new();
    for (key, _) in active.filter(|(_, flag)| flag.definition.client_visible) {
        let words = format!("{} is `client_visible`", quoted(key));
        ways.insert(key, Way { words, visible: key });
        waiting.push_back(key.as_str());
    }
    // Nearest first, so that the shortest way is told.
    while let Some(key) = waiting.pop_front() {
        let (Some(configuration), Some(way)) = (configured(key), ways.get(key).cloned()) else {
            continue;
        };
        for needed in needs(configuration) {
            if !ways.contains_key(needed) {
                let words = format!("{} needs {}, and {}", quoted(key), quoted(needed), way.words);
                ways.insert(needed, Way { words, ..way });
                waiting.push_back(needed);
            }
        }
    }
    for (key, way) in &ways {
        let Some(configuration) = configured(key) else { continue };
        at_configuration(key, Some(environment), |at| {
            let list = at.field("rules");
            for (index, rule) in configuration.rules.iter().enumerate() {
                let what = format!("the rule {} of {}", quoted(&rule.id), quoted(key));
                let at = list.item(index);
                condition(project, &rule.when, &at.field("when"), (&what, way), faults);
                for segment in rule.when.segments() {
                    let words =
                        || format!("{what} asks for {}, and {}", quoted(segment), way.words);
                    named.entry(segment).or_insert_with(|| Way { words: words(), ..*way });
                }
            }
        });
    }
}

/// The segments that flags name, and those that these name.
fn segments<'p>(project: &'p Project, mut ways: BTreeMap<&'p str, Way<'p>>, faults: &mut Faults) {
    let mut waiting: VecDeque<&str> = ways.keys().copied().collect();
    while let Some(key) = waiting.pop_front() {
        let (Some(when), Some(way)) = (when(project, key), ways.get(key).cloned()) else {
            continue;
        };
        for segment in when.segments() {
            if !ways.contains_key(segment) {
                let words = format!(
                    "the segment {} names {}, and {}",
                    quoted(key),
                    quoted(segment),
                    way.words
                );
                ways.insert(segment, Way { words, ..way });
                waiting.push_back(segment);
            }
        }
    }
    let map = Path::Root("/segments");
    for (key, way) in &ways {
        let Some(when) = when(project, key) else { continue };
        let what = format!("the segment {}", quoted(key));
        condition(project, when, &map.field(key).field("when"), (&what, way), faults);
    }
}

fn when<'p>(project: &'p Project, segment: &str) -> Option<&'p Predicate> {
    project.segments.get(segment).and_then(|Segment { when, .. }| when.as_ref())
}

/// The flags that a configuration names, each once.
fn needs(configuration: &Configuration) -> BTreeSet<&str> {
    let prerequisites = configuration.prerequisites.iter().map(|test| test.flag.as_str());
    prerequisites.chain(configuration.rules.iter().flat_map(|rule| rule.when.flags())).collect()
}

/// Faults what a condition shows of sensitive attributes.
fn condition(
    project: &Project,
    when: &Predicate,
    at: &Path<'_>,
    (what, way): (&str, &Way<'_>),
    faults: &mut Faults,
) {
    predicate::walk(when, at, 1, &mut |predicate, at, _| {
        let Predicate::Attribute { path, test } = predicate else { return };
        let named = project.sensitive.iter().position(|sensitive| covers(sensitive, path));
        let (Some(named), Some(shown)) = (named, shown(test)) else { return };
        let message = format!(
            "{what} tests the sensitive attribute {} by `{}`, and visitors could read the {shown}: {}",
            quoted(path),
            test.operator(),
            way.words,
        );
        let place = [
            (Path::Root("/sensitive").item(named).pointer(), "it is named as sensitive here"),
            (
                Path::Root("/flags").field(way.visible).field("client_visible").pointer(),
                "this takes it to browsers",
            ),
        ];
        faults.advise_beside(codes::SENSITIVE_SHOWN, at, message, HELP, place);
    });
}

const HELP: &str = "test it by `equals`, `in`, `any_of`, `all_of` or `none_of` of texts, which are \
                    shipped as digests; or have the application work out an attribute that tells \
                    less; or move the rule to a flag that does not go to browsers, and evaluate \
                    that one in a service or by OFREP";

/// What could be read of a test in a module for browsers, where that is more than digests.
fn shown(test: &Test) -> Option<&'static str> {
    match test {
        Test::Exists(_) => None,
        Test::In { values, .. } | Test::List { values, .. } => {
            values.iter().find_map(|value| match value {
                Scalar::String(_) => None,
                Scalar::Number(_) => Some("number"),
                Scalar::Boolean(_) => Some("boolean"),
            })
        }
        Test::Affix { .. } => Some("text"),
        Test::Number { .. } | Test::Between { .. } => Some("number"),
        Test::Matches { .. } => Some("pattern"),
        Test::Cidr { .. } => Some("network"),
        Test::Version { .. } => Some("version"),
        Test::Time { .. } => Some("time"),
    }
}
