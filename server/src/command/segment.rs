//! Segments come to be, change, go away.
//!
//! In: a draft and a segment. Out: the draft with the change, if there is one. A segment that is
//! in use is not deleted.

use serde_json::Value;
use vexil_compiler::check;
use vexil_compiler::check::codes::UNKNOWN_SEGMENT;
use vexil_compiler::document::read_segment;
use vexil_compiler::flag_set::Segment;

use super::Refusal;
use super::difference::same_segment;
use super::draft::{Draft, faulty, pointer, quoted};
use crate::log::change::Change;

/// Creates or replaces a segment, from JSON.
pub(super) fn put(draft: &mut Draft<'_>, key: &str, definition: &Value) -> Result<(), Refusal> {
    let segment = read_segment(definition, &pointer(&["segments", key])).map_err(faulty)?;
    define(draft, key, &segment)
}

/// Makes `definition` the content of the segment, which is created when it does not exist.
pub(super) fn define(
    draft: &mut Draft<'_>,
    key: &str,
    definition: &Segment,
) -> Result<(), Refusal> {
    let (segment, definition) = (key.to_owned(), definition.clone());
    match draft.project.segments.get(key) {
        Some(now) if same_segment(now, &definition) => Ok(()),
        Some(_) => draft.push(Change::SegmentChanged { segment, definition }),
        None => draft.push(Change::SegmentCreated { segment, definition }),
    }
}

/// Deletes a segment.
pub(super) fn delete(draft: &mut Draft<'_>, key: &str) -> Result<(), Refusal> {
    if !draft.project.segments.contains_key(key) {
        return Err(Refusal::UnknownSegment(key.to_owned()));
    }
    draft.push(Change::SegmentDeleted { segment: key.to_owned() })?;
    match users(draft, key) {
        users if users.is_empty() => Ok(()),
        users => Err(Refusal::SegmentInUse { segment: key.to_owned(), users }),
    }
}

/// What names the segment, which is deleted already, in the order of the document.
fn users(draft: &Draft<'_>, key: &str) -> Vec<String> {
    let faults = check::project(&draft.project);
    let misses = faults.iter().filter(|fault| fault.code == UNKNOWN_SEGMENT);
    let mut users: Vec<String> = Vec::new();
    for fault in misses {
        let user = user(draft, &fault.pointer).unwrap_or_else(|| format!("`{}`", fault.pointer));
        if !users.contains(&user) {
            users.push(user);
        }
    }
    users.retain(|user| *user != format!("segment {}", quoted(key)));
    users
}

/// What stands at a pointer, in words.
fn user(draft: &Draft<'_>, pointer: &str) -> Option<String> {
    let steps: Vec<String> =
        pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    match steps.as_slice() {
        ["segments", segment, ..] => Some(format!("segment {}", quoted(segment))),
        ["flags", flag, "environments", environment, "rules", index, ..] => {
            let configuration = draft.flag(flag).ok()?.environments.get(*environment)?;
            let rule = configuration.rules.get(index.parse::<usize>().ok()?)?;
            Some(format!("rule {} of flag {} in {environment}", quoted(&rule.id), quoted(flag)))
        }
        ["flags", flag, ..] => Some(format!("flag {}", quoted(flag))),
        _ => None,
    }
}
