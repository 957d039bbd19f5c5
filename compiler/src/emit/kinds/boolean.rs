//! Presence, lists, booleans.

use vexil_abi::record::tag;

use super::Question;
use crate::emit::code::{Code, I32, i32_const};

pub(super) fn exists(code: &mut Code, question: Question) -> I32 {
    question.subject(code).tag().differs(i32_const(tag::MISSING as i32))
}

pub(super) fn is_list(code: &mut Code, question: Question) -> I32 {
    question.subject(code).is(tag::LIST)
}

/// Word 1: 0 false, 1 true, 2 either.
pub(super) fn is_boolean(code: &mut Code, question: Question) -> I32 {
    let slot = question.subject(code);
    let either = question.word(1).equals(i32_const(2));
    let same = slot.boolean().equals(question.word(1));
    slot.is(tag::BOOLEAN) & (same | either)
}
