//! How a unit becomes a bucket: the native way, or that of a system a team moves from.
//!
//! In: built by `document` and by importers. Out: read by `check`, `interpret` and `lower`. Only
//! names and numbers; no hash is computed here.

use crate::limits::WHOLE;

/// How the unit of a split or bucket is hashed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hashing {
    /// xxh64 and the finaliser of SplitMix64, to 100,000 buckets.
    Native {
        /// Salt; the flag's (in a segment the segment's) key when `None`.
        salt: Option<String>,
    },
    /// The layout of another system.
    Foreign(ForeignHash),
}

impl Hashing {
    /// The native way under the default salt.
    #[must_use]
    pub const fn native() -> Self {
        Self::Native { salt: None }
    }

    /// The number of buckets.
    #[must_use]
    pub const fn buckets(&self) -> u32 {
        match self {
            Self::Native { .. } => WHOLE,
            Self::Foreign(hash) => hash.buckets,
        }
    }
}

/// A foreign hash: `reduce(family(encoding(prefix + unit + suffix)))`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignHash {
    /// Which function.
    pub family: Family,
    /// Its seed; 0 unless the family is [`Family::Murmur3`].
    pub seed: u32,
    /// Stands before the unit.
    pub prefix: String,
    /// Stands behind it.
    pub suffix: String,
    /// How text becomes what is hashed.
    pub encoding: Encoding,
    /// How the hash becomes a bucket.
    pub reduce: Reduce,
    /// The number of buckets, 1–1,000,000.
    pub buckets: u32,
}

impl ForeignHash {
    /// The hash of `family` with every default.
    #[must_use]
    pub const fn of(family: Family) -> Self {
        Self {
            family,
            seed: 0,
            prefix: String::new(),
            suffix: String::new(),
            encoding: Encoding::Utf8,
            reduce: family.default_reduce(),
            buckets: family.default_buckets(),
        }
    }
}

/// A hash function of another system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// MurmurHash3_x86_32: Unleash, flagd.
    Murmur3,
    /// FNV-1a of 32 bits: GrowthBook's hash version 1.
    Fnv1a,
    /// FNV-1a of the decimal text of FNV-1a: GrowthBook's hash version 2.
    Fnv1aTwice,
    /// The first 32 bits of MD5, big-endian: Eppo.
    Md5,
    /// The first 60 bits of SHA-1: LaunchDarkly.
    Sha1,
}

impl Family {
    /// Every family, in the order of the reference.
    pub const ALL: [Self; 5] =
        [Self::Murmur3, Self::Fnv1a, Self::Fnv1aTwice, Self::Md5, Self::Sha1];

    /// Its word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Murmur3 => "murmur3_32",
            Self::Fnv1a => "fnv1a",
            Self::Fnv1aTwice => "fnv1a_twice",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
        }
    }

    /// How its hashes become buckets when nothing is said.
    #[must_use]
    pub const fn default_reduce(self) -> Reduce {
        match self {
            Self::Sha1 => Reduce::Single,
            _ => Reduce::Modulo,
        }
    }

    /// How many buckets there are when nothing is said.
    #[must_use]
    pub const fn default_buckets(self) -> u32 {
        match self {
            Self::Murmur3 => 100,
            Self::Sha1 => WHOLE,
            _ => 10_000,
        }
    }

    /// Can it be seeded.
    #[must_use]
    pub const fn has_seed(self) -> bool {
        matches!(self, Self::Murmur3)
    }

    /// Can it hash text in this encoding.
    #[must_use]
    pub const fn takes(self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::Utf8 => true,
            Encoding::Utf16 => matches!(self, Self::Fnv1a | Self::Fnv1aTwice),
            Encoding::Latin1 => matches!(self, Self::Murmur3),
        }
    }

    /// Can its hashes be reduced in this way.
    #[must_use]
    pub const fn reduces_by(self, reduce: Reduce) -> bool {
        match reduce {
            Reduce::Modulo => !matches!(self, Self::Sha1),
            Reduce::Scale => matches!(self, Self::Murmur3 | Self::Fnv1a | Self::Fnv1aTwice),
            Reduce::Single => matches!(self, Self::Sha1),
        }
    }
}

/// How text becomes what is hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Its UTF-8 bytes.
    #[default]
    Utf8,
    /// Its UTF-16 code units, each hashed as one number (JavaScript's `charCodeAt`).
    Utf16,
    /// The low byte of each UTF-16 code unit.
    Latin1,
}

impl Encoding {
    /// Every encoding, in the order of the reference.
    pub const ALL: [Self; 3] = [Self::Utf8, Self::Utf16, Self::Latin1];

    /// Its word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Utf8 => "utf8",
            Self::Utf16 => "utf16",
            Self::Latin1 => "latin1",
        }
    }
}

/// How a hash becomes a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reduce {
    /// The remainder of dividing it by the number of buckets.
    Modulo,
    /// The hash as a fraction of 2^32, times the number of buckets, rounded down.
    Scale,
    /// The hash as a fraction in single precision, compared with sums of weights as fractions in
    /// single precision.
    Single,
}

impl Reduce {
    /// Every way, in the order of the reference.
    pub const ALL: [Self; 3] = [Self::Modulo, Self::Scale, Self::Single];

    /// Its word in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Modulo => "modulo",
            Self::Scale => "scale",
            Self::Single => "single",
        }
    }
}
