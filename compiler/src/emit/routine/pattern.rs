//! Regular expressions: walking the table of an automaton (`regex/table.rs`).

use crate::emit::code::{Bound, Code, Function, I32, Var, Wasm, i32_const};
use crate::regex::offset;

/// `(ptr, len, table) -> i32`: is there a match.
pub(super) fn matches() -> Function {
    let mut code = Code::new();
    let [ptr, len, table]: [Var<I32>; 3] = std::array::from_fn(|_| code.param());
    let end = code.let_(ptr.get() + len.get());
    let row = code.let_(table.get().load_u32(offset::START));
    let limit = code.let_(table.get().load_u32(offset::LIMIT));
    // The next row, by the column of a byte or of the text's end.
    let next = |column: I32| {
        let cell = (row.get() + column).shift_left(i32_const(1));
        (table.get() + cell).load_u16(offset::CELLS)
    };
    let undecided = row.get().not_below(limit.get());
    code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()) & undecided.clone(), |code| {
        let column = (table.get() + ptr.get().load_u8(0)).load_u8(offset::CLASSES);
        code.set(row, next(column));
        code.step(ptr, 1);
    });
    let at_end = next(table.get().load_u32(offset::END));
    let row = I32::choose(undecided, at_end, row.get());
    code.result(row.differs(i32_const(0)))
}
