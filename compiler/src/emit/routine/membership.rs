//! Is it in the set? The blobs are described in `emit/set.rs`.

use crate::emit::assembly::Assembly;
use crate::emit::code::{
    Bound, Code, F64, Function, FunctionId, I32, I64, Var, Wasm, i32_const, i64_const,
};
use crate::emit::set::{PILOT, SPREAD, form};

use super::Routine;
use super::bucket::mixed;
use super::text::short_word;

/// `(ptr, len, set) -> i32`
pub(super) fn in_strings(assembly: &mut Assembly) -> Function {
    let equal = assembly.routine(Routine::BytesEqual);
    let digest = assembly.routine(Routine::Digest);
    let probe = assembly.routine(Routine::Probe);
    let mut code = Code::new();
    let [ptr, len, set]: [Var<I32>; 3] = std::array::from_fn(|_| code.param());
    let form = code.let_(set.get().load_u32(0));
    let is = |wanted: u32| form.get().equals(i32_const(wanted as i32));
    code.when(is(form::SHORT), |code| short(code, ptr, len, set));
    code.when(is(form::ANY), |code| any(code, equal, ptr, len, set));
    let key = [set.get().load_u64(8), set.get().load_u64(16)].map(I64::expr);
    let arguments = [[ptr, len].map(|var| var.get().expr()), key].concat();
    let digest = I64::call(digest, arguments);
    let table = set.get() + i32_const(24);
    code.result(I32::call(probe, vec![digest.expr(), table.expr()]))
}

/// Strings of at most eight bytes, as words.
fn short(code: &mut Code, ptr: Var<I32>, len: Var<I32>, set: Var<I32>) {
    code.give_if(len.get().above(i32_const(8)), i32_const(0));
    let word = code.let_(short_word(ptr.get(), len.get()));
    let count = code.let_(set.get().load_u32(4));
    let member = code.let_(set.get() + i32_const(8));
    let end = code.let_(member.get() + count.get().shift_left(i32_const(3)));
    code.repeat_while(Bound::Constants(9), member.get().below(end.get()), |code| {
        code.when(member.get().load_u64(0).equals(word.get()), |code| {
            // Lengths stand behind the words, in the same order.
            let before = (end.get() - member.get()).shift_right(i32_const(3));
            let length = end.get() + count.get() - before;
            code.give_if(length.load_u8(0).equals(len.get()), i32_const(1));
        });
        code.step(member, 8);
    });
    code.give(i32_const(0));
}

/// Strings of any length.
fn any(code: &mut Code, equal: FunctionId, ptr: Var<I32>, len: Var<I32>, set: Var<I32>) {
    let row = code.let_(set.get() + i32_const(8));
    let end = code.let_(row.get() + set.get().load_u32(4).shift_left(i32_const(3)));
    code.repeat_while(Bound::Constants(8), row.get().below(end.get()), |code| {
        let same_len = row.get().load_u32(4).equals(len.get());
        let member = set.get() + row.get().load_u32(0);
        let arguments = [ptr.get(), member, len.get()].map(I32::expr).to_vec();
        code.give_if(same_len.and_then(I32::call(equal, arguments)), i32_const(1));
        code.step(row, 8);
    });
    code.give(i32_const(0));
}

/// `(digest: i64, table) -> i32`: one look at the one slot where the digest would be.
pub(super) fn probe() -> Function {
    let mut code = Code::new();
    let digest: Var<I64> = code.param();
    let table: Var<I32> = code.param();
    let slots = code.let_(table.get().load_u32(0).extend());
    let high = |word: I64| word.shift_right(i64_const(32));
    let bucket = high(high(digest.get()) * table.get().load_u32(4).extend()).low();
    let pilots = table.get() + slots.get().low().shift_left(i32_const(3));
    let pilot = (pilots + bucket.shift_left(i32_const(1))).load_u16(8).extend();
    let spread = (digest.get() ^ (pilot * i64_const(PILOT))) * i64_const(SPREAD);
    let slot = high(high(spread) * slots.get()).low().shift_left(i32_const(3));
    let there = (table.get() + slot).load_u64(8);
    code.result(there.equals(digest.get()))
}

/// `(x: f64, set) -> i32`: zero has no sign, and not-a-number is in no set.
pub(super) fn in_numbers(assembly: &mut Assembly) -> Function {
    let probe = assembly.routine(Routine::Probe);
    let mut code = Code::new();
    let x: Var<F64> = code.param();
    let set: Var<I32> = code.param();
    let bits = code.let_((x.get() + F64::constant(0.0)).bits());
    mixed(&mut code, bits);
    code.result(I32::call(probe, vec![bits.get().expr(), set.get().expr()]))
}

/// `(ptr, len, k0, k1) -> i64`: `SipHash`-1-3 (Aumasson and Bernstein 2012).
pub(super) fn digest() -> Function {
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let len: Var<I32> = code.param();
    let k0: Var<I64> = code.param();
    let k1: Var<I64> = code.param();
    let start = [
        k0.get() ^ i64_const(0x736f_6d65_7073_6575),
        k1.get() ^ i64_const(0x646f_7261_6e64_6f6d),
        k0.get() ^ i64_const(0x6c79_6765_6e65_7261),
        k1.get() ^ i64_const(0x7465_6462_7974_6573),
    ];
    let v = start.map(|word| code.let_(word));
    let [v0, _, v2, v3] = v;
    let word = code.local::<I64>();
    let rest = code.let_(len.get());
    code.repeat_while(Bound::Bytes(8), rest.get().not_below(i32_const(8)), |code| {
        code.set(word, ptr.get().load_u64_bytes(0));
        block(code, v, word);
        code.step(ptr, 8);
        code.step(rest, -8);
    });
    let length = len.get().extend().shift_left(i64_const(56));
    code.set(word, short_word(ptr.get(), rest.get()) | length);
    block(&mut code, v, word);
    code.set(v2, v2.get() ^ i64_const(0xff));
    (0..3).for_each(|_| round(&mut code, v));
    let [_, v1, ..] = v;
    code.result(v0.get() ^ v1.get() ^ v2.get() ^ v3.get())
}

fn block(code: &mut Code, v: [Var<I64>; 4], word: Var<I64>) {
    let [v0, _, _, v3] = v;
    code.set(v3, v3.get() ^ word.get());
    round(code, v);
    code.set(v0, v0.get() ^ word.get());
}

fn round(code: &mut Code, [v0, v1, v2, v3]: [Var<I64>; 4]) {
    let mut half = |a: Var<I64>, b: Var<I64>, bits: u64| {
        code.set(a, a.get() + b.get());
        code.set(b, b.get().rotate_left(i64_const(bits)) ^ a.get());
    };
    half(v0, v1, 13);
    half(v2, v3, 16);
    code.set(v0, v0.get().rotate_left(i64_const(32)));
    let mut half = |a: Var<I64>, b: Var<I64>, bits: u64| {
        code.set(a, a.get() + b.get());
        code.set(b, b.get().rotate_left(i64_const(bits)) ^ a.get());
    };
    half(v0, v3, 21);
    half(v2, v1, 17);
    code.set(v2, v2.get().rotate_left(i64_const(32)));
}
