//! Sets: strings in an open-addressed table, numbers sorted.

use xxhash_rust::xxh64::xxh64;

use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, F64, Function, I32, Var, Wasm, i32_const};
use crate::emit::data::Data;

use super::Routine;

/// Strings as a table; gives its address.
///
/// `u32` mask, `u32` zero, then `mask + 1` rows of `(address: u32, len: u32)`; an address of zero
/// is an empty row. A string's first row is its xxh64 `&` mask; the table is at most half full.
pub(in crate::emit) fn string_table(data: &mut Data, strings: &[String]) -> u32 {
    let rows = (strings.len() * 2).next_power_of_two();
    let mask = rows - 1;
    let mut table = vec![(0u32, 0u32); rows];
    for string in strings {
        let address = data.string(string.as_bytes());
        let mut row = xxh64(string.as_bytes(), 0) as usize & mask;
        while table.get(row).is_some_and(|(taken, _)| *taken != 0) {
            row = (row + 1) & mask;
        }
        if let Some(place) = table.get_mut(row) {
            *place = (address, string.len() as u32);
        }
    }
    let mut bytes = Vec::with_capacity(8 * rows + 8);
    bytes.extend_from_slice(&(mask as u32).to_le_bytes());
    bytes.extend_from_slice(&[0; 4]);
    for (address, len) in table {
        bytes.extend_from_slice(&address.to_le_bytes());
        bytes.extend_from_slice(&len.to_le_bytes());
    }
    data.aligned(&bytes, 8)
}

/// `(ptr, len, table) -> i32`
pub(super) fn in_strings(assembly: &mut Assembly) -> Function {
    let hash = assembly.routine(Routine::Xxh64);
    let equal = assembly.routine(Routine::BytesEqual);
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let table: Var<I32> = code.param();
    let mask = code.let_(table.get().load_u32(0));
    let hashed: crate::emit::code::I64 = Wasm::call(hash, vec![ptr.get().expr(), len.get().expr()]);
    let row = code.let_(hashed.low() & mask.get());
    let place = code.local::<I32>();
    let address = code.local::<I32>();
    code.repeat_while(i32_const(1), |code| {
        code.set(place, table.get() + row.get().shift_left(i32_const(3)));
        code.set(address, place.get().load_u32(8));
        code.give_if(address.get().eqz(), i32_const(0));
        let arguments = [ptr, address, len].map(|var| var.get().expr()).to_vec();
        let same_len = place.get().load_u32(12).equals(len.get());
        code.give_if(same_len.and_then(I32::call(equal, arguments)), i32_const(1));
        code.set(row, (row.get() + i32_const(1)) & mask.get());
    });
    code.result(i32_const(0))
}

/// Sorted numbers as a table; gives the addresses of the first and after the last.
pub(in crate::emit) fn number_table(data: &mut Data, numbers: &[f64]) -> (u32, u32) {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    let address = data.aligned(&bytes, 8);
    (address, address + bytes.len() as u32)
}

/// `(x: f64, low, high) -> i32`: binary search; not-a-number is in no set.
pub(super) fn in_numbers() -> Function {
    let mut code = Code::new();
    let x: Var<F64> = code.param();
    let low: Var<I32> = code.param();
    let high: Var<I32> = code.param();
    let middle = code.local::<I32>();
    code.repeat_while(low.get().below(high.get()), |code| {
        // The middle of two multiples of 8, itself one.
        let half = (high.get() - low.get()).shift_right(i32_const(4)).shift_left(i32_const(3));
        code.set(middle, low.get() + half);
        code.give_if(middle.get().load_f64(0).equals(x.get()), i32_const(1));
        code.when_else(
            middle.get().load_f64(0).less(x.get()),
            |code| code.set(low, middle.get() + i32_const(8)),
            |code| code.set(high, middle.get()),
        );
    });
    code.result(i32_const(0))
}
