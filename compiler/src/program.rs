//! The program: the compiler's intermediate representation of one flag set.
//!
//! In: made by `lower`, changed by `passes`. Out: read by `emit`, printed by `program::text`.
//! Names have become typed ids, a leaf is false when its attribute is missing or mistyped, and
//! bucketing is *hash → integer → half-open ranges*. A program never refers to the document.

mod text;

use vexil_abi::manifest::{kind, read};

use crate::flag_set::{ForeignHash, Order, Place, VersionDialect, VersionOrder};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl $name {
            /// As an index into the table it counts.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A slot of the context record.
    SlotId(u32)
);
id!(
    /// A hashed unit in the record's scratch.
    UnitId(u32)
);
id!(
    /// A segment of the program.
    SegmentId(u32)
);
id!(
    /// A flag, in key order.
    FlagIndex(u32)
);
id!(
    /// A variant of a flag, in document order.
    VariantIndex(u16)
);
id!(
    /// A rule of a flag, in document order; dropped rules leave gaps.
    RuleIndex(u16)
);

/// One compiled environment before emission.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Attributes the host writes, by [`SlotId`].
    pub slots: Vec<Slot>,
    /// What is hashed to buckets, by [`UnitId`].
    pub units: Vec<Unit>,
    /// Cohorts, by [`SegmentId`].
    pub segments: Vec<Segment>,
    /// Flags, by [`FlagIndex`].
    pub flags: Vec<Flag>,
}

/// One attribute, read in one way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Attribute path.
    pub path: String,
    /// How the host reads it.
    pub read: Read,
}

/// How the host reads an attribute into its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// As it is.
    Value,
    /// As a number where it can be read as one.
    Number,
    /// As text to be hashed or compared with keys.
    Unit,
    /// As a number where it can be read as one in the wider grammar.
    Float,
}

impl Read {
    /// The manifest's number for it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Value => read::VALUE,
            Self::Number => read::NUMBER,
            Self::Unit => read::UNIT,
            Self::Float => read::FLOAT,
        }
    }
}

/// A unit of bucketing: the first of these slots that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// Slots that are read as units; at least one.
    pub slots: Vec<SlotId>,
}

/// A cohort: not excluded, and included or matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Its key, for text only.
    pub key: String,
    /// Who belongs.
    pub when: Pred,
}

/// A flag in the compiled environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Its key.
    pub key: String,
    /// Kind of its values, one of [`kind`].
    pub kind: Kind,
    /// Variant key and value, by [`VariantIndex`].
    pub variants: Vec<(String, serde_json::Value)>,
    /// Ids of all rules of the document, by [`RuleIndex`].
    pub rule_ids: Vec<String>,
    /// Keys of all prerequisites of the document; verdicts name them by number.
    pub prerequisites: Vec<String>,
    /// How it is decided.
    pub body: Body,
}

/// Kind of a flag's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// A finite double.
    Number,
    /// Any JSON.
    Json,
}

impl Kind {
    /// The manifest's number for it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Boolean => kind::BOOLEAN,
            Self::String => kind::STRING,
            Self::Number => kind::NUMBER,
            Self::Json => kind::JSON,
        }
    }
}

/// How a flag is decided: gates, then rules, then the last serve.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Flags that must serve one of some variants, in order; each names the verdict of failure.
    pub gates: Vec<Gate>,
    /// The first rule that holds and serves decides. Overrides come first.
    pub rules: Vec<Rule>,
    /// Served when no rule did.
    pub last: Serve,
}

/// A prerequisite.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What it asks.
    pub test: FlagTest,
    /// Served when it is not met.
    pub failed: Answer,
}

/// A flag and the variants it has to serve, switched on and without error.
#[derive(Clone, Debug, PartialEq)]
pub struct FlagTest {
    /// The other flag.
    pub flag: FlagIndex,
    /// Its variants, ascending.
    pub variants: Vec<VariantIndex>,
}

/// A condition and what it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// For whom it applies.
    pub when: Pred,
    /// What it gives.
    pub serve: Serve,
}

/// What a rule gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Serve {
    /// One answer.
    Answer(Answer),
    /// One answer of several, by bucket.
    Split(Split),
}

/// A verdict of the program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer(pub vexil_abi::verdict::Verdict);

/// The first arm whose range holds the number answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// How the number comes about.
    pub bucketing: Bucketing,
    /// Ranges in order, without gaps, covering all numbers; one of weight zero is kept, so that a
    /// percentage that changes to zero or from it changes no code.
    pub arms: Vec<Arm>,
    /// What happens when the unit is missing.
    pub missing: Missing,
}

/// An arm of a split: `from <= bucket < to`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// First bucket inside.
    pub from: u64,
    /// First bucket outside.
    pub to: u64,
    /// What it answers.
    pub answer: Answer,
}

/// What a split does without its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// Goes on with the next rule.
    Next,
    /// Answers.
    Answer(Answer),
}

/// Unit → number.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucketing {
    /// Whose.
    pub unit: UnitId,
    /// How.
    pub hash: Hash,
}

/// A way from the bytes of a unit to a number.
#[derive(Clone, Debug, PartialEq)]
pub enum Hash {
    /// The native bucket, 0–99,999: SplitMix64's finaliser over `xxh64(unit) ^ salt`, where `salt`
    /// is `xxh64` of the salt's text, then a multiply-shift.
    Native {
        /// The salt's hash.
        salt: u64,
    },
    /// The bucket of another system; of SHA-1 the first 60 bits, whatever the buckets.
    Foreign(ForeignHash),
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Pred {
    /// Always or never.
    Const(bool),
    /// Negation.
    Not(Box<Pred>),
    /// Every one holds.
    All(Vec<Pred>),
    /// Some one holds.
    Any(Vec<Pred>),
    /// A question to an attribute.
    Leaf(Leaf),
    /// The subject is in a cohort.
    Segment(SegmentId),
    /// Another flag serves one of some variants.
    Flag(FlagTest),
    /// The unit's number is in this range; false when the unit is missing.
    Bucket(Bucketing, Range),
}

/// A question to a slot: false when the slot is missing, or not of a kind that the test reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Which slot.
    pub slot: SlotId,
    /// Of the slot itself or of a list's elements.
    pub over: Over,
    /// What is asked.
    pub test: Test,
}

/// `from <= number < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First number inside.
    pub from: u64,
    /// First number outside.
    pub to: u64,
}

/// What a test ranges over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The slot's own value.
    Value,
    /// Some element of a list; false when the slot is not a list.
    AnyElement,
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is there.
    Exists,
    /// It is a list.
    IsList,
    /// It equals a member of the set.
    In(Set),
    /// It is a string with one of the needles in that place.
    Affix {
        /// Where.
        place: Place,
        /// Sorted, lower-cased if `fold`.
        needles: Vec<String>,
        /// Lower-case the attribute first.
        fold: bool,
    },
    /// It is a number in that order to the operand.
    Number {
        /// Which order.
        order: Order,
        /// Finite.
        operand: f64,
    },
    /// It is a number from `low` to `high`, both included.
    Between {
        /// Finite.
        low: f64,
        /// Finite.
        high: f64,
    },
    /// It is a version in that order to the operand.
    Version {
        /// Which order.
        order: VersionOrder,
        /// Parsed.
        operand: Version,
        /// What is a version.
        dialect: VersionDialect,
    },
    /// It is a string in which one of the patterns is found.
    Matches {
        /// As written, sorted; for text only.
        patterns: Vec<String>,
        /// Under the flag `i`; for text only.
        ignore_case: bool,
        /// The automaton of all of them (see `regex`).
        table: Vec<u8>,
    },
    /// It is an IP address in one of these ranges, both ends included; they ascend and do not
    /// touch.
    InNetworks {
        /// Of IPv4.
        four: Vec<(u32, u32)>,
        /// Of IPv6.
        six: Vec<(u128, u128)>,
    },
    /// It is a time, in milliseconds since the Unix epoch, before or after the operand.
    Time {
        /// `after` if true.
        after: bool,
        /// Finite.
        operand_ms: f64,
    },
}

/// Operands of equality, split by type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    /// Sorted, distinct; lower-cased if `fold`.
    pub strings: Vec<String>,
    /// Sorted, distinct, zero without sign.
    pub numbers: Vec<f64>,
    /// Is `false` in it.
    pub has_false: bool,
    /// Is `true` in it.
    pub has_true: bool,
    /// Lower-case a string attribute first.
    pub fold: bool,
    /// Its members are keys of a cohort, which come and go: the code that asks for them must not
    /// show how many there are.
    pub is_cohort: bool,
}

/// A version's parts, without build metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Major, minor, patch.
    pub numbers: [u64; 3],
    /// Dot-separated identifiers; empty for a release.
    pub prerelease: String,
}

impl Pred {
    /// `all` (`neutral` is true) or `any` (false) of `inner`; of one it is that one.
    #[must_use]
    pub fn joined(mut inner: Vec<Self>, neutral: bool) -> Self {
        match inner.pop() {
            None => Self::Const(neutral),
            Some(only) if inner.is_empty() => only,
            Some(last) => {
                inner.push(last);
                if neutral { Self::All(inner) } else { Self::Any(inner) }
            }
        }
    }

    /// Nodes of this tree, itself included.
    #[must_use]
    pub fn nodes(&self) -> usize {
        match self {
            Self::Not(inner) => 1 + inner.nodes(),
            Self::All(inner) | Self::Any(inner) => 1 + inner.iter().map(Self::nodes).sum::<usize>(),
            _ => 1,
        }
    }
}

impl Flag {
    /// The verdict of a flag that gives everybody the same.
    #[must_use]
    pub fn constant(&self) -> Option<Answer> {
        match &self.body {
            Body { gates, rules, last: Serve::Answer(answer) }
                if gates.is_empty() && rules.is_empty() =>
            {
                Some(*answer)
            }
            _ => None,
        }
    }
}
