//! Native bucketing; the algorithm stands in `docs/bucketing.md`.

use crate::emit::code::{Code, I64, Var, i64_const};
use crate::lower::BUCKETS;

/// SplitMix64's finaliser (Steele, Lea, Flood 2014) of `x`, then a multiply-shift to the buckets.
pub(in crate::emit) fn native(code: &mut Code, x: Var<I64>) -> I64 {
    mixed(code, x);
    let high = x.get().shift_right(i64_const(32));
    (high * i64_const(u64::from(BUCKETS))).shift_right(i64_const(32))
}

/// SplitMix64's finaliser, in place.
pub(super) fn mixed(code: &mut Code, x: Var<I64>) {
    mix(code, x, 30, 0xbf58_476d_1ce4_e5b9);
    mix(code, x, 27, 0x94d0_49bb_1331_11eb);
    code.set(x, x.get() ^ x.get().shift_right(i64_const(31)));
}

fn mix(code: &mut Code, x: Var<I64>, shift: u64, factor: u64) {
    code.set(x, (x.get() ^ x.get().shift_right(i64_const(shift))) * i64_const(factor));
}
