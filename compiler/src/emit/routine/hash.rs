//! xxh64 (Yann Collet, `xxHash` specification 0.1.1), seed 0.

use crate::emit::code::{Bound, Code, Function, I32, I64, Var, i32_const, i64_const};

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

/// `(ptr, len) -> i64`
pub(super) fn xxh64() -> Function {
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let end = code.let_(ptr.get() + len.get());
    let hash: Var<I64> = code.local();
    code.when_else(
        len.get().below(i32_const(32)),
        |code| code.set(hash, i64_const(P5)),
        |code| stripes(code, ptr, end, hash),
    );
    code.set(hash, hash.get() + len.get().extend());
    tail(&mut code, ptr, end, hash);
    avalanche(&mut code, hash);
    code.result(hash.get())
}

/// Whole stripes of 32 bytes, in four lanes.
fn stripes(code: &mut Code, ptr: Var<I32>, end: Var<I32>, hash: Var<I64>) {
    let seeds = [P1.wrapping_add(P2), P2, 0, 0u64.wrapping_sub(P1)];
    let lanes = seeds.map(|seed| code.let_(i64_const(seed)));
    let last = code.let_(end.get() - i32_const(32));
    code.repeat_while(Bound::Bytes(32), ptr.get().below_or_equal(last.get()), |code| {
        for (lane, offset) in lanes.iter().zip([0, 8, 16, 24]) {
            code.set(*lane, round(lane.get(), ptr.get().load_u64_bytes(offset)));
        }
        code.step(ptr, 32);
    });
    let [a, b, c, d] = lanes.map(Var::get);
    code.set(hash, rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18));
    for lane in lanes {
        let merged = hash.get() ^ round(i64_const(0), lane.get());
        code.set(hash, merged * i64_const(P1) + i64_const(P4));
    }
}

/// Words of eight bytes, one of four, then bytes.
fn tail(code: &mut Code, ptr: Var<I32>, end: Var<I32>, hash: Var<I64>) {
    let fits = |bytes: i32| (ptr.get() + i32_const(bytes)).below_or_equal(end.get());
    code.repeat_while(Bound::Times(4), fits(8), |code| {
        let word = round(i64_const(0), ptr.get().load_u64_bytes(0));
        code.set(hash, rotate(hash.get() ^ word, 27) * i64_const(P1) + i64_const(P4));
        code.step(ptr, 8);
    });
    code.when(fits(4), |code| {
        let word = ptr.get().load_u32_bytes(0).extend() * i64_const(P1);
        code.set(hash, rotate(hash.get() ^ word, 23) * i64_const(P2) + i64_const(P3));
        code.step(ptr, 4);
    });
    code.repeat_while(Bound::Times(4), ptr.get().below(end.get()), |code| {
        let byte = ptr.get().load_u8(0).extend() * i64_const(P5);
        code.set(hash, rotate(hash.get() ^ byte, 11) * i64_const(P1));
        code.step(ptr, 1);
    });
}

fn avalanche(code: &mut Code, hash: Var<I64>) {
    for (shift, factor) in [(33, P2), (29, P3)] {
        let mixed = hash.get() ^ hash.get().shift_right(i64_const(shift));
        code.set(hash, mixed * i64_const(factor));
    }
    code.set(hash, hash.get() ^ hash.get().shift_right(i64_const(32)));
}

fn round(lane: I64, word: I64) -> I64 {
    rotate(lane + word * i64_const(P2), 31) * i64_const(P1)
}

fn rotate(value: I64, bits: u64) -> I64 {
    value.rotate_left(i64_const(bits))
}
