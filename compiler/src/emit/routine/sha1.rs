//! SHA-1 (RFC 3174), of which the first 60 bits are asked.

use super::Routine;
use super::message::{Endian, Layout, digest, swapped};
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, Function, I32, I64, Var, i32_const, i64_const};

/// The state before the first block.
pub(in crate::emit) const START: [u32; 5] =
    [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// The constant of each quarter of the 80 steps.
pub(in crate::emit) const CONSTANTS: [u32; 4] =
    [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6];

/// `(ptr, len, layout) -> i64`: the first 15 hexadecimal digits of the digest.
pub(super) fn sha1(assembly: &mut Assembly) -> Function {
    let block = assembly.routine(Routine::Sha1Block);
    let mut code = Code::new();
    let state = digest(&mut code, Endian::Big, block);
    let [first, second] = [0, 4].map(|word| state.get().load_u32(word).extend());
    let leading: I64 = first.shift_left(i64_const(32)) | second;
    code.result(leading.shift_right(i64_const(4)))
}

/// `(block, state) -> i32`: adds a block of 64 bytes to the state, returns its end.
pub(super) fn block() -> Function {
    let mut code = Code::new();
    let block: Var<I32> = code.param();
    let state: Var<I32> = code.param();
    // The last sixteen words of the schedule.
    let mut schedule: Vec<Var<I32>> = Vec::with_capacity(16);
    for word in 0..16 {
        let big_endian = code.let_(block.get().load_u32_bytes(4 * word));
        schedule.push(code.let_(swapped(big_endian.get())));
    }
    let mut roles = [0, 4, 8, 12, 16].map(|word| code.let_(state.get().load_u32(word)));
    for step in 0..80 {
        let [a, b, c, d, e] = roles;
        if step >= 16 {
            extend(&mut code, &mut schedule);
        }
        let newest = if step < 16 { step } else { 15 };
        let Some(word) = schedule.get(newest).copied() else { continue };
        let constant = CONSTANTS.get(step / 20).copied().unwrap_or(0);
        let sum = a.get().rotate_left(i32_const(5)) + mix(step / 20, b.get(), c.get(), d.get());
        code.set(e, e.get() + sum + word.get() + i32_const(constant as i32));
        code.set(b, b.get().rotate_left(i32_const(30)));
        roles = [e, a, b, c, d];
    }
    Layout::add(&mut code, state, &roles);
    code.result(block.get() + i32_const(64))
}

/// Puts the next word of the schedule in the place of the oldest, and last.
fn extend(code: &mut Code, schedule: &mut Vec<Var<I32>>) {
    if let [oldest, _, second, .., eighth, _, _, _, _, third, _, _] = schedule.as_slice() {
        let (oldest, mixed) = (*oldest, third.get() ^ eighth.get() ^ second.get() ^ oldest.get());
        code.set(oldest, mixed.rotate_left(i32_const(1)));
        schedule.rotate_left(1);
    }
}

fn mix(quarter: usize, b: I32, c: I32, d: I32) -> I32 {
    match quarter {
        0 => d.clone() ^ (b & (c ^ d)),
        2 => (b.clone() & c.clone()) | (d & (b | c)),
        _ => b ^ c ^ d,
    }
}
