//! Where a unit stands among the buckets of a split, by any hashing of the language.
//!
//! In: a unit and a hashing. Out: a share, which picks an arm and knows whether it lies in a range.
//! The layouts and their origins stand in `docs/bucketing.md`.

use super::bucket::bucket;
use super::hash;
use crate::flag_set::{ForeignHash, Hashing, Reduce};

/// Parts of a whole in LaunchDarkly's weights.
const WHOLE: f32 = 100_000.0;
/// The largest 60-bit number, which `single` divides by.
const LARGEST: u64 = 0x0FFF_FFFF_FFFF_FFFF;

/// Where a unit stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Share {
    /// In a bucket.
    Bucket(u32),
    /// At a fraction from 0 to 1, in single precision.
    Fraction(f32),
}

/// Where `unit` stands; `owner` is the salt where none is given. `None` when `hashing` would not
/// pass `check`.
pub(super) fn of(unit: &str, hashing: &Hashing, owner: &str) -> Option<Share> {
    match hashing {
        Hashing::Native { salt } => {
            let salt = salt.as_deref().unwrap_or(owner);
            Some(Share::Bucket(bucket(unit.as_bytes(), salt.as_bytes())))
        }
        Hashing::Foreign(hash) => foreign(unit, hash),
    }
}

fn foreign(unit: &str, hash: &ForeignHash) -> Option<Share> {
    let text = format!("{}{unit}{}", hash.prefix, hash.suffix);
    let number = hash::of(&text, hash)?;
    let buckets = u64::from(hash.buckets);
    match hash.reduce {
        Reduce::Modulo => Some(Share::Bucket(number.checked_rem(buckets)? as u32)),
        Reduce::Scale => Some(Share::Bucket((number.checked_mul(buckets)? >> 32) as u32)),
        Reduce::Single => Some(Share::Fraction(number as f32 / LARGEST as f32)),
    }
}

impl Share {
    /// The arm that takes the unit; `None` when `weights` leave a gap.
    pub(super) fn arm(self, weights: &[u32]) -> Option<usize> {
        match self {
            Self::Bucket(bucket) => {
                let mut cumulative = 0;
                weights.iter().position(|weight| {
                    cumulative += u64::from(*weight);
                    cumulative > u64::from(bucket)
                })
            }
            Self::Fraction(fraction) => {
                let mut cumulative = 0.0;
                let found = weights.iter().position(|weight| {
                    cumulative += *weight as f32 / WHOLE;
                    fraction < cumulative
                });
                // Rounding may leave a little over: the last arm with a weight takes it.
                found.or_else(|| weights.iter().rposition(|weight| *weight > 0))
            }
        }
    }

    /// Does it lie from bucket `from` on, and before bucket `to`?
    pub(super) fn is_within(self, from: u32, to: u32) -> bool {
        match self {
            Self::Bucket(bucket) => from <= bucket && bucket < to,
            Self::Fraction(fraction) => {
                // The last bucket ends with the largest fraction.
                let before_end = to as f32 >= WHOLE || fraction < to as f32 / WHOLE;
                from < to && from as f32 / WHOLE <= fraction && before_end
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::flag_set::{Encoding, Family};

    fn bucket_of(unit: &str, hash: ForeignHash) -> u32 {
        match of(unit, &Hashing::Foreign(hash), "").unwrap() {
            Share::Bucket(bucket) => bucket,
            other @ Share::Fraction(_) => panic!("{other:?}"),
        }
    }

    fn with_prefix(family: Family, prefix: &str) -> ForeignHash {
        ForeignHash { prefix: prefix.to_owned(), ..ForeignHash::of(family) }
    }

    /// Unleash's client specification: `norm(group, id)` is one more than the bucket.
    #[test]
    fn unleash_places_units_by_murmur3() {
        assert_eq!(bucket_of("123", with_prefix(Family::Murmur3, "gr1:")) + 1, 73);
        assert_eq!(bucket_of("999", with_prefix(Family::Murmur3, "groupX:")) + 1, 25);
    }

    /// LaunchDarkly's SDK test data.
    #[test]
    fn launchdarkly_places_units_by_sha1() {
        for (prefix, unit, expected) in [
            ("hashKey.saltyA.", "userKeyA", 0.421_575_87),
            ("hashKey.saltyA.", "userKeyB", 0.670_848_5),
            ("hashKey.saltyA.", "userKeyC", 0.103_431_06),
            ("61.", "userKeyA", 0.098_012_07),
            ("61.", "userKeyB", 0.144_837_77),
            ("61.", "userKeyC", 0.924_264_1_f32),
        ] {
            let hash = Hashing::Foreign(with_prefix(Family::Sha1, prefix));
            let Share::Fraction(fraction) = of(unit, &hash, "").unwrap() else { panic!("{unit}") };
            assert!((fraction - expected).abs() < 1e-7, "{prefix}{unit}: {fraction}");
        }
    }

    #[test]
    fn what_rounding_leaves_over_goes_to_the_last_arm_with_a_weight() {
        assert_eq!(Share::Fraction(1.0).arm(&[50_000, 50_000, 0]), Some(1));
        assert_eq!(Share::Fraction(0.0).arm(&[0, 50_000, 50_000]), Some(1));
        assert_eq!(Share::Fraction(0.5).arm(&[50_000, 50_000]), Some(1));
        assert_eq!(Share::Bucket(100).arm(&[50, 50]), None);
        assert!(Share::Fraction(1.0).is_within(0, 100_000));
        assert!(!Share::Fraction(1.0).is_within(0, 99_999));
        assert!(!Share::Fraction(1.0).is_within(100_000, 100_000));
        assert!(Share::Fraction(0.5).is_within(50_000, 50_001));
        assert!(!Share::Fraction(0.5).is_within(0, 50_000));
    }

    #[test]
    fn encodings_differ_beyond_ascii() {
        let of = |family, encoding, unit: &str| {
            bucket_of(unit, ForeignHash { encoding, buckets: 1_000_000, ..ForeignHash::of(family) })
        };
        for (family, encoding) in [
            (Family::Fnv1a, Encoding::Utf16),
            (Family::Fnv1aTwice, Encoding::Utf16),
            (Family::Murmur3, Encoding::Latin1),
        ] {
            let plain = of(family, Encoding::Utf8, "user-1");
            assert_eq!(of(family, encoding, "user-1"), plain, "{family:?}");
            let plain = of(family, Encoding::Utf8, "useré😀");
            assert_ne!(of(family, encoding, "useré😀"), plain, "{family:?}");
        }
    }
}
