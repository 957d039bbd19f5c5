//! IP addresses in text form, as Rust's `IpAddr::from_str` takes them, and networks.
//!
//! A fact of an address: `u32` family (0 none, 4, 6), four bytes of nothing, then the address as
//! two `u64`, the upper half first. A table of networks is described at [`networks`].

use super::Routine;
use crate::emit::assembly::Assembly;
use crate::emit::code::{
    Bound, Code, Function, FunctionId, I32, I64, Var, Wasm, byte, i32_const, i64_const,
};

/// Where the halves of an address stand in its fact.
const UPPER: u32 = 8;
const LOWER: u32 = 16;
/// The longest IPv4 address.
const MAX_DOTTED: i32 = 15;
/// Halvings that find one of all networks that a test may have.
const HALVINGS: u64 = 1 + crate::limits::MAX_NETS.ilog2() as u64;

/// `(ptr, len, out) -> i32`: the family; writes the address to the fact at `out`.
pub(super) fn read(assembly: &mut Assembly) -> Function {
    let dotted = assembly.routine(Routine::DottedAddress);
    let groups = assembly.routine(Routine::GroupedAddress);
    let mut code = Code::new();
    let [ptr, len, out]: [Var<I32>; 3] = std::array::from_fn(|_| code.param());
    let end = code.let_(ptr.get() + len.get());
    let number = code.let_(I64::call(dotted, vec![ptr.get().expr(), end.get().expr()]));
    code.when(number.get().less_signed(i64_const(0)).eqz(), |code| {
        code.store_u64(out.get(), UPPER, i64_const(0));
        code.store_u64(out.get(), LOWER, number.get());
        code.give(i32_const(4));
    });
    let arguments = [ptr.get(), end.get(), out.get()].map(I32::expr).to_vec();
    let six = I32::call(groups, arguments);
    code.result(I32::choose(six, i32_const(6), i32_const(0)))
}

/// `(ptr, end) -> i64`: four decimal numbers up to 255 without leading zeros, or -1.
pub(super) fn dotted() -> Function {
    let none = || i64_const(u64::MAX);
    let mut code = Code::new();
    let [ptr, end]: [Var<I32>; 2] = std::array::from_fn(|_| code.param());
    code.give_if((end.get() - ptr.get()).above(i32_const(MAX_DOTTED)), none());
    let [address, number, digits, dots, current]: [Var<I32>; 5] =
        std::array::from_fn(|_| code.local());
    code.repeat_while(Bound::Times(MAX_DOTTED as u64), ptr.get().below(end.get()), |code| {
        code.set(current, ptr.get().load_u8(0) - byte(b'0'));
        code.step(ptr, 1);
        code.when_else(
            current.get().below(i32_const(10)),
            |code| {
                // A zero is followed by no other digit.
                code.give_if(digits.get().differs(i32_const(0)) & number.get().eqz(), none());
                code.set(number, number.get() * i32_const(10) + current.get());
                code.step(digits, 1);
                code.give_if(number.get().above(i32_const(255)), none());
            },
            |code| {
                let dot = current.get().equals(byte(b'.') - byte(b'0'));
                let misplaced = digits.get().eqz() | dots.get().equals(i32_const(3));
                code.give_if(dot.eqz() | misplaced, none());
                code.set(address, address.get().shift_left(i32_const(8)) | number.get());
                code.set(number, i32_const(0));
                code.set(digits, i32_const(0));
                code.step(dots, 1);
            },
        );
    });
    code.give_if(digits.get().eqz() | dots.get().differs(i32_const(3)), none());
    let address = address.get().shift_left(i32_const(8)) | number.get();
    code.result(address.extend())
}

/// An IPv6 address while it is read.
#[derive(Clone, Copy)]
struct Groups {
    ptr: Var<I32>,
    end: Var<I32>,
    /// Groups read.
    count: Var<I32>,
    /// Groups before `::`, or -1.
    gap: Var<I32>,
    /// Nothing stands between `::` and here.
    after_gap: Var<I32>,
    /// The groups since `::`, or since the start.
    upper: Var<I64>,
    lower: Var<I64>,
}

impl Groups {
    fn goes_on(self) -> I32 {
        self.ptr.get().below(self.end.get())
    }

    /// Is the byte at `ptr + offset` there, and this one.
    fn is(self, offset: i32, wanted: u8) -> I32 {
        let there = (self.ptr.get() + i32_const(offset)).below(self.end.get());
        there.and_then(self.ptr.get().load_u8(offset as u32).equals(byte(wanted)))
    }

    fn shift(self, code: &mut Code, [upper, lower]: [Var<I64>; 2]) {
        let carried = lower.get().shift_right(i64_const(48));
        code.set(upper, upper.get().shift_left(i64_const(16)) | carried);
        code.set(lower, lower.get().shift_left(i64_const(16)));
    }

    fn push(self, code: &mut Code, group: I64) {
        self.shift(code, [self.upper, self.lower]);
        code.set(self.lower, self.lower.get() | group);
        code.step(self.count, 1);
    }
}

/// `(ptr, end, out) -> i32`: is it an IPv6 address; writes it to the fact at `out`.
pub(super) fn grouped(assembly: &mut Assembly) -> Function {
    let dotted = assembly.routine(Routine::DottedAddress);
    let mut code = Code::new();
    let [ptr, end, out]: [Var<I32>; 3] = std::array::from_fn(|_| code.param());
    let groups = Groups {
        ptr,
        end,
        count: code.local(),
        gap: code.let_(i32_const(-1)),
        after_gap: code.local(),
        upper: code.local(),
        lower: code.local(),
    };
    let head: [Var<I64>; 2] = std::array::from_fn(|_| code.local());
    code.repeat_while(Bound::Bytes(1), groups.goes_on(), |code| {
        let double = groups.is(0, b':') & groups.is(1, b':');
        code.when_else(
            double,
            |code| {
                code.give_if(groups.gap.get().differs(i32_const(-1)), i32_const(0));
                code.set(groups.gap, groups.count.get());
                code.set(groups.after_gap, i32_const(1));
                code.step(ptr, 2);
                for (kept, since) in head.iter().zip([groups.upper, groups.lower]) {
                    code.set(*kept, since.get());
                    code.set(since, i64_const(0));
                }
            },
            |code| {
                separator(code, groups);
                code.set(groups.after_gap, i32_const(0));
                group(code, groups, dotted);
            },
        );
    });
    let has_gap = groups.gap.get().differs(i32_const(-1));
    // `::` stands for one group at least.
    let most = i32_const(8) - has_gap.clone();
    code.give_if(groups.count.get().above(most), i32_const(0));
    let short = groups.count.get().below(i32_const(8));
    code.give_if(has_gap.eqz() & short, i32_const(0));
    // The groups before `::` move to the front.
    let moves = code.let_(i32_const(8) - groups.gap.get());
    code.repeat_while(Bound::Times(9), moves.get().differs(i32_const(0)), |code| {
        groups.shift(code, head);
        code.step(moves, -1);
    });
    for ((offset, since), kept) in [(UPPER, groups.upper), (LOWER, groups.lower)].iter().zip(head) {
        code.store_u64(out.get(), *offset, since.get() | kept.get());
    }
    code.result(i32_const(1))
}

/// One colon between groups, and none before the first or behind `::`.
fn separator(code: &mut Code, groups: Groups) {
    let expected = groups.count.get().differs(i32_const(0)) & groups.after_gap.get().eqz();
    let there = code.let_(groups.is(0, b':'));
    code.give_if(there.get().differs(expected), i32_const(0));
    code.set(groups.ptr, groups.ptr.get() + there.get());
}

/// One to four hexadecimal digits, or at the end an IPv4 address, which is two groups.
fn group(code: &mut Code, groups: Groups, dotted: FunctionId) {
    let start = code.let_(groups.ptr.get());
    let number = code.let_(i64_const(0));
    let digit = code.let_(i32_const(0));
    let left = code.let_(i32_const(4));
    let inside = groups.goes_on() & left.get().differs(i32_const(0));
    code.repeat_while(Bound::Times(4), inside, |code| {
        code.set(digit, groups.ptr.get().load_u8(0) - byte(b'0'));
        // Letters of either case follow ten.
        code.when(digit.get().above(i32_const(9)), |code| {
            let letter = (groups.ptr.get().load_u8(0) | i32_const(0x20)) - byte(b'a');
            let letter = code.let_(letter);
            code.when(letter.get().above(i32_const(5)), Code::leave);
            code.set(digit, letter.get() + i32_const(10));
        });
        code.set(number, number.get().shift_left(i64_const(4)) | digit.get().extend());
        code.step(groups.ptr, 1);
        code.step(left, -1);
    });
    code.give_if(left.get().equals(i32_const(4)), i32_const(0));
    code.when_else(
        groups.is(0, b'.'),
        |code| {
            let arguments = vec![start.get().expr(), groups.end.get().expr()];
            code.set(number, I64::call(dotted, arguments));
            code.give_if(number.get().less_signed(i64_const(0)), i32_const(0));
            groups.push(code, number.get().shift_right(i64_const(16)));
            groups.push(code, number.get() & i64_const(0xFFFF));
            code.set(groups.ptr, groups.end.get());
        },
        |code| groups.push(code, number.get()),
    );
}

/// `(fact, table) -> i32`: is the address in one of the networks.
///
/// A table is `u32` count of IPv4 ranges, `u32` count of IPv6 ranges, then of each IPv4 range
/// `u32` first, `u32` last, then of each IPv6 range `u64` × 2 first, `u64` × 2 last, upper halves
/// first. Ranges of a family ascend and do not touch.
pub(super) fn networks() -> Function {
    let mut code = Code::new();
    let [fact, table]: [Var<I32>; 2] = std::array::from_fn(|_| code.param());
    let four = code.let_(table.get().load_u32(0));
    let first = code.let_(table.get() + i32_const(8));
    let is = |family| fact.get().load_u32(0).equals(i32_const(family));
    code.when(is(4), |code| {
        let address = || fact.get().load_u64(LOWER).low();
        let range = bisect(code, first, four.get(), 3, |range| range.load_u32(4).below(address()));
        let end = first.get() + four.get().shift_left(i32_const(3));
        let begun = range.get().load_u32(0).below_or_equal(address());
        code.give(range.get().below(end).and_then(begun));
    });
    code.when(is(6), |code| {
        let six = code.let_(table.get().load_u32(4));
        code.set(first, first.get() + four.get().shift_left(i32_const(3)));
        let address = || [UPPER, LOWER].map(|half| fact.get().load_u64(half));
        let range = bisect(code, first, six.get(), 5, |range| {
            below([16, 24].map(|half| range.clone().load_u64(half)), address())
        });
        let end = first.get() + six.get().shift_left(i32_const(5));
        let start = || [0, 8].map(|half| range.get().load_u64(half));
        code.give(range.get().below(end).and_then(below(address(), start()).eqz()));
    });
    code.result(i32_const(0))
}

/// The first of `count` rows of `2^shift` bytes that is not `before`.
fn bisect(
    code: &mut Code,
    first: Var<I32>,
    count: I32,
    shift: i32,
    before: impl Fn(I32) -> I32,
) -> Var<I32> {
    let low = code.let_(i32_const(0));
    let high = code.let_(count);
    let middle = code.let_(i32_const(0));
    code.repeat_while(Bound::Times(HALVINGS), low.get().below(high.get()), |code| {
        code.set(middle, (low.get() + high.get()).shift_right(i32_const(1)));
        let row = first.get() + middle.get().shift_left(i32_const(shift));
        code.when_else(
            before(row),
            |code| code.set(low, middle.get() + i32_const(1)),
            |code| code.set(high, middle.get()),
        );
    });
    code.let_(first.get() + low.get().shift_left(i32_const(shift)))
}

/// Is one number of 128 bits below another.
fn below([upper, lower]: [I64; 2], [other_upper, other_lower]: [I64; 2]) -> I32 {
    let same = upper.clone().equals(other_upper.clone());
    upper.below(other_upper) | (same & lower.below(other_lower))
}
