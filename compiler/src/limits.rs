//! The bounds of the flag language and of what reads it, with the reason of each.
//!
//! In: nothing. Out: constants that `document`, `check` and the emitter obey. The ones a user can
//! run into stand in `docs/flag-language.md` under *Limits*; a number is never repeated elsewhere.

/// Bytes of a document's text. A flag set at every other limit is far smaller than what memory
/// allows, and a body of this size is read in well under a second.
pub const MAX_DOCUMENT_BYTES: usize = 8 * 1024 * 1024;

/// Lists and objects inside one another in a document. Room for the deepest predicate (64 levels)
/// and the deepest json value below the place where they stand, and far from the end of a stack.
pub const MAX_DOCUMENT_DEPTH: usize = 100;

/// Faults reported of one document. Nobody reads more, and every one costs memory.
pub const MAX_DIAGNOSTICS: usize = 1_000;

/// Faults for which a similar name is looked up; each look-up reads every candidate.
pub const MAX_SUGGESTIONS: usize = 100;

/// Bytes of a name shown in a pointer; longer ones are faults themselves.
pub const MAX_POINTER_NAME_BYTES: usize = 256;

/// Bytes of a flag, variant or segment key, of a rule id and of an attribute path. They stand in
/// every module's manifest and in every announcement.
pub const MAX_KEY_BYTES: usize = 256;

/// Characters of a project's or environment's name. They stand in addresses.
pub const MAX_NAME_CHARS: usize = 64;

/// Environments of a project. Each one is compiled and announced of its own.
pub const MAX_ENVIRONMENTS: usize = 100;

/// Flags in an environment. Bounds the size of a module and the time to compile it.
pub const MAX_FLAGS: usize = 20_000;

/// Segments of a project.
pub const MAX_SEGMENTS: usize = 20_000;

/// Sensitive attributes of a project. Each condition that goes to browsers is held against all of
/// them.
pub const MAX_SENSITIVE: usize = 100;

/// Variants of a flag. The verdict holds a variant's index in few bits.
pub const MAX_VARIANTS: usize = 1_024;

/// Rules of a flag in an environment. Bounds the time of one evaluation.
pub const MAX_RULES: usize = 1_000;

/// Predicates of a rule or segment, nested ones included. Bounds the time of one evaluation.
pub const MAX_PREDICATES: usize = 1_000;

/// Predicates inside one another. Everything that walks predicates may recurse.
pub const MAX_PREDICATE_DEPTH: usize = 32;

/// Operands of a set, keys of an override or a segment. A set costs a probe, whatever its size;
/// this bounds its bytes.
pub const MAX_SET: usize = 100_000;

/// Needles of `contains`, `starts_with` and `ends_with`, operands of `all_of`. Each one is looked
/// at in turn.
pub const MAX_NEEDLES: usize = 1_000;

/// Patterns of `matches`. All of one test become one automaton.
pub const MAX_PATTERNS: usize = 100;

/// Bytes of a pattern. Longer ones are lists that belong into `in` or `contains`.
pub const MAX_PATTERN_BYTES: usize = 1_000;

/// Bytes of the automaton of one `matches` test, as it stands in a module.
pub const MAX_DFA_BYTES: usize = 64 * 1024;

/// Bytes of memory for each step of making an automaton. A pattern may need an exponentially
/// large one; this gives up after tens of milliseconds. Unreachable states and equal ones are
/// dropped afterwards, so it is larger than [`MAX_DFA_BYTES`].
pub const MAX_DFA_WORK_BYTES: usize = 1024 * 1024;

/// Faulty patterns of a document that are compiled to say what is wrong with them; every one may
/// cost tens of milliseconds.
pub const MAX_FAULTY_PATTERNS: usize = 20;

/// Steps that all patterns of a document may take to compile (see `regex::Work`): a few seconds.
/// An ordinary pattern takes thousands of them; the same patterns are counted once.
pub const MAX_PATTERN_WORK: u64 = 100_000_000;

/// Networks of `cidr`. They are found by bisection; this bounds their bytes.
pub const MAX_NETS: usize = 10_000;

/// Attributes that a split or bucket may take its unit from.
pub const MAX_UNIT_PATHS: usize = 4;

/// Buckets of a foreign hash. Known systems have 100 to 100,000; below 2^20 all arithmetic on
/// buckets is exact in 32 bits and in doubles.
pub const MAX_BUCKETS: u32 = 1_000_000;

/// Bytes of an operand string, a salt, a prefix or suffix of a hash, or a targeting key.
pub const MAX_OPERAND_BYTES: usize = 4_096;

/// Bytes of a string value, and of a json value as text. Values are handed out on every
/// evaluation, and stand in the manifest.
pub const MAX_VALUE_BYTES: usize = 65_536;

/// Lists and objects inside one another in a json value.
pub const MAX_VALUE_DEPTH: usize = 64;

/// Flags that need flags that need flags, and segments that name segments: the longest chain.
/// Evaluation may recurse along it.
pub const MAX_CHAIN: usize = 16;

/// Lists and objects inside one another in an attribute of a context. Whoever reads one may
/// recurse.
pub const MAX_CONTEXT_DEPTH: usize = 64;

/// Flags, segments and predicates inside one another in one evaluation by the interpreter; far
/// from the end of a thread's stack. Beyond it stands only what did not pass `check`.
pub const MAX_EVALUATION_DEPTH: usize = 1_200;

/// Steps that the lints may take for one question (can some context meet all of this?). Questions
/// about conditions that people write take tens, and long lists a few for each operand; beyond this
/// the answer is "don't know".
pub const MAX_LINT_STEPS: u64 = 200_000;

/// Steps that the lints may take for one project; about a second. Beyond it they ask nothing more.
pub const MAX_LINT_STEPS_PROJECT: u64 = 20_000_000;

/// Rules before a rule that the lints look at together, the nearest ones. Each one costs.
pub const MAX_LINT_RULES: usize = 64;

/// Choices inside one another that the lints follow for one question. Each one is a call.
pub const MAX_LINT_CHOICES: usize = 64;

/// Parts of a whole: weights sum to this, buckets are below it.
pub const WHOLE: u32 = 100_000;

/// Integers up to this magnitude (2^53) are exact doubles.
pub const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

// The deepest predicate stands at level 8 of a document and takes two levels for each step, and
// one for its list of operands; the deepest value stands at level 5.
const _: () = assert!(MAX_DOCUMENT_DEPTH > 8 + 2 * MAX_PREDICATE_DEPTH + 1);
const _: () = assert!(MAX_DOCUMENT_DEPTH > 5 + MAX_VALUE_DEPTH);
// The deepest evaluation goes along a chain of flags and then one of segments, each with its
// deepest predicate; a chain of n references has n + 1 members.
const _: () = assert!(MAX_EVALUATION_DEPTH >= 2 * (MAX_CHAIN + 1) * (1 + MAX_PREDICATE_DEPTH + 1));
const _: () = assert!(MAX_LINT_STEPS < MAX_LINT_STEPS_PROJECT);
// serde_json stops at 128 levels of its own; ours has to come first, for its better message.
const _: () = assert!(MAX_DOCUMENT_DEPTH < 128);

/// Bytes of the arena for one context record, beside the verdicts of all flags. A context holds
/// only the attributes that a module reads; a larger one is answered with `INVALID_CONTEXT`.
pub const ARENA_BYTES: u32 = 256 * 1024;

/// Bytes of a context record beside its strings and lists. Without this bound flags that ask for
/// many attributes would compile to a module whose arena has no room for any context.
pub const MAX_RECORD_BYTES: u32 = ARENA_BYTES - 64 * 1024;

/// Bytes of one function's body. One huge function takes a compiler seconds and gigabytes.
pub const MAX_FUNCTION_BYTES: usize = 64 * 1024;

/// Bytes of a module. Hosts refuse larger ones.
pub const MAX_MODULE_BYTES: usize = 16 * 1024 * 1024;

/// Locals of one function: ours have tens. A module can say in three bytes that there are 50,000.
pub const MAX_LOCALS: usize = 1_000;

/// MessagePack values in a module's manifest. A value of one byte takes a hundred in memory, so
/// that the bytes of a module do not bound what reading it takes. Hosts take a third more.
pub const MAX_MANIFEST_VALUES: usize = 3_000_000;

/// Arrays and maps inside one another in a manifest: five of its own, and those of a json value.
pub const MAX_MANIFEST_DEPTH: usize = 5 + MAX_VALUE_DEPTH;
