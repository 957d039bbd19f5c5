//! Routines: what many predicates share, linked into a module only if it uses them.
//!
//! In: nothing but constants. Out: one function each. Pointers are absolute addresses, lengths
//! are bytes; no routine reads outside the ranges it is given or loops longer than they are.

mod bucket;
mod hash;
mod lower;
mod membership;
mod text;
mod time;
mod version;

use super::assembly::Assembly;
use super::code::Function;

pub(super) use membership::{number_table, string_table};
pub(super) use text::needle_table;
pub(super) use version::operand as version_operand;

/// A routine of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Routine {
    /// `(ptr, len) -> i64`: xxh64 with seed 0.
    Xxh64,
    /// `(mixed: i64) -> i64`: the native bucket, 0–99,999, of unit hash `^` salt hash.
    Bucket,
    /// `(a, b, len) -> i32`: are the bytes equal.
    BytesEqual,
    /// `(ptr, len, needle, needle_len) -> i32`: does the needle stand in the string.
    Contains,
    /// `(ptr, len, needles, end) -> i32`: does a needle of the table stand anywhere.
    ContainsAny,
    /// `(ptr, len, needles, end) -> i32`: does the string begin with a needle of the table.
    StartsWithAny,
    /// `(ptr, len, needles, end) -> i32`: does the string end with a needle of the table.
    EndsWithAny,
    /// `(ptr, len, table) -> i32`: is the string in the table.
    InStrings,
    /// `(x: f64, low, high) -> i32`: is the number in the sorted numbers from `low` to `high`.
    InNumbers,
    /// `(ptr, len) -> i32`: lower-cases into the buffer, returns the length.
    Lower,
    /// `(ptr, len, operand) -> i32`: 0 less, 1 equal, 2 greater, 3 not a version.
    VersionCompare,
    /// `(ptr, end, strict) -> i32`: end of the identifiers that begin at `ptr`, 0 if malformed.
    VersionIdentifiers,
    /// `(a, a_end, b, b_end) -> i32`: 0 less, 1 equal, 2 greater.
    VersionPrerelease,
    /// `(ctx, slot) -> f64`: milliseconds since the Unix epoch, not a number if not a time.
    TimeMs,
    /// `(ptr, len) -> f64`: the same of an RFC 3339 string.
    ParseTime,
    /// `(ptr) -> i32`: the number in two digits, or a negative number.
    TwoDigits,
}

impl Routine {
    /// Emits it.
    pub(super) fn build(self, assembly: &mut Assembly) -> Function {
        match self {
            Self::Xxh64 => hash::xxh64(),
            Self::Bucket => bucket::bucket(),
            Self::BytesEqual => text::bytes_equal(),
            Self::Contains => text::contains(assembly),
            Self::ContainsAny => text::contains_any(assembly),
            Self::StartsWithAny => text::starts_with_any(assembly),
            Self::EndsWithAny => text::ends_with_any(assembly),
            Self::InStrings => membership::in_strings(assembly),
            Self::InNumbers => membership::in_numbers(),
            Self::Lower => lower::lower(assembly),
            Self::VersionCompare => version::compare(assembly),
            Self::VersionIdentifiers => version::identifiers(),
            Self::VersionPrerelease => version::prerelease(),
            Self::TimeMs => time::time_ms(assembly),
            Self::ParseTime => time::parse_time(assembly),
            Self::TwoDigits => time::two_digits(),
        }
    }
}
