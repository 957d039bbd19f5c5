//! MD5 (RFC 1321), of which the first four bytes are asked.

use super::Routine;
use super::message::{Endian, Layout, digest, swapped};
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, Function, I32, Var, i32_const};

/// The integer part of `2^32 * |sin(i + 1)|`.
pub(in crate::emit) const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// The state before the first block.
pub(in crate::emit) const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// How far each step of a round rotates, by round and step modulo 4.
const ROTATIONS: [[u32; 4]; 4] =
    [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// `(ptr, len, layout) -> i32`: the first four bytes of the digest, big-endian.
pub(super) fn md5(assembly: &mut Assembly) -> Function {
    let block = assembly.routine(Routine::Md5Block);
    let mut code = Code::new();
    let state = digest(&mut code, Endian::Little, block);
    let first = code.let_(state.get().load_u32(0));
    code.result(swapped(first.get()))
}

/// `(block, state) -> i32`: adds a block of 64 bytes to the state, returns its end.
pub(super) fn block() -> Function {
    let mut code = Code::new();
    let block: Var<I32> = code.param();
    let state: Var<I32> = code.param();
    let mut roles = [0, 4, 8, 12].map(|word| code.let_(state.get().load_u32(word)));
    for (step, sine) in (0..).zip(SINES) {
        let [a, b, c, d] = roles;
        let (mixed, word) = mix(step, b.get(), c.get(), d.get());
        let word = block.get().load_u32_bytes(4 * word);
        let sum = a.get() + mixed + word + i32_const(sine as i32);
        let by = rotation(step);
        code.set(a, b.get() + sum.rotate_left(i32_const(by as i32)));
        roles = [d, a, b, c];
    }
    Layout::add(&mut code, state, &roles);
    code.result(block.get() + i32_const(64))
}

/// How far a step rotates.
pub(in crate::emit) fn rotation(step: u32) -> u32 {
    let round = ROTATIONS.get(step as usize / 16);
    round.and_then(|round| round.get(step as usize % 4)).copied().unwrap_or(0)
}

/// The round's function of a step, and the word of the block that it takes.
fn mix(step: u32, b: I32, c: I32, d: I32) -> (I32, u32) {
    match step / 16 {
        0 => (d.clone() ^ (b & (c ^ d)), step),
        1 => (c.clone() ^ (d & (b ^ c)), (5 * step + 1) % 16),
        2 => (b ^ c ^ d, (3 * step + 5) % 16),
        _ => (c ^ (b | (d ^ i32_const(-1))), 7 * step % 16),
    }
}
