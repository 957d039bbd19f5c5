//! Strings.

use super::{Question, Slot};
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, I32, Var, Wasm};
use crate::emit::routine::{Routine, beyond, lower_buffer};
use crate::image::Kind;

/// Whether a string is lower-cased before it is tested.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Kept,
    Lowered,
}

/// Word 1: length from 1 to 8; words 2 and 3: bytes.
pub(super) fn is_short(code: &mut Code, question: Question) -> I32 {
    let slot = question.subject(code);
    let same_len = slot.len().equals(question.word(1));
    let difference = slot.ptr().load_u64_bytes(0) ^ question.long(2);
    let same = difference.shift_left(beyond(slot.len())).eqz();
    (slot.is_string() & same_len).and_then(same)
}

/// Word 1: length; word 2: bytes.
pub(super) fn is_long(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let equal = assembly.routine(Routine::BytesEqual);
    let slot = question.subject(code);
    let same_len = slot.len().equals(question.word(1));
    let arguments = [slot.ptr(), question.word(2), slot.len()].map(I32::expr).to_vec();
    (slot.is_string() & same_len).and_then(I32::call(equal, arguments))
}

/// Word 1: the set.
pub(super) fn is_in(
    assembly: &mut Assembly,
    code: &mut Code,
    question: Question,
    case: Case,
) -> I32 {
    asked_of_text(assembly, code, question, case, Routine::InStrings)
}

/// Word 1: the needles.
pub(super) fn any(
    assembly: &mut Assembly,
    code: &mut Code,
    question: Question,
    kind: Kind,
    case: Case,
) -> I32 {
    let routine = match kind {
        Kind::StartsAny | Kind::LowerStartsAny => Routine::StartsWithAny,
        Kind::EndsAny | Kind::LowerEndsAny => Routine::EndsWithAny,
        _ => Routine::ContainsAny,
    };
    asked_of_text(assembly, code, question, case, routine)
}

/// A routine `(ptr, len, constant) -> i32` asked of the string.
fn asked_of_text(
    assembly: &mut Assembly,
    code: &mut Code,
    question: Question,
    case: Case,
    routine: Routine,
) -> I32 {
    let routine = assembly.routine(routine);
    let slot = question.subject(code);
    let (ptr, len) = text(assembly, code, slot, case);
    let arguments = [ptr, len.get(), question.word(1)].map(I32::expr).to_vec();
    slot.is_string().and_then(I32::call(routine, arguments))
}

/// Address and length of a slot's string; meaningless of what is none.
pub(super) fn text(
    assembly: &mut Assembly,
    code: &mut Code,
    slot: Slot,
    case: Case,
) -> (I32, Var<I32>) {
    let len = code.let_(slot.len());
    if case == Case::Kept {
        return (slot.ptr(), len);
    }
    let lower = assembly.routine(Routine::Lower);
    let arguments = [slot.ptr(), len.get()].map(I32::expr).to_vec();
    code.when(slot.is_string(), |code| code.set(len, I32::call(lower, arguments)));
    (lower_buffer(), len)
}

pub(super) fn starts(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let equal = assembly.routine(Routine::BytesEqual);
    let slot = question.subject(code);
    let arguments = [slot.ptr(), question.word(2), question.word(1)].map(I32::expr).to_vec();
    let fits = slot.len().not_below(question.word(1));
    (slot.is_string() & fits).and_then(I32::call(equal, arguments))
}

pub(super) fn ends(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let equal = assembly.routine(Routine::BytesEqual);
    let slot = question.subject(code);
    let tail = slot.ptr() + slot.len() - question.word(1);
    let arguments = [tail, question.word(2), question.word(1)].map(I32::expr).to_vec();
    let fits = slot.len().not_below(question.word(1));
    (slot.is_string() & fits).and_then(I32::call(equal, arguments))
}

pub(super) fn contains(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let contains = assembly.routine(Routine::Contains);
    let slot = question.subject(code);
    let arguments = [slot.ptr(), slot.len(), question.word(2), question.word(1)];
    slot.is_string().and_then(I32::call(contains, arguments.map(I32::expr).to_vec()))
}
