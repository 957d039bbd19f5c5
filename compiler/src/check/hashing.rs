//! What a split or bucket hashes, and how: paths that exist, and parts of a hash that go together.
//!
//! In: the paths and the hashing of a split or bucket. Out: faults, at pointers beneath it.

use super::codes;
use super::faults::Faults;
use super::names::{grouped, path, quoted};
use super::pointer::Path;
use crate::flag_set::{Encoding, Family, ForeignHash, Hashing, Reduce};
use crate::limits::{MAX_BUCKETS, MAX_OPERAND_BYTES, MAX_UNIT_PATHS};

/// Every fault of the fields of the split or bucket at `at`.
pub(crate) fn check(by: &[String], hashing: &Hashing, at: &Path<'_>, faults: &mut Faults) {
    check_by(by, &at.field("by"), faults);
    match hashing {
        Hashing::Native { salt: None } => {}
        Hashing::Native { salt: Some(salt) } => check_text("salt", salt, at, faults),
        Hashing::Foreign(hash) => check_hash(hash, &at.field("hash"), faults),
    }
}

fn check_by(by: &[String], at: &Path<'_>, faults: &mut Faults) {
    if by.is_empty() {
        let help = "name an attribute, or take `by` out to split by `targetingKey`";
        faults.advise(codes::EMPTY_LIST, at, "no attribute is named", help);
    }
    if by.len() > MAX_UNIT_PATHS {
        let message = format!("{} attribute paths, more than {MAX_UNIT_PATHS}", by.len());
        faults.add(codes::TOO_MANY, at, message);
    }
    for (index, attribute) in by.iter().enumerate() {
        if let Err(wrong) = path(attribute) {
            let message = format!("the attribute path {} {wrong}", quoted(attribute));
            let item = at.item(index);
            // One path stands there without a list.
            let at = if by.len() == 1 { at } else { &item };
            faults.add(codes::BAD_KEY, at, message);
        }
    }
}

fn check_hash(hash: &ForeignHash, at: &Path<'_>, faults: &mut Faults) {
    let family = hash.family;
    check_text("prefix", &hash.prefix, at, faults);
    check_text("suffix", &hash.suffix, at, faults);
    if hash.seed != 0 && !family.has_seed() {
        let message = format!("the hash `{}` has no seed", family.word());
        let help = "take it out; what other systems call a seed is often a `prefix`";
        faults.advise(codes::HASH_MISMATCH, &at.field("seed"), message, help);
    }
    if !family.takes(hash.encoding) {
        let message =
            format!("the hash `{}` cannot be of `{}`", family.word(), hash.encoding.word());
        let known = Encoding::ALL.into_iter().filter(|one| family.takes(*one));
        let help = known_words("encodings", family, known.map(Encoding::word));
        faults.advise(codes::HASH_MISMATCH, &at.field("encoding"), message, help);
    }
    if !family.reduces_by(hash.reduce) {
        let message =
            format!("the hash `{}` cannot be reduced by `{}`", family.word(), hash.reduce.word());
        let known = Reduce::ALL.into_iter().filter(|one| family.reduces_by(*one));
        let help = known_words("reductions", family, known.map(Reduce::word));
        faults.advise(codes::HASH_MISMATCH, &at.field("reduce"), message, help);
    }
    check_buckets(hash, at, faults);
}

fn known_words(what: &str, family: Family, words: impl Iterator<Item = &'static str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    format!("{what} of `{}`: {}", family.word(), words.join(", "))
}

fn check_buckets(hash: &ForeignHash, at: &Path<'_>, faults: &mut Faults) {
    let at = at.field("buckets");
    if !(1..=MAX_BUCKETS).contains(&hash.buckets) {
        let (buckets, most) = (grouped(hash.buckets), grouped(MAX_BUCKETS));
        let message = format!("{buckets} buckets, not 1 to {most}");
        faults.add(codes::OUT_OF_RANGE, &at, message);
    }
    // Its fractions are weights per 100,000 in the system it comes from.
    if hash.family == Family::Sha1 && hash.buckets != hash.family.default_buckets() {
        let whole = grouped(hash.family.default_buckets());
        let message = format!("the hash `sha1` has {whole} buckets, not {}", grouped(hash.buckets));
        faults.advise(codes::HASH_MISMATCH, &at, message, "take `buckets` out");
    }
}

fn check_text(what: &'static str, text: &str, at: &Path<'_>, faults: &mut Faults) {
    if text.len() > MAX_OPERAND_BYTES {
        let (bytes, most) = (grouped(text.len() as u64), grouped(MAX_OPERAND_BYTES as u64));
        let message = format!("the {what} has {bytes} bytes, more than {most}");
        faults.add(codes::TOO_LONG, &at.field(what), message);
    }
}
