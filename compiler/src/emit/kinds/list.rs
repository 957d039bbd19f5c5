//! Lists: does some element equal some operand?

use vexil_abi::record::{SLOT_BYTES, tag};

use super::text::{Case, text};
use super::{Question, Slot};
use crate::emit::assembly::Assembly;
use crate::emit::code::{Bound, Code, I32, Var, Wasm, i32_const};
use crate::emit::routine::Routine;

/// Words 1 and 2: sets of strings and of numbers, or 0; word 3: bit 0 false, bit 1 true.
pub(super) fn any(assembly: &mut Assembly, code: &mut Code, question: Question, case: Case) -> I32 {
    let list = question.subject(code);
    // Set anew on each turn where this stands in a loop.
    let [element, end, found] = std::array::from_fn(|_| code.let_(i32_const(0)));
    code.when(list.is(tag::LIST), |code| {
        code.set(element, list.ptr());
        let bytes = list.len() * i32_const(SLOT_BYTES as i32);
        code.set(end, element.get() + bytes);
    });
    let element_slot = Slot { ctx: question.ctx, at: element };
    let bound = Bound::Bytes(u64::from(SLOT_BYTES));
    code.repeat_while(bound, element.get().below(end.get()), |code| {
        holds(assembly, code, question, element_slot, found, case);
        code.when(found.get(), Code::leave);
        code.step(element, SLOT_BYTES as i32);
    });
    found.get()
}

/// Sets `found` if the element is one of the operands.
fn holds(
    assembly: &mut Assembly,
    code: &mut Code,
    question: Question,
    element: Slot,
    found: Var<I32>,
    case: Case,
) {
    let strings = assembly.routine(Routine::InStrings);
    let numbers = assembly.routine(Routine::InNumbers);
    let (ptr, len) = text(assembly, code, element, case);
    let arguments = [ptr, len.get(), question.word(1)].map(I32::expr).to_vec();
    code.when(element.is_string().and_then(question.word(1)), |code| {
        code.set(found, I32::call(strings, arguments));
    });
    let arguments = vec![element.number().expr(), question.word(2).expr()];
    code.when(element.is_number().and_then(question.word(2)), |code| {
        code.set(found, I32::call(numbers, arguments));
    });
    let bit = question.word(3).shift_right(element.boolean()) & i32_const(1);
    code.when(element.is(tag::BOOLEAN), |code| code.set(found, bit));
}
