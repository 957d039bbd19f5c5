//! Kinds of records: one per question that compiled code can ask, with the meaning of its words.

/// What a word of a record means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Itself.
    Plain,
    /// A slot; in memory its offset in the context record.
    Slot,
    /// A fact; in memory its offset in the context record.
    Fact,
    /// A blob, or none; in memory its address, or 0.
    Blob,
    /// A remembered answer, or none; in memory its offset in the context record, or 0.
    Place,
    /// A flag's number.
    Flag,
    /// A segment; in memory the address of its record.
    Segment,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $name:ident = [$($word:ident),*];)*) => {
        /// A question, and the layout of its records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind {
            $($(#[doc = $doc])* $name,)*
        }

        impl Kind {
            /// All kinds, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The meaning of each word of a record.
            pub(crate) const fn words(self) -> &'static [Word] {
                match self {
                    $(Self::$name => &[$(Word::$word),*],)*
                }
            }

            /// Its name in text.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

kinds! {
    /// The slot is there.
    Exists = [Slot, Plain];
    /// The slot is a list.
    IsList = [Slot, Plain];
    /// The slot is a boolean: 0 false, 1 true, 2 either.
    IsBoolean = [Slot, Plain];
    /// The slot is this string of at most 8 bytes: length, bytes.
    TextIs = [Slot, Plain, Plain, Plain];
    /// The slot is this string of more than 8 bytes: length, bytes.
    LongTextIs = [Slot, Plain, Blob, Plain];
    /// The slot is a string of this set.
    TextIn = [Slot, Blob];
    /// The slot is this number.
    NumberIs = [Slot, Plain, Plain, Plain];
    /// The slot is a number of this set.
    NumberIn = [Slot, Blob];
    /// The slot is a number below this.
    Less = [Slot, Plain, Plain, Plain];
    /// The slot is a number not above this.
    LessOrEqual = [Slot, Plain, Plain, Plain];
    /// The slot is a number above this.
    Greater = [Slot, Plain, Plain, Plain];
    /// The slot is a number not below this.
    GreaterOrEqual = [Slot, Plain, Plain, Plain];
    /// The slot is a number from the first to the second.
    Between = [Slot, Plain, Plain, Plain, Plain, Plain, Plain, Plain];
    /// The slot is a string that begins with this one: length, bytes.
    Starts = [Slot, Plain, Blob, Plain];
    /// The slot is a string that ends with this one.
    Ends = [Slot, Plain, Blob, Plain];
    /// The slot is a string that this one stands in.
    Contains = [Slot, Plain, Blob, Plain];
    /// The slot is a string that begins with one of these.
    StartsAny = [Slot, Blob];
    /// The slot is a string that ends with one of these.
    EndsAny = [Slot, Blob];
    /// The slot is a string that one of these stands in.
    ContainsAny = [Slot, Blob];
    /// The slot's lower case is a string of this set.
    LowerTextIn = [Slot, Blob];
    /// The slot's lower case begins with one of these.
    LowerStartsAny = [Slot, Blob];
    /// The slot's lower case ends with one of these.
    LowerEndsAny = [Slot, Blob];
    /// One of these stands in the slot's lower case.
    LowerContainsAny = [Slot, Blob];
    /// The slot is a list with an element of these: strings, numbers, booleans (bit 0 false, bit 1
    /// true).
    ListAny = [Slot, Blob, Blob, Plain];
    /// The same with strings in lower case.
    LowerListAny = [Slot, Blob, Blob, Plain];
    /// The version stands to this release as the mask says (see `emit::kinds::version`): mask, key.
    Version = [Fact, Plain, Plain, Plain];
    /// The version stands to this version as the mask says: mask, numbers and pre-release.
    FullVersion = [Fact, Plain, Blob, Plain];
    /// The time is before this.
    Before = [Fact, Plain, Plain, Plain];
    /// The time is after this.
    After = [Fact, Plain, Plain, Plain];
    /// The unit's native bucket is in a range: first, salt, width.
    Bucket = [Fact, Plain, Plain, Plain, Plain, Plain, Plain, Plain];
    /// The subject is in a segment.
    Segment = [Segment, Place];
    /// A flag serves this variant, or one of those in the bitmap.
    FlagIs = [Flag, Plain, Blob, Plain];
    /// Not a question but a number: the unit's native bucket under this salt.
    Native = [Fact, Plain, Plain, Plain];
}

impl Kind {
    /// Bytes of a record: a power of two, so that a record's number is its address shifted.
    pub(crate) const fn bytes(self) -> u32 {
        4 * self.words().len() as u32
    }

    /// Does it lower-case a string?
    pub(crate) const fn lowers(self) -> bool {
        matches!(
            self,
            Self::LowerTextIn
                | Self::LowerStartsAny
                | Self::LowerEndsAny
                | Self::LowerContainsAny
                | Self::LowerListAny
        )
    }

    /// Is the answer a number rather than yes or no?
    pub(crate) const fn is_hash(self) -> bool {
        matches!(self, Self::Native)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn records_have_powers_of_two_bytes() {
        for kind in Kind::ALL {
            let bytes = kind.bytes();
            assert!(bytes.is_power_of_two() && bytes >= 8, "{}: {bytes}", kind.name());
        }
    }
}
