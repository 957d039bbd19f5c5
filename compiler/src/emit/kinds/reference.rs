//! Questions to segments and to other flags.

use vexil_abi::verdict::reason;

use super::Question;
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, DECIDE_TYPE, Expr, I32, I64, Wasm, i32_const};
use crate::emit::routine::Routine;

/// Word 0: the segment's record, whose first word is its function's place in the table; word 1:
/// where the answer is remembered, or 0.
pub(super) fn segment(code: &mut Code, question: Question) -> I32 {
    let record = code.let_(question.word(0));
    let place = code.let_(question.word(1));
    let known = code.let_(i32_const(0));
    let operands = [question.ctx.get(), record.get(), record.get().load_u32(0)];
    let decided = I32::of(Expr::CallTable(DECIDE_TYPE, operands.map(I32::expr).to_vec()));
    let at = question.ctx.get() + place.get();
    // Remembered as 1 and 2, because 0 is unknown.
    code.when(place.get(), |code| code.set(known, at.clone().load_u32(0)));
    code.when(known.get().eqz(), |code| {
        code.set(known, decided + i32_const(1));
        code.when(place.get(), |code| code.store_u32(at, 0, known.get()));
    });
    known.get() - i32_const(1)
}

/// Word 0: the flag's number, word 1: its variant, word 2: a bitmap of its variants, or 0. The
/// flag has to be switched on, and without error.
pub(super) fn flag(assembly: &mut Assembly, code: &mut Code, question: Question) -> I32 {
    let verdict = assembly.routine(Routine::FlagVerdict);
    let arguments = [question.ctx.get(), question.word(0)].map(I32::expr).to_vec();
    let verdict = code.let_(I64::call(verdict, arguments));
    let why = verdict.get().shift_right(crate::emit::code::i64_const(32)).low() & i32_const(0xFF);
    let why = code.let_(why);
    let refused = why.get().equals(i32_const(i32::from(reason::DISABLED)))
        | why.get().equals(i32_const(i32::from(reason::ERROR)));
    let variant = code.let_(verdict.get().low() & i32_const(0xFFFF));
    let bitmap = code.let_(question.word(2));
    let byte = bitmap.get() + variant.get().shift_right(i32_const(3));
    let bit = byte.load_u8(0).shift_right(variant.get() & i32_const(7)) & i32_const(1);
    let many = variant.get().below(i32_const(crate::limits::MAX_VARIANTS as i32)).and_then(bit);
    let one = variant.get().equals(question.word(1));
    refused.eqz().and_then(I32::choose(bitmap.get(), many, one))
}
