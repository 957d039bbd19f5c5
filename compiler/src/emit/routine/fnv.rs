//! FNV-1a of 32 bits (Fowler, Noll and Vo): of bytes, of UTF-16 code units, and of a hash's decimal
//! text.

use super::lower::decode;
use super::reduce::divided;
use crate::emit::code::{Bound, Code, Function, I32, Var, byte, i32_const};

/// Where the fields of a layout of FNV stand.
pub(in crate::emit) mod fnv_layout {
    /// `u32`: the hash of what stands before the unit.
    pub(in crate::emit) const STATE: u32 = 0;
    /// `u32`: 1 if the decimal text of the hash is hashed again.
    pub(in crate::emit) const AGAIN: u32 = 4;
    /// `u32`: bytes behind the unit; with code units two for each.
    pub(in crate::emit) const TAIL: u32 = 8;
    /// The bytes or code units behind the unit.
    pub(in crate::emit) const BYTES: u32 = 16;
}

/// The hash of nothing.
pub(in crate::emit) const BASIS: u32 = 0x811c_9dc5;
/// What each step multiplies by.
pub(in crate::emit) const PRIME: u32 = 0x0100_0193;

/// `(ptr, len, layout) -> i32`: of the unit's bytes.
pub(super) fn fnv() -> Function {
    hashing(
        |code, hash, ptr, end| {
            code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()), |code| {
                step(code, hash, ptr.get().load_u8(0));
                code.step(ptr, 1);
            });
        },
        |code, hash, ptr, end| {
            code.repeat_while(Bound::Constants(1), ptr.get().below(end.get()), |code| {
                step(code, hash, ptr.get().load_u8(0));
                code.step(ptr, 1);
            });
        },
    )
}

/// `(ptr, len, layout) -> i32`: of the unit's UTF-16 code units.
pub(super) fn fnv_wide() -> Function {
    hashing(
        |code, hash, ptr, end| {
            let [character, rest]: [Var<I32>; 2] = std::array::from_fn(|_| code.local());
            code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()), |code| {
                code.set(character, ptr.get().load_u8(0));
                code.step(ptr, 1);
                code.when(character.get().not_below(i32_const(0x80)), |code| {
                    decode(code, ptr, end, character, rest);
                });
                code.when(character.get().not_below(i32_const(0x1_0000)), |code| {
                    let above = (character.get() - i32_const(0x1_0000)).shift_right(i32_const(10));
                    step(code, hash, above + i32_const(0xD800));
                    code.set(character, (character.get() & i32_const(0x3FF)) + i32_const(0xDC00));
                });
                step(code, hash, character.get());
            });
        },
        |code, hash, ptr, end| {
            code.repeat_while(Bound::Constants(2), ptr.get().below(end.get()), |code| {
                step(code, hash, ptr.get().load_u16(0));
                code.step(ptr, 2);
            });
        },
    )
}

type Walk = fn(&mut Code, Var<I32>, Var<I32>, Var<I32>);

/// The unit by one walk, what stands behind it by another.
fn hashing(unit: Walk, tail: Walk) -> Function {
    let mut code = Code::new();
    let [ptr, len, layout]: [Var<I32>; 3] = std::array::from_fn(|_| code.param());
    let hash = code.let_(layout.get().load_u32(fnv_layout::STATE));
    let end = code.let_(ptr.get() + len.get());
    unit(&mut code, hash, ptr, end);
    code.set(ptr, layout.get() + i32_const(fnv_layout::BYTES as i32));
    code.set(end, ptr.get() + layout.get().load_u32(fnv_layout::TAIL));
    tail(&mut code, hash, ptr, end);
    code.when(layout.get().load_u32(fnv_layout::AGAIN), |code| again(code, hash));
    code.result(hash.get())
}

fn step(code: &mut Code, hash: Var<I32>, with: I32) {
    code.set(hash, (hash.get() ^ with) * i32_const(PRIME as i32));
}

/// Hashes the decimal text of the hash, from its first digit on.
fn again(code: &mut Code, hash: Var<I32>) {
    let rest = code.let_(hash.get());
    let begun = code.let_(i32_const(0));
    code.set(hash, i32_const(BASIS as i32));
    for power in (0..10).rev() {
        let one = 10_u32.pow(power);
        let (digit, less) = divided(code, rest.get(), one);
        code.set(rest, less.get());
        let last = i32_const(i32::from(power == 0));
        code.set(begun, begun.get() | digit.get() | last);
        code.when(begun.get(), |code| step(code, hash, digit.get() + byte(b'0')));
    }
}
