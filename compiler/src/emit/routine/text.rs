//! Comparing bytes, and finding needles in strings.

use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, Function, I32, Var, Wasm, i32_const};
use crate::emit::data::Data;

use super::Routine;

/// `(a, b, len) -> i32`: by words of eight, then by bytes.
pub(super) fn bytes_equal() -> Function {
    let mut code = Code::new();
    let a: Var<I32> = code.param();
    let b: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let end = code.let_(a.get() + len.get());
    code.repeat_while((a.get() + i32_const(8)).below_or_equal(end.get()), |code| {
        let same = a.get().load_u64_bytes(0).equals(b.get().load_u64_bytes(0));
        code.give_if(same.eqz(), i32_const(0));
        code.step(a, 8);
        code.step(b, 8);
    });
    code.repeat_while(a.get().below(end.get()), |code| {
        code.give_if(a.get().load_u8(0).differs(b.get().load_u8(0)), i32_const(0));
        code.step(a, 1);
        code.step(b, 1);
    });
    code.result(i32_const(1))
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
    let last = code.let_(ptr.get() + len.get() - needle_len.get());
    code.repeat_while(ptr.get().below_or_equal(last.get()), |code| {
        let arguments = [ptr, needle, needle_len].map(|var| var.get().expr()).to_vec();
        code.give_if(I32::call(equal, arguments), i32_const(1));
        code.step(ptr, 1);
    });
    code.result(i32_const(0))
}

/// Needles as a table of `(address: u32, len: u32)`; gives its address and end.
pub(in crate::emit) fn needle_table(data: &mut Data, needles: &[String]) -> (u32, u32) {
    let mut rows = Vec::new();
    for needle in needles {
        let address = data.string(needle.as_bytes());
        rows.extend_from_slice(&address.to_le_bytes());
        rows.extend_from_slice(&(needle.len() as u32).to_le_bytes());
    }
    let address = data.aligned(&rows, 4);
    (address, address + rows.len() as u32)
}

/// `(ptr, len, needles, end) -> i32`
pub(super) fn contains_any(assembly: &mut Assembly) -> Function {
    let contains = assembly.routine(Routine::Contains);
    any_needle(|ptr, len, needle, needle_len| {
        let arguments = [ptr.get(), len.get(), needle, needle_len].map(I32::expr).to_vec();
        I32::call(contains, arguments)
    })
}

/// `(ptr, len, needles, end) -> i32`
pub(super) fn starts_with_any(assembly: &mut Assembly) -> Function {
    let equal = assembly.routine(Routine::BytesEqual);
    any_needle(|ptr, len, needle, needle_len| {
        let fits = needle_len.clone().below_or_equal(len.get());
        let arguments = [ptr.get(), needle, needle_len].map(I32::expr).to_vec();
        fits.and_then(I32::call(equal, arguments))
    })
}

/// `(ptr, len, needles, end) -> i32`
pub(super) fn ends_with_any(assembly: &mut Assembly) -> Function {
    let equal = assembly.routine(Routine::BytesEqual);
    any_needle(|ptr, len, needle, needle_len| {
        let fits = needle_len.clone().below_or_equal(len.get());
        let start = ptr.get() + len.get() - needle_len.clone();
        fits.and_then(I32::call(equal, [start, needle, needle_len].map(I32::expr).to_vec()))
    })
}

fn any_needle(holds: impl FnOnce(Var<I32>, Var<I32>, I32, I32) -> I32) -> Function {
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let row: Var<I32> = code.param();
    let end: Var<I32> = code.param();
    let found = holds(ptr, len, row.get().load_u32(0), row.get().load_u32(4));
    code.repeat_while(row.get().below(end.get()), |code| {
        code.give_if(found, i32_const(1));
        code.step(row, 8);
    });
    code.result(i32_const(0))
}
