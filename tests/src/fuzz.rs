//! What holds for any bytes: a fuzzer looks for those for which it does not.
//!
//! In: bytes. Out: nothing, or a panic that says what was broken. Each target is a plain function,
//! which `fuzz/` gives to libFuzzer and the suite calls on the cases of `tests/cases/fuzz`.

pub mod context;
pub mod document;
pub mod input;
pub mod module;
pub mod unleash;

/// Takes any bytes, and panics when they break something.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 4] = [
    ("document", document::run),
    ("unleash", unleash::run),
    ("context", context::run),
    ("module", module::run),
];
