//! Comparing bytes, and finding needles in strings.
//!
//! Words of eight bytes are compared where fewer are left, and what lies beyond is shifted out: up
//! to seven bytes behind a string are read. Constants have such bytes behind them, and of a string
//! in the record the ABI says that it does not end at the end of the memory.

use crate::emit::assembly::Assembly;
use crate::emit::code::{Bound, Code, Function, I32, I64, Var, Wasm, i32_const, i64_const};

use super::Routine;

/// The shift that moves all but the first `len` bytes (1–8) out of a word.
pub(in crate::emit) fn beyond(len: I32) -> I64 {
    // A shift counts modulo 64.
    (i32_const(0) - len.shift_left(i32_const(3))).extend()
}

/// `(a, b, len) -> i32`: `b` is a constant of at least `len` bytes.
pub(super) fn bytes_equal() -> Function {
    let mut code = Code::new();
    let a: Var<I32> = code.param();
    let b: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let difference = a.get().load_u64_bytes(0) ^ b.get().load_u64_bytes(0);
    code.repeat_while(Bound::Constants(8), len.get().above(i32_const(8)), |code| {
        code.give_if(difference.clone().eqz().eqz(), i32_const(0));
        code.step(a, 8);
        code.step(b, 8);
        code.step(len, -8);
    });
    code.give_if(len.get().eqz(), i32_const(1));
    code.result(difference.shift_left(beyond(len.get())).eqz())
}

/// `(ptr, len, needle, needle_len) -> i32`
pub(super) fn contains(assembly: &mut Assembly) -> Function {
    let equal = assembly.routine(Routine::BytesEqual);
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let needle: Var<I32> = code.param();
    let needle_len: Var<I32> = code.param();
    code.give_if(len.get().below(needle_len.get()), i32_const(0));
    code.give_if(needle_len.get().eqz(), i32_const(1));
    let last = code.let_(ptr.get() + len.get() - needle_len.get());
    let long = code.let_(needle_len.get().above(i32_const(8)));
    let head = I32::choose(long.get(), i32_const(8), needle_len.get());
    let shift = code.let_(beyond(head));
    let first = code.let_(needle.get().load_u64_bytes(0));
    let rest =
        [ptr.get() + i32_const(8), needle.get() + i32_const(8), needle_len.get() - i32_const(8)];
    let rest = I32::call(equal, rest.map(I32::expr).to_vec());
    code.repeat_while(Bound::Bytes(1), ptr.get().below_or_equal(last.get()), |code| {
        let difference = (ptr.get().load_u64_bytes(0) ^ first.get()).shift_left(shift.get());
        let found = difference.eqz().and_then(long.get().eqz().or_else(rest));
        code.give_if(found, i32_const(1));
        code.step(ptr, 1);
    });
    code.result(i32_const(0))
}

/// `(ptr, len, needles) -> i32`
pub(super) fn contains_any(assembly: &mut Assembly) -> Function {
    let contains = assembly.routine(Routine::Contains);
    any_needle(|ptr, len, needle, needle_len| {
        let arguments = [ptr.get(), len.get(), needle, needle_len].map(I32::expr).to_vec();
        I32::call(contains, arguments)
    })
}

/// `(ptr, len, needles) -> i32`
pub(super) fn starts_with_any(assembly: &mut Assembly) -> Function {
    let equal = assembly.routine(Routine::BytesEqual);
    any_needle(|ptr, len, needle, needle_len| {
        let fits = needle_len.clone().below_or_equal(len.get());
        let arguments = [ptr.get(), needle, needle_len].map(I32::expr).to_vec();
        fits.and_then(I32::call(equal, arguments))
    })
}

/// `(ptr, len, needles) -> i32`
pub(super) fn ends_with_any(assembly: &mut Assembly) -> Function {
    let equal = assembly.routine(Routine::BytesEqual);
    any_needle(|ptr, len, needle, needle_len| {
        let fits = needle_len.clone().below_or_equal(len.get());
        let start = ptr.get() + len.get() - needle_len.clone();
        fits.and_then(I32::call(equal, [start, needle, needle_len].map(I32::expr).to_vec()))
    })
}

/// Asks of the needles of a blob (see `set::needles`) until one holds.
fn any_needle(holds: impl FnOnce(Var<I32>, Var<I32>, I32, I32) -> I32) -> Function {
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let table: Var<I32> = code.param();
    let row = code.let_(table.get() + i32_const(8));
    let end = code.let_(row.get() + table.get().load_u32(4).shift_left(i32_const(3)));
    let needle = table.get() + row.get().load_u32(0);
    let found = holds(ptr, len, needle, row.get().load_u32(4));
    code.repeat_while(Bound::Constants(8), row.get().below(end.get()), |code| {
        code.give_if(found, i32_const(1));
        code.step(row, 8);
    });
    code.result(i32_const(0))
}

/// The first `len` bytes (0–8) of a word in memory, zeros behind.
pub(super) fn short_word(ptr: I32, len: I32) -> I64 {
    let shift = || beyond(len.clone());
    let word = ptr.load_u64_bytes(0).shift_left(shift()).shift_right(shift());
    I64::select(len.clone(), word, i64_const(0))
}
