//! Messages: what stands before a unit, the unit, and what stands behind it, as the hashes of other
//! systems take them.
//!
//! In: a unit, and the layout of a hash (`emit/foreign.rs`). Out: one run of bytes in the buffer,
//! with the padding of Merkle and Damgård where a digest asks for it. The buffer has room for the
//! longest unit and all that can stand around it. Copying writes words, so up to seven bytes of no
//! meaning stand behind, and the next part overwrites them.

use super::lower::buffer;
use crate::emit::code::{Bound, Code, FunctionId, I32, Var, Wasm, i32_const, i64_const};

/// Where the fields of a layout stand.
pub(in crate::emit) mod layout {
    /// `u32`: bytes that are in the state already.
    pub(in crate::emit) const BEFORE: u32 = 0;
    /// `u32`: bytes before the unit.
    pub(in crate::emit) const HEAD: u32 = 4;
    /// `u32`: bytes behind the unit.
    pub(in crate::emit) const TAIL: u32 = 8;
    /// `u32`: address of the bytes behind the unit, from the start of the layout.
    pub(in crate::emit) const TAIL_AT: u32 = 12;
    /// Six `u32`: the state.
    pub(in crate::emit) const STATE: u32 = 16;
    /// The bytes before the unit, zeros up to a multiple of 8, the bytes behind, zeros.
    pub(in crate::emit) const BYTES: u32 = 40;
}

/// Bytes of the state at the start of the buffer.
const STATE_BYTES: i32 = 32;

/// A layout at an address.
#[derive(Clone, Copy)]
pub(super) struct Layout(pub(super) Var<I32>);

impl Layout {
    pub(super) fn word(self, offset: u32) -> I32 {
        self.0.get().load_u32(offset)
    }

    /// Copies the bytes before the unit to `to`, which moves behind them.
    pub(super) fn head(self, code: &mut Code, to: Var<I32>) {
        let from = self.0.get() + i32_const(layout::BYTES as i32);
        copy(code, from, self.word(layout::HEAD), to, Bound::Constants(8));
    }

    /// Copies the bytes behind the unit.
    pub(super) fn tail(self, code: &mut Code, to: Var<I32>) {
        let from = self.0.get() + self.word(layout::TAIL_AT);
        copy(code, from, self.word(layout::TAIL), to, Bound::Constants(8));
    }

    /// Adds words to those of a state.
    pub(super) fn add(code: &mut Code, state: Var<I32>, words: &[Var<I32>]) {
        for (offset, word) in (0..).step_by(4).zip(words) {
            code.store_u32(state.get(), offset, state.get().load_u32(offset) + word.get());
        }
    }
}

/// Copies `len` bytes to `to`, which moves behind them.
pub(super) fn copy(code: &mut Code, from: I32, len: I32, to: Var<I32>, bound: Bound) {
    let from = code.let_(from);
    let place = code.let_(to.get());
    code.set(to, to.get() + len);
    code.repeat_while(bound, place.get().below(to.get()), |code| {
        code.store_u64_bytes(place.get(), 0, from.get().load_u64_bytes(0));
        code.step(from, 8);
        code.step(place, 8);
    });
}

/// The order of bytes in the length of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Endian {
    Little,
    Big,
}

/// Of a routine `(ptr, len, layout)`: the padded message block by block through `block`; returns
/// where the state stands.
pub(super) fn digest(code: &mut Code, endian: Endian, block: FunctionId) -> Var<I32> {
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let layout = Layout(code.param());
    let state = code.let_(buffer());
    for offset in [0, 8, 16] {
        let word = layout.0.get().load_u64(layout::STATE + offset);
        code.store_u64(state.get(), offset, word);
    }
    let start = code.let_(state.get() + i32_const(STATE_BYTES));
    let end = code.let_(start.get());
    layout.head(code, end);
    copy(code, ptr.get(), len.get(), end, Bound::Bytes(8));
    layout.tail(code, end);
    pad(code, layout, start, end, endian);
    let next = code.let_(start.get());
    let step = |code: &mut Code| {
        let arguments = [next.get(), state.get()].map(I32::expr).to_vec();
        code.set(next, I32::call(block, arguments));
    };
    // As many blocks as the unit has are bounded by the context, the others by the layout.
    let of_unit = code.let_(start.get() + (len.get() & i32_const(!63)));
    code.repeat_while(Bound::Bytes(64), next.get().below(of_unit.get()), step);
    code.repeat_while(Bound::Constants(32), next.get().below(end.get()), step);
    state
}

/// A one bit, zeros, and the length in bits, up to a multiple of 64 bytes.
fn pad(code: &mut Code, layout: Layout, start: Var<I32>, end: Var<I32>, endian: Endian) {
    code.store_u64_bytes(end.get(), 0, i64_const(0x80));
    for offset in (8..=64).step_by(8) {
        code.store_u64_bytes(end.get(), offset, i64_const(0));
    }
    let bytes = code.let_(end.get() - start.get());
    // No message is so long that its bits do not fit 32 bits.
    let bits = (layout.word(layout::BEFORE) + bytes.get()).shift_left(i32_const(3));
    let bits = code.let_(bits);
    let padded = (bytes.get() + i32_const(72)) & i32_const(!63);
    code.set(end, start.get() + padded);
    match endian {
        Endian::Little => code.store_u32(end.get() - i32_const(8), 0, bits.get()),
        Endian::Big => code.store_u32(end.get() - i32_const(4), 0, swapped(bits.get())),
    }
}

/// The bytes of a word in the other order.
pub(super) fn swapped(word: I32) -> I32 {
    let even = word.clone().rotate_left(i32_const(8)) & i32_const(0x00FF_00FF);
    let odd = word.rotate_left(i32_const(24)) & i32_const(0xFF00_FF00_u32 as i32);
    even | odd
}
