//! What a split or bucket hashes, and how: the fields `by`, `salt` and `hash`.
//!
//! In: the object of a split or bucket. Out: paths and a hashing; a stand-in with a hole where a
//! part cannot be read.

use serde_json::Value;

use super::cursor::{Cursor, Object};
use super::definition::unknown_word;
use crate::check::codes;
use crate::check::faults::Faults;
use crate::flag_set::{Encoding, Family, ForeignHash, Hashing, Reduce};
use crate::limits::MAX_BUCKETS;

/// The attribute that is hashed when none is named.
pub(crate) const DEFAULT_UNIT: &str = "targetingKey";

const FIELDS: [&str; 7] = ["family", "seed", "prefix", "suffix", "encoding", "reduce", "buckets"];

/// The default of `by`.
pub(crate) fn default_unit() -> Vec<String> {
    vec![DEFAULT_UNIT.to_owned()]
}

/// The paths in the field `by` of `object`.
pub(crate) fn read_by(object: &Object<'_, '_>, faults: &mut Faults) -> Vec<String> {
    let Some(by) = object.field("by") else { return default_unit() };
    match by.value {
        Value::String(path) => vec![path.clone()],
        Value::Array(_) => by.texts(faults),
        _ => {
            by.unexpected("an attribute path, or a list of them", faults);
            default_unit()
        }
    }
}

/// The hashing in the fields `salt` and `hash` of `object`; `None` when it cannot be read, so that
/// nothing is known of its buckets.
pub(crate) fn read(object: &Object<'_, '_>, faults: &mut Faults) -> Option<Hashing> {
    let salt = object.field("salt");
    let Some(hash) = object.field("hash") else {
        return Some(Hashing::Native { salt: salt.map(|field| field.text_or_hole(faults)) });
    };
    if let Some(salt) = salt {
        let message = "`salt` has no meaning beside `hash`";
        let help = "write it as the hash's `prefix`, with the separator that the system uses";
        faults.advise(codes::UNKNOWN_FIELD, &salt.at, message, help);
    }
    read_hash(&hash, faults).map(Hashing::Foreign)
}

/// The hash at `cursor`.
fn read_hash(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<ForeignHash> {
    let object = cursor.object(faults)?;
    object.only(&FIELDS, faults);
    let family = object.required("family", faults);
    let family =
        family.and_then(|field| word("family", &field, &Family::ALL, Family::word, faults));
    // Everything else is read without it too, so that all faults are told.
    let mut hash = ForeignHash::of(family.unwrap_or(Family::Murmur3));
    if let Some(seed) = object.field("seed") {
        hash.seed = seed.whole_number(u32::MAX, faults).unwrap_or_default();
    }
    hash.prefix = object.text_or_empty("prefix", faults);
    hash.suffix = object.text_or_empty("suffix", faults);
    if let Some(field) = object.field("encoding") {
        let encoding = word("encoding", &field, &Encoding::ALL, Encoding::word, faults);
        hash.encoding = encoding.unwrap_or_default();
    }
    let mut known = family.is_some();
    if let Some(field) = object.field("reduce") {
        let reduce = word("reduction", &field, &Reduce::ALL, Reduce::word, faults);
        known &= reduce.is_some();
        hash.reduce = reduce.unwrap_or(hash.reduce);
    }
    if let Some(field) = object.field("buckets") {
        let buckets = read_buckets(&field, faults);
        known &= buckets.is_some();
        hash.buckets = buckets.unwrap_or(hash.buckets);
    }
    known.then_some(hash)
}

fn read_buckets(cursor: &Cursor<'_, '_>, faults: &mut Faults) -> Option<u32> {
    let buckets = cursor.whole_number(MAX_BUCKETS, faults)?;
    if buckets == 0 {
        faults.add(codes::OUT_OF_RANGE, &cursor.at, "a hash has at least one bucket");
        faults.hole(&cursor.at);
        return None;
    }
    Some(buckets)
}

/// The one of `all` whose word stands at `field`.
pub(crate) fn word<T: Copy>(
    what: &str,
    field: &Cursor<'_, '_>,
    all: &[T],
    word_of: fn(T) -> &'static str,
    faults: &mut Faults,
) -> Option<T> {
    let text = field.text(faults)?;
    let found = all.iter().copied().find(|candidate| word_of(*candidate) == text);
    if found.is_none() {
        let words: Vec<&str> = all.iter().copied().map(word_of).collect();
        unknown_word(what, text, &words, field, faults);
        faults.hole(&field.at);
    }
    found
}
