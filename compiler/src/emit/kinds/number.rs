//! Numbers.

use super::Question;
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, F64, I32, Wasm};
use crate::emit::routine::Routine;

pub(super) fn is(code: &mut Code, question: Question) -> I32 {
    ordered(code, question, F64::equals)
}

/// A double can be read from any slot: whatever it is there, only a number counts.
pub(super) fn ordered(code: &mut Code, question: Question, holds: impl Fn(F64, F64) -> I32) -> I32 {
    let slot = question.subject(code);
    slot.is_number() & holds(slot.number(), question.double(2))
}

pub(super) fn between(code: &mut Code, question: Question) -> I32 {
    let slot = question.subject(code);
    let low = slot.number().greater_or_equal(question.double(2));
    let high = slot.number().less_or_equal(question.double(4));
    slot.is_number() & low & high
}

pub(super) fn is_in(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let member = assembly.routine(Routine::InNumbers);
    let slot = question.subject(code);
    let arguments = vec![slot.number().expr(), question.word(1).expr()];
    slot.is_number().and_then(I32::call(member, arguments))
}
