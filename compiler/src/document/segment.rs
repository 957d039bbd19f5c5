//! A named cohort.
//!
//! In: a segment's object. Out: a segment, empty where it cannot be read.

use super::cursor::Cursor;
use super::predicate;
use crate::check::faults::Faults;
use crate::flag_set::Segment;

const FIELDS: &[&str] = &["description", "when", "included", "excluded"];

/// The segment at `cursor`.
pub(crate) fn read(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Segment {
    let mut segment = Segment {
        description: String::new(),
        when: None,
        included: Vec::new(),
        excluded: Vec::new(),
    };
    let Some(object) = cursor.object(faults) else { return segment };
    object.only(FIELDS, faults);
    segment.description = object.text_or_empty("description", faults);
    segment.when = object.field("when").map(|field| predicate::read(&field, 1, faults));
    segment.included = object.texts_or_none("included", faults);
    segment.excluded = object.texts_or_none("excluded", faults);
    segment
}
