//! Segments come to be, change, go away.
//!
//! In: a draft and a segment. Out: the draft with the change, if there is one. That nothing uses a
//! deleted segment is checked at the end, with everything else.

use serde_json::Value;
use vexil_compiler::document::read_segment;
use vexil_compiler::flag_set::Segment;

use super::Refusal;
use super::difference::same_segment;
use super::draft::{Draft, faulty, pointer};
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
    draft.push(Change::SegmentDeleted { segment: key.to_owned() })
}
