//! What is hashed in splits and buckets, and how.
//!
//! In: splits and buckets. Out: names under which two of them are known to be the same. Only this
//! file knows how bucketing is written down.

use crate::flag_set::{self, Bucket, ForeignHash, Split};

/// The attribute paths that a unit is looked for at, the first that is one counts.
pub(super) type Paths<'a> = &'a [String];

/// Units and how they are hashed: with equal ones the same context gets the same bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hashing<'a> {
    /// Whose value is hashed.
    pub(super) paths: Paths<'a>,
    way: Way<'a>,
}

/// How a unit becomes a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way<'a> {
    /// The native way, under this salt.
    Native(&'a str),
    /// That of another system.
    Foreign(&'a ForeignHash),
}

/// How `bucket` hashes; `owner` is the key of the flag or segment it stands in.
pub(super) fn of_bucket<'a>(bucket: &'a Bucket, owner: &'a str) -> Hashing<'a> {
    let way = match &bucket.hashing {
        flag_set::Hashing::Native { salt } => Way::Native(salt.as_deref().unwrap_or(owner)),
        flag_set::Hashing::Foreign(hash) => Way::Foreign(hash),
    };
    Hashing { paths: &bucket.by, way }
}

/// Whose value `split` hashes.
pub(super) fn of_split(split: &Split) -> Paths<'_> {
    &split.by
}

/// How many buckets there are. A fraction in single precision counts as one of them: the last range
/// ends with the largest.
pub(super) fn buckets(bucket: &Bucket) -> u32 {
    bucket.hashing.buckets()
}

/// The paths for a message.
pub(super) fn named(paths: Paths<'_>) -> String {
    let paths: Vec<String> = paths.iter().map(|path| crate::check::names::quoted(path)).collect();
    paths.join(" or ")
}
