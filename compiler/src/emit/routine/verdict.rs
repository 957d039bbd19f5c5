//! From a flag's number to its verdict, by the records of `image`.

use crate::emit::code::{Bound, Code, DECIDE_TYPE, Expr, Function, I32, I64, Var, Wasm, i32_const};
use crate::image::{FLAG_ROW_SHIFT, REMEMBERED, header};

/// `(ctx, flag) -> i64`
pub(super) fn flag_verdict() -> Function {
    let mut code = Code::new();
    let ctx: Var<I32> = code.param();
    let flag: Var<I32> = code.param();
    let rows = i32_const(0).load_u32(header::FLAG_ROWS);
    let row = code.let_(rows + flag.get().shift_left(i32_const(FLAG_ROW_SHIFT)));
    let decide = code.let_(row.get().load_u32(0));
    let record = code.let_(row.get().load_u32(4));
    let place = code.let_(i32_const(0));
    let known = code.local::<I64>();
    code.when(decide.get() & i32_const(REMEMBERED as i32), |code| {
        code.set(place, ctx.get() + (record.get() - i32_const(8)).load_u32(0));
        // No verdict is 0: its reason is at least 1.
        code.set(known, place.get().load_u64(0));
        code.give_if(known.get().eqz().eqz(), known.get());
    });
    let place_in_table = decide.get() & i32_const(!REMEMBERED as i32);
    let operands = [ctx.get(), record.get(), place_in_table].map(I32::expr).to_vec();
    let answer = code.let_(I32::of(Expr::CallTable(DECIDE_TYPE, operands)));
    let shape = code.let_(record.get().load_u32(0));
    // Refs of four bytes begin behind eight, and end at a multiple of eight.
    let refs = (shape.get().load_u16(0) + i32_const(1)).shift_right(i32_const(1));
    let words = refs + shape.get().load_u16(2);
    let variant = record.get() + words.shift_left(i32_const(3)) + answer.get();
    let verdict = shape.get().load_u32(4) + answer.get().shift_left(i32_const(3));
    code.set(known, verdict.load_u64(0) | variant.load_u8_long(8));
    code.when(place.get(), |code| code.store_u64(place.get(), 0, known.get()));
    code.result(known.get())
}

/// `(number: i64, thresholds, count) -> i32`
pub(super) fn arms() -> Function {
    let mut code = Code::new();
    let number: Var<I64> = code.param();
    let threshold: Var<I32> = code.param();
    let count: Var<I32> = code.param();
    let end = code.let_(threshold.get() + count.get().shift_left(i32_const(3)));
    let arm = code.let_(i32_const(0));
    code.repeat_while(Bound::Constants(8), threshold.get().below(end.get()), |code| {
        let reached = number.get().not_below(threshold.get().load_u64(0));
        code.set(arm, arm.get() + reached);
        code.step(threshold, 8);
    });
    code.result(arm.get())
}
