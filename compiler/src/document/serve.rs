//! What a rule or the fallthrough gives: a variant's key, `{"variant"}` or `{"split"}`.
//!
//! In: its value. Out: a serve, or a stand-in with a hole.

use indexmap::IndexMap;
use serde_json::Value;

use super::cursor::Cursor;
use super::hashing;
use crate::check::codes;
use crate::check::faults::Faults;
use crate::flag_set::{Hashing, Serve, Split};
use crate::limits::{MAX_BUCKETS, WHOLE};

/// The serve at `cursor`.
pub(crate) fn read(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Serve {
    if let Value::String(variant) = cursor.value {
        return Serve::Variant(variant.clone());
    }
    if !cursor.value.is_object() {
        cursor.unexpected("a variant's key, or an object with `variant` or `split`", faults);
        return stand_in();
    }
    let Some(object) = cursor.object(faults) else { return stand_in() };
    object.only(&["variant", "split"], faults);
    match (object.field("variant"), object.field("split")) {
        (Some(variant), None) => {
            let Some(variant) = variant.text(faults) else {
                faults.hole(&cursor.at);
                return stand_in();
            };
            Serve::Variant(variant.to_owned())
        }
        (None, Some(split)) => Serve::Split(read_split(&split, faults)),
        (None, None) if object.misspells(&["variant", "split"]) => {
            faults.hole(&cursor.at);
            stand_in()
        }
        (given, _) => {
            let which = if given.is_some() { "both" } else { "neither" };
            let message = format!("{which} of `variant` and `split` are given");
            object.fault(codes::NOT_ONE, message, "give one of the two", faults);
            stand_in()
        }
    }
}

/// The serve of a rule that has none; a hole goes with it.
pub(crate) fn stand_in() -> Serve {
    Serve::Variant(String::new())
}

fn read_split(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Split {
    let mut split = Split {
        by: hashing::default_unit(),
        hashing: Hashing::native(),
        weights: IndexMap::new(),
        otherwise: None,
    };
    let Some(object) = cursor.object(faults) else { return split };
    object.only(&["weights", "by", "salt", "hash", "otherwise"], faults);
    split.by = hashing::read_by(&object, faults);
    let read = hashing::read(&object, faults);
    split.otherwise = object.field("otherwise").map(|field| field.text_or_hole(faults));
    if let Some(weights) = object.required("weights", faults) {
        if read.is_none() {
            // What they have to sum to is not known.
            faults.dent(&weights.at);
        }
        let most = if matches!(read, Some(Hashing::Native { .. })) { WHOLE } else { MAX_BUCKETS };
        split.weights = read_weights(&weights, most, faults);
    }
    split.hashing = read.unwrap_or_else(Hashing::native);
    split
}

fn read_weights(cursor: &Cursor<'_, '_>, most: u32, faults: &mut Faults) -> IndexMap<String, u32> {
    let mut weights = IndexMap::new();
    for (variant, member) in cursor.members("variant", faults) {
        let weight = member.whole_number(most, faults);
        if weight.is_none() {
            // Their sum says nothing now.
            faults.dent(&cursor.at);
        }
        weights.insert(variant.to_owned(), weight.unwrap_or(0));
    }
    weights
}
