//! Who names whom: the edges between flags, and between segments.
//!
//! In: configurations or segments. Out: graphs, and the places of single references in them.

use std::collections::BTreeMap;

use super::graph::Graph;
use super::pointer::Path;
use super::predicate::walk;
use crate::flag_set::{Configuration, Predicate, Segment};

/// Which flags need which, by prerequisites and `flag` predicates.
pub(crate) fn of_flags<'a>(needs: &BTreeMap<&'a str, &'a Configuration>) -> Graph<'a> {
    let mut graph = Graph::new(needs.keys().copied());
    for (key, configuration) in needs {
        each_flag(configuration, &Path::Root(""), &mut |needed, _| graph.add(key, needed));
    }
    graph
}

/// Which segments name which.
pub(crate) fn of_segments(segments: &BTreeMap<String, Segment>) -> Graph<'_> {
    let mut graph = Graph::new(segments.keys().map(String::as_str));
    for (key, segment) in segments {
        each_segment(segment, &Path::Root(""), &mut |named, _| graph.add(key, named));
    }
    graph
}

/// The pointer of the reference from the first flag of `circle` to the second, in the first one's
/// configuration, which stands at `at`.
pub(crate) fn place_in_flag(
    needs: &BTreeMap<&str, &Configuration>,
    circle: &[&str],
    at: &Path<'_>,
) -> String {
    let (from, to) = first_step(circle);
    let mut found = None;
    if let Some(configuration) = needs.get(from) {
        each_flag(configuration, at, &mut |needed, place| {
            if needed == to && found.is_none() {
                found = Some(place.pointer());
            }
        });
    }
    found.unwrap_or_else(|| at.pointer())
}

/// The pointer of the reference from the first segment of `circle` to the second.
pub(crate) fn place_in_segment(segments: &BTreeMap<String, Segment>, circle: &[&str]) -> String {
    let (from, to) = first_step(circle);
    let map = Path::Root("/segments");
    let at = map.field(from);
    let mut found = None;
    if let Some(segment) = segments.get(from) {
        each_segment(segment, &at, &mut |named, place| {
            if named == to && found.is_none() {
                found = Some(place.pointer());
            }
        });
    }
    found.unwrap_or_else(|| at.pointer())
}

fn first_step<'a>(circle: &[&'a str]) -> (&'a str, &'a str) {
    let from = circle.first().copied().unwrap_or_default();
    (from, circle.get(1).copied().unwrap_or(from))
}

fn each_flag(configuration: &Configuration, at: &Path<'_>, visit: &mut dyn FnMut(&str, &Path<'_>)) {
    let list = at.field("prerequisites");
    for (index, prerequisite) in configuration.prerequisites.iter().enumerate() {
        visit(&prerequisite.flag, &list.item(index));
    }
    let list = at.field("rules");
    for (index, rule) in configuration.rules.iter().enumerate() {
        walk(&rule.when, &list.item(index).field("when"), 1, &mut |predicate, place, _| {
            if let Predicate::Flag(test) = predicate {
                visit(&test.flag, place);
            }
        });
    }
}

fn each_segment(segment: &Segment, at: &Path<'_>, visit: &mut dyn FnMut(&str, &Path<'_>)) {
    let Some(when) = &segment.when else { return };
    walk(when, &at.field("when"), 1, &mut |predicate, place, _| {
        if let Predicate::Segment(key) = predicate {
            visit(key, &place.field("segment"));
        }
    });
}
