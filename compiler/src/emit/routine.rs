//! Routines: what many predicates share, linked into a module only if it uses them.
//!
//! In: nothing but constants. Out: one function each. Pointers are absolute addresses, lengths
//! are bytes; no routine reads outside the ranges it is given or loops longer than they are.

mod address;
mod bucket;
mod fnv;
mod hash;
mod lower;
mod md5;
mod membership;
mod message;
mod murmur;
mod pattern;
mod reduce;
mod sha1;
mod text;
mod time;
mod verdict;
mod version;

use super::assembly::Assembly;
use super::code::Function;

pub(super) use bucket::native;
pub(super) use fnv::{BASIS as FNV_BASIS, PRIME as FNV_PRIME, fnv_layout};
pub(super) use lower::{buffer as lower_buffer, table as lower_table};
pub(super) use md5::{SINES as MD5_SINES, START as MD5_START, rotation as md5_rotation};
pub(super) use message::layout;
pub(super) use reduce::reciprocal;
pub(super) use sha1::{CONSTANTS as SHA1_CONSTANTS, START as SHA1_START};
pub(super) use text::beyond;
pub(super) use version::{fact as version_fact, key as version_key, operand as version_operand};

/// A routine of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Routine {
    /// `(ptr, len) -> i64`: xxh64 with seed 0.
    Xxh64,
    /// `(a, b, len) -> i32`: are the bytes equal; `b` is a constant.
    BytesEqual,
    /// `(ptr, len, needle, needle_len) -> i32`: does the needle stand in the string.
    Contains,
    /// `(ptr, len, needles) -> i32`: does a needle stand anywhere.
    ContainsAny,
    /// `(ptr, len, needles) -> i32`: does the string begin with a needle.
    StartsWithAny,
    /// `(ptr, len, needles) -> i32`: does the string end with a needle.
    EndsWithAny,
    /// `(ptr, len, set) -> i32`: is the string in the set.
    InStrings,
    /// `(x: f64, set) -> i32`: is the number in the set.
    InNumbers,
    /// `(ptr, len, k0: i64, k1: i64) -> i64`: the digest of a string under a key.
    Digest,
    /// `(digest: i64, table) -> i32`: is the digest in the table.
    Probe,
    /// `(ptr, len) -> i32`: lower-cases into the buffer, returns the length.
    Lower,
    /// `(ptr, len, dialect, out) -> i32`: reads a version.
    VersionRead,
    /// `(word: i64, out) -> i32`: reads a version that is short and simple; 0 if it is not.
    VersionShort,
    /// `(fact, operand) -> i32`: 0 less, 1 equal, 2 greater.
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
    /// `(ptr, len, table) -> i32`: does a regular expression match.
    Matches,
    /// `(ptr, len, out) -> i32`: reads an IP address; its family or 0.
    AddressRead,
    /// `(ptr, end) -> i64`: an IPv4 address, or -1.
    DottedAddress,
    /// `(ptr, end, out) -> i32`: is it an IPv6 address.
    GroupedAddress,
    /// `(fact, table) -> i32`: is the address in one of the networks.
    InNetworks,
    /// `(ptr, len, layout) -> i32`: `MurmurHash3_x86_32`.
    Murmur,
    /// `(ptr, len, layout) -> i32`: the same of the low byte of each UTF-16 code unit.
    MurmurLatin1,
    /// `(ptr, total, len, layout) -> i32`: the same of bytes as they stand.
    MurmurWords,
    /// `(ptr, len, layout) -> i32`: FNV-1a.
    Fnv,
    /// `(ptr, len, layout) -> i32`: FNV-1a of UTF-16 code units.
    FnvWide,
    /// `(ptr, len, layout) -> i32`: the first four bytes of MD5.
    Md5,
    /// `(block, state) -> i32`: one block of MD5.
    Md5Block,
    /// `(ptr, len, layout) -> i64`: the first 60 bits of SHA-1.
    Sha1,
    /// `(block, state) -> i32`: one block of SHA-1.
    Sha1Block,
    /// `(hash, reciprocal, buckets) -> i32`: a bucket.
    Reduce,
    /// `(ctx, flag) -> i64`: the verdict of a flag.
    FlagVerdict,
    /// `(number: i64, thresholds, count) -> i32`: how many thresholds are not above the number.
    Arms,
}

impl Routine {
    /// Emits it.
    pub(super) fn build(self, assembly: &mut Assembly) -> Function {
        match self {
            Self::Xxh64 => hash::xxh64(),
            Self::BytesEqual => text::bytes_equal(),
            Self::Contains => text::contains(assembly),
            Self::ContainsAny => text::contains_any(assembly),
            Self::StartsWithAny => text::starts_with_any(assembly),
            Self::EndsWithAny => text::ends_with_any(assembly),
            Self::InStrings => membership::in_strings(assembly),
            Self::InNumbers => membership::in_numbers(assembly),
            Self::Digest => membership::digest(),
            Self::Probe => membership::probe(),
            Self::Lower => lower::lower(),
            Self::VersionRead => version::read(assembly),
            Self::VersionShort => version::short(),
            Self::VersionCompare => version::compare(assembly),
            Self::VersionIdentifiers => version::identifiers(),
            Self::VersionPrerelease => version::prerelease(),
            Self::TimeMs => time::time_ms(assembly),
            Self::ParseTime => time::parse_time(assembly),
            Self::TwoDigits => time::two_digits(),
            Self::Matches => pattern::matches(),
            Self::AddressRead => address::read(assembly),
            Self::DottedAddress => address::dotted(),
            Self::GroupedAddress => address::grouped(assembly),
            Self::InNetworks => address::networks(),
            Self::Murmur => murmur::murmur(assembly),
            Self::MurmurLatin1 => murmur::murmur_latin1(assembly),
            Self::MurmurWords => murmur::words(),
            Self::Fnv => fnv::fnv(),
            Self::FnvWide => fnv::fnv_wide(),
            Self::Md5 => md5::md5(assembly),
            Self::Md5Block => md5::block(),
            Self::Sha1 => sha1::sha1(assembly),
            Self::Sha1Block => sha1::block(),
            Self::Reduce => reduce::reduce(),
            Self::FlagVerdict => verdict::flag_verdict(),
            Self::Arms => verdict::arms(),
        }
    }
}
