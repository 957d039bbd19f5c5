//! The codes of diagnostics: each has one meaning, for ever.
//!
//! In: nothing. Out: constants for the reader, the checker and the lints, and a table for the
//! documentation (`docs/diagnostics.md`; a test holds the two together). A code is never used for anything else,
//! even when its fault is gone.

use crate::diagnostic::Severity;

macro_rules! codes {
    ($($name:ident = $code:literal, $stage:ident, $meaning:literal;)*) => {
        $(#[doc = $meaning] pub const $name: &str = $code;)*
        /// Every code, in order.
        pub const CODES: &[Code] =
            &[$(Code { code: $code, stage: Stage::$stage, meaning: $meaning }),*];
    };
}

/// One row of the table of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// `VX` and four digits.
    pub code: &'static str,
    /// Who finds it.
    pub stage: Stage,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

impl Code {
    /// Are flags refused for it.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self.stage {
            Stage::Text | Stage::Shape | Stage::Meaning => Severity::Error,
            Stage::Lint => Severity::Warning,
            // The first ten refuse the import, the others tell of it.
            Stage::Import if is_refused(self.code) => Severity::Error,
            Stage::Import => Severity::Warning,
        }
    }
}

/// Is a document of another system refused for this code: `VX070…`?
const fn is_refused(code: &str) -> bool {
    matches!(code.as_bytes(), [b'V', b'X', b'0', b'7', b'0', ..])
}

/// Which reading of a document finds a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The text is not a tree of JSON or YAML that could be read.
    Text,
    /// The tree does not have the shape of a document: the JSON Schema says so too.
    Shape,
    /// The document has the right shape and makes no sense.
    Meaning,
    /// The document is another system's, and something of it has no exact counterpart.
    Import,
    /// The document is good, and something in it can have no effect.
    Lint,
}

codes! {
    SYNTAX = "VX0001", Text, "The text is not JSON or YAML.";
    TOO_LARGE = "VX0002", Text, "The text is too large.";
    TOO_NESTED = "VX0003", Text, "Lists and objects are nested too deeply.";
    DUPLICATE_NAME = "VX0004", Text, "A name stands twice in one object.";
    NOT_FINITE = "VX0005", Text, "A number is not finite.";
    MORE_FAULTS = "VX0006", Text, "There are more faults than are shown.";

    WRONG_TYPE = "VX0101", Shape, "A value has the wrong type.";
    MISSING_FIELD = "VX0102", Shape, "A required field is missing.";
    UNKNOWN_FIELD = "VX0103", Shape, "A field is not known here.";
    UNKNOWN_WORD = "VX0104", Shape, "A text is not one of the words allowed here.";
    OUT_OF_RANGE = "VX0105", Shape, "A number is outside its range.";
    NOT_ONE = "VX0106", Shape, "Exactly one of several fields has to be given.";

    BAD_KEY = "VX0201", Meaning, "A key, rule id or attribute path is malformed.";
    BAD_NAME = "VX0202", Meaning, "A project's or environment's name is malformed.";
    NO_VARIANTS = "VX0203", Meaning, "A flag has no variants.";
    WRONG_KIND = "VX0204", Meaning, "A variant's value is not of the flag's kind.";
    DUPLICATE_ENVIRONMENT = "VX0205", Meaning, "An environment is declared twice.";
    UNDECLARED_ENVIRONMENT = "VX0206", Meaning, "A flag is configured in an environment that is not declared.";

    UNKNOWN_VARIANT = "VX0301", Meaning, "A variant is not one of its flag's.";
    UNKNOWN_FLAG = "VX0302", Meaning, "A flag that is named does not exist.";
    ARCHIVED_FLAG = "VX0303", Meaning, "A flag that is needed is archived.";
    UNKNOWN_SEGMENT = "VX0304", Meaning, "A segment that is named does not exist.";
    FLAG_CYCLE = "VX0305", Meaning, "Flags need each other in a circle.";
    SEGMENT_CYCLE = "VX0306", Meaning, "Segments name each other in a circle.";
    FLAG_IN_SEGMENT = "VX0307", Meaning, "A segment names a flag.";
    CHAIN_TOO_LONG = "VX0308", Meaning, "A chain of flags that need flags, or of segments that name segments, is too long.";

    WEIGHTS_SUM = "VX0401", Meaning, "The weights of a split do not sum to the number of buckets.";
    DUPLICATE_RULE = "VX0402", Meaning, "Two rules of a flag have the same id.";
    DUPLICATE_OVERRIDE = "VX0403", Meaning, "A targeting key is overridden to two variants.";
    INCLUDED_AND_EXCLUDED = "VX0404", Meaning, "A targeting key is both included and excluded.";
    HASH_MISMATCH = "VX0405", Meaning, "A part of a hash does not go with its family.";
    BEYOND_BUCKETS = "VX0406", Meaning, "A bound lies beyond the last bucket.";

    EMPTY_LIST = "VX0501", Meaning, "A list that needs an element is empty.";
    BAD_VERSION = "VX0502", Meaning, "An operand is not a version.";
    BAD_TIME = "VX0503", Meaning, "An operand is not a time.";
    BAD_NUMBER = "VX0504", Meaning, "A number is not finite.";
    REVERSED = "VX0505", Meaning, "A range ends before it begins.";
    BAD_PATTERN = "VX0506", Meaning, "A regular expression is malformed, or asks for what is not possible.";
    BAD_NETWORK = "VX0507", Meaning, "An operand is not an IP address or a network.";

    TOO_MANY = "VX0601", Meaning, "There is more of something than the limit allows.";
    TOO_LONG = "VX0602", Meaning, "A text or value has more bytes than the limit allows.";
    TOO_DEEP = "VX0603", Meaning, "Predicates or values are nested more deeply than the limit allows.";
    PATTERN_TOO_LARGE = "VX0604", Meaning, "Regular expressions are too large when they are compiled.";
    PATTERNS_TOO_COSTLY = "VX0605", Meaning, "All regular expressions together take too long to compile.";

    NOT_UNLEASH = "VX0701", Import, "The document is not one of Unleash.";
    NO_SUCH_NAME = "VX0702", Import, "A name of the imported document cannot be one in `vexil/1`.";
    NAME_TAKEN = "VX0703", Import, "Two flags of the import would have the same key.";
    BAD_WEIGHTS = "VX0704", Import, "The weights of some variants are too large.";

    NEVER_ON = "VX0711", Import, "A feature is never on, because its old system cannot read it.";
    STRATEGY_NEVER = "VX0712", Import, "A strategy never holds.";
    CONSTRAINT_CONSTANT = "VX0713", Import, "A constraint does not depend on its context.";
    INFERRED = "VX0714", Import, "A constraint compares another kind of value than its operator says.";
    HOSTNAME = "VX0715", Import, "The name of the host has to come with the context.";
    RANDOM = "VX0716", Import, "A strategy draws lots.";
    WORD_BOUNDARY = "VX0717", Import, "A word boundary knows the word characters of ASCII only.";
    NOT_ASCII = "VX0718", Import, "A bucket depends on which client hashes it.";
    DEPENDENCY = "VX0719", Import, "A feature is never on, because of a feature it depends on.";
    COPIED = "VX0720", Import, "A feature is copied for one that depends on it.";
    TIME_AS_TEXT = "VX0721", Import, "The time is asked for as a text.";
    SIGMA = "VX0722", Import, "A test that ignores case meets a letter with two lower cases.";
    LEFT_OUT = "VX0723", Import, "Something has no counterpart and is left out.";

    SENSITIVE_SHOWN = "VX0801", Meaning, "A test of a sensitive attribute could be read in browsers.";

    MORE_WARNINGS = "VX1001", Lint, "There are more warnings than are shown.";

    DECIDED = "VX1101", Lint, "A rule is never reached: the rules before it decide for everybody.";
    SHADOWED = "VX1102", Lint, "A rule is never reached: one before it decides for everybody it applies to.";
    LEFT_OVER = "VX1103", Lint, "A rule is never reached: what stands before it leaves nobody it applies to.";

    NEVER_HOLDS = "VX1201", Lint, "A condition never holds.";
    ALWAYS_HOLDS = "VX1202", Lint, "A condition always holds.";
    EMPTY_BUCKETS = "VX1203", Lint, "A range of buckets is empty.";

    NEVER_SERVED = "VX1301", Lint, "A variant is never served.";
    ONE_ARM = "VX1302", Lint, "A split gives everything to one variant.";

    TWICE = "VX1401", Lint, "Something stands twice in one list.";
    EMPTY_OVERRIDE = "VX1402", Lint, "An override names nobody.";

    NEVER_MET = "VX1501", Lint, "A flag that is needed never serves what is needed.";
    SWITCHED_OFF = "VX1502", Lint, "A flag that is needed is switched off.";

    UNUSED_SEGMENT = "VX1601", Lint, "A segment is used by no flag.";
    EMPTY_SEGMENT = "VX1602", Lint, "Nobody can be in a segment.";
}
