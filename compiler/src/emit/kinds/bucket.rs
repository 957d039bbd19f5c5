//! Native buckets of units, which `bind` has hashed.

use super::Question;
use crate::emit::code::{Code, I32, I64, Wasm, i32_const, i64_const};
use crate::emit::routine;

/// Offset of the hash in a unit's fact; its address, 0 without a unit, is the first word.
const HASH: u32 = 8;

/// Words 2 and 3: the salt's hash. -1 without a unit.
pub(in crate::emit) fn native(code: &mut Code, question: Question) -> I64 {
    let unit = question.subject(code);
    let x = code.let_(unit.at.get().load_u64(HASH) ^ question.long(2));
    let bucket = routine::native(code, x);
    I64::select(unit.tag(), bucket, i64_const(u64::MAX))
}

/// Word 1: the first bucket, words 2 and 3: the salt's hash, word 4: how many buckets.
pub(super) fn in_range(code: &mut Code, question: Question) -> I32 {
    let unit = question.subject(code);
    let x = code.let_(unit.at.get().load_u64(HASH) ^ question.long(2));
    let bucket = routine::native(code, x).low();
    // first <= b < first + width, as one unsigned comparison.
    let inside = (bucket - question.word(1)).below(question.word(4));
    unit.tag().differs(i32_const(0)) & inside
}
