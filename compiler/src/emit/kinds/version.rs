//! Versions, which `bind` has read: see `emit/routine/version.rs`.
//!
//! Word 1 is a mask of the results that hold: bit 0 less, bit 1 equal, bit 2 greater.

use super::Question;
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, I32, Wasm, i32_const};
use crate::emit::routine::{Routine, version_fact};

/// Words 2 and 3: the key of a release.
pub(super) fn release(code: &mut Code, question: Question) -> I32 {
    let version = question.subject(code);
    let key = || version.at.get().load_u64(version_fact::KEY);
    let more = key().above(question.long(2));
    let less = key().below(question.long(2));
    let result = i32_const(1) + more - less;
    version.tag() & question.word(1).shift_right(result)
}

/// Word 2: the operand.
pub(super) fn full(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let compare = assembly.routine(Routine::VersionCompare);
    let version = question.subject(code);
    let arguments = [version.at.get(), question.word(2)].map(I32::expr).to_vec();
    let holds = question.word(1).shift_right(I32::call(compare, arguments)) & i32_const(1);
    version.tag().and_then(holds)
}
