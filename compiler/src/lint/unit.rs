//! What is hashed in splits and buckets, and how.
//!
//! In: splits and buckets. Out: names under which two of them are known to be the same. Only this
//! file knows how bucketing is written down.

use crate::flag_set::{Bucket, Split};
use crate::limits::WHOLE;

/// The attribute paths that a unit is looked for at, the first that is one counts.
pub(super) type Paths<'a> = &'a [String];

/// Units and how they are hashed: with equal ones the same context gets the same bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hashing<'a> {
    /// Whose value is hashed.
    pub(super) paths: Paths<'a>,
    salt: &'a str,
}

/// How `bucket` hashes; `owner` is the key of the flag or segment it stands in.
pub(super) fn of_bucket<'a>(bucket: &'a Bucket, owner: &'a str) -> Hashing<'a> {
    let salt = bucket.salt.as_deref().unwrap_or(owner);
    Hashing { paths: std::slice::from_ref(&bucket.by), salt }
}

/// Whose value `split` hashes.
pub(super) fn of_split(split: &Split) -> Paths<'_> {
    std::slice::from_ref(&split.by)
}

/// How many buckets there are.
pub(super) fn buckets(_bucket: &Bucket) -> u32 {
    WHOLE
}

/// The paths for a message.
pub(super) fn named(paths: Paths<'_>) -> String {
    let paths: Vec<String> = paths.iter().map(|path| crate::check::names::quoted(path)).collect();
    paths.join(" or ")
}
