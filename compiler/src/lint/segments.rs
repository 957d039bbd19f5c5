//! Segments that no flag uses, and segments that nobody can be in (`VX16…`).
//!
//! In: a project. Out: warnings at segments, and at their conditions and lists. An archived flag
//! still uses its segments: it may be restored.

use super::conditions;
use super::known::Known;
use super::lists;
use super::warnings::Warnings;
use crate::check::codes;
use crate::check::names::quoted;
use crate::check::pointer::Path;
use crate::flag_set::{Project, segments_in_use};

/// Warns about the segments of `project`.
pub(super) fn lint<'a>(project: &'a Project, known: &Known<'a>, warnings: &mut Warnings) {
    let configurations = project.flags.values().flat_map(|flag| flag.environments.values());
    let rules = configurations.flat_map(|configuration| &configuration.rules);
    let used = segments_in_use(rules, &project.segments);
    let map = Path::Root("/segments");
    for (key, segment) in &project.segments {
        let at = map.field(key);
        if !used.contains(key.as_str()) {
            let message = format!("the segment {} is used by no flag", quoted(key));
            let help = "name it in a rule, or take it out";
            warnings.add(codes::UNUSED_SEGMENT, &at, message, help);
        }
        if segment.when.is_none() && segment.included.is_empty() {
            let message = format!("nobody can be in the segment {}", quoted(key));
            let help = "include targeting keys, or say `when` somebody belongs";
            warnings.add(codes::EMPTY_SEGMENT, &at, message, help);
        }
        if let Some(when) = &segment.when {
            conditions::lint(known, when, key, &at.field("when"), warnings);
        }
        lists::of_segment(segment, &at, warnings);
    }
}
