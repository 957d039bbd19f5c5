//! Which segments the flags of a project ask for, directly or through other segments.

use std::collections::BTreeSet;

use vexil_compiler::flag_set::{Predicate, Project};

/// Keys of the segments that some flag, archived or not, asks for in some environment.
pub(super) fn in_use(project: &Project) -> BTreeSet<String> {
    let configurations = project.flags.values().flat_map(|flag| flag.environments.values());
    let rules = configurations.flat_map(|configuration| &configuration.rules);
    let mut waiting: Vec<&str> = rules.flat_map(|rule| named(&rule.when)).collect();
    let mut used = BTreeSet::new();
    while let Some(key) = waiting.pop() {
        if used.insert(key.to_owned()) {
            let when = project.segments.get(key).and_then(|segment| segment.when.as_ref());
            waiting.extend(when.into_iter().flat_map(named));
        }
    }
    used
}

/// The segments that a predicate names. Predicates nest only as deep as the language allows.
fn named(predicate: &Predicate) -> Vec<&str> {
    match predicate {
        Predicate::Segment(key) => vec![key],
        Predicate::Not(inner) => named(inner),
        Predicate::All(inner) | Predicate::Any(inner) => inner.iter().flat_map(named).collect(),
        Predicate::Flag(_) | Predicate::Bucket(_) | Predicate::Attribute { .. } => Vec::new(),
    }
}
