//! `MurmurHash3_x86_32` (Austin Appleby, public domain).

use super::Routine;
use super::lower::{buffer, decode};
use super::message::{Layout, copy, layout};
use crate::emit::assembly::Assembly;
use crate::emit::code::{Bound, Code, Function, I32, Var, Wasm, i32_const};

/// `(ptr, len, layout) -> i32`: of the unit's bytes.
pub(super) fn murmur(assembly: &mut Assembly) -> Function {
    let words = assembly.routine(Routine::MurmurWords);
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let layout = Layout(code.param());
    let around = layout.word(layout::HEAD) | layout.word(layout::TAIL);
    let total = code.let_(len.get());
    let start = code.let_(ptr.get());
    // A unit that nothing stands around is hashed where it is.
    code.when(around, |code| {
        code.set(start, buffer());
        let end = code.let_(start.get());
        layout.head(code, end);
        copy(code, ptr.get(), len.get(), end, Bound::Bytes(8));
        layout.tail(code, end);
        code.set(total, end.get() - start.get());
    });
    let arguments = [start.get(), total.get(), len.get(), layout.0.get()];
    code.result(I32::call(words, arguments.map(I32::expr).to_vec()))
}

/// `(ptr, len, layout) -> i32`: of the low byte of each UTF-16 code unit.
pub(super) fn murmur_latin1(assembly: &mut Assembly) -> Function {
    let words = assembly.routine(Routine::MurmurWords);
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let layout = Layout(code.param());
    let start = code.let_(buffer());
    let out = code.let_(start.get());
    layout.head(&mut code, out);
    let end = code.let_(ptr.get() + len.get());
    let [character, rest]: [Var<I32>; 2] = std::array::from_fn(|_| code.local());
    code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()), |code| {
        code.set(character, ptr.get().load_u8(0));
        code.step(ptr, 1);
        code.when(character.get().not_below(i32_const(0x80)), |code| {
            decode(code, ptr, end, character, rest);
        });
        code.when(character.get().not_below(i32_const(0x1_0000)), |code| {
            // The high surrogate; its low byte is that of the ten bits above.
            let above = (character.get() - i32_const(0x1_0000)).shift_right(i32_const(10));
            code.store_u8(out.get(), above);
            code.step(out, 1);
        });
        code.store_u8(out.get(), character.get());
        code.step(out, 1);
    });
    layout.tail(&mut code, out);
    let total = out.get() - start.get();
    let arguments = [start.get(), total, len.get(), layout.0.get()];
    code.result(I32::call(words, arguments.map(I32::expr).to_vec()))
}

/// `(ptr, total, len, layout) -> i32`: hashes on from the layout's state over `total` bytes, of
/// which at most `len` come from the context.
pub(super) fn words() -> Function {
    let mut code = Code::new();
    let [ptr, total, len]: [Var<I32>; 3] = std::array::from_fn(|_| code.param());
    let layout = Layout(code.param());
    let hash = code.let_(layout.word(layout::STATE));
    let end = code.let_(ptr.get() + (total.get() & i32_const(!3)));
    let of_unit = code.let_(ptr.get() + (len.get() & i32_const(!3)));
    let word = |code: &mut Code| {
        let mixed = hash.get() ^ scrambled(ptr.get().load_u32_bytes(0));
        let mixed = mixed.rotate_left(i32_const(13)) * i32_const(5);
        code.set(hash, mixed + i32_const(0xe654_6b64_u32 as i32));
        code.step(ptr, 4);
    };
    let goes_on = |until: Var<I32>| ptr.get().below(until.get());
    // In the encoding of one byte for each code unit fewer may come from the context.
    code.repeat_while(Bound::Bytes(4), goes_on(of_unit) & goes_on(end), word);
    code.repeat_while(Bound::Constants(4), goes_on(end), word);
    let bits = (total.get() & i32_const(3)).shift_left(i32_const(3));
    let mask = i32_const(1).shift_left(bits) - i32_const(1);
    code.set(hash, hash.get() ^ scrambled(ptr.get().load_u32_bytes(0) & mask));
    code.set(hash, hash.get() ^ (layout.word(layout::BEFORE) + total.get()));
    for (shift, factor) in [(16, 0x85eb_ca6b_u32), (13, 0xc2b2_ae35)] {
        let mixed = hash.get() ^ hash.get().shift_right(i32_const(shift));
        code.set(hash, mixed * i32_const(factor as i32));
    }
    code.result(hash.get() ^ hash.get().shift_right(i32_const(16)))
}

fn scrambled(word: I32) -> I32 {
    let word = (word * i32_const(0xcc9e_2d51_u32 as i32)).rotate_left(i32_const(15));
    word * i32_const(0x1b87_3593)
}
