//! Versions: SemVer 2.0 precedence, by the grammars of `docs/flag-language.md`.
//!
//! `bind` reads a version once into a fact of 48 bytes:
//!
//! | offset | size | field |
//! |--:|--:|---|
//! | 0 | 4 | 1 if it is a version |
//! | 4 | 4 | bytes of its pre-release |
//! | 8 | 8 | its key |
//! | 16 | 24 | major, minor, patch |
//! | 40 | 4 | address of its pre-release |
//!
//! The key is 21 bits of each number (a larger one counts as the largest) and a bit that is set in
//! a release: it stands to the key of a release of smaller numbers as the version to the release.

use crate::emit::assembly::Assembly;
use crate::emit::code::{
    Bound, Code, Function, FunctionId, I32, I64, Var, Wasm, byte, i32_const, i64_const,
};
use crate::program::Version;

use super::Routine;
use super::text::short_word;

const LESS: i32 = 0;
const EQUAL: i32 = 1;
const GREATER: i32 = 2;

/// Bit of a dialect: no leading `v`.
const NO_V: i32 = 1;
/// Bit of a dialect: major, minor and patch have to be there.
const ALL_PARTS: i32 = 2;

/// Fields of a fact.
pub(in crate::emit) mod fact {
    pub(crate) const PRERELEASE_LEN: u32 = 4;
    pub(crate) const KEY: u32 = 8;
    pub(crate) const NUMBERS: u32 = 16;
    pub(crate) const PRERELEASE: u32 = 40;
}

/// A number in a key is at most this.
const PART_MAX: u64 = (1 << 21) - 1;

/// The key of a release whose numbers are small enough to be told apart by it.
pub(in crate::emit) fn key(version: &Version) -> Option<u64> {
    let small = version.numbers.iter().all(|number| *number < PART_MAX);
    let [major, minor, patch] = version.numbers;
    let key = major << 43 | minor << 22 | patch << 1 | 1;
    (small && version.prerelease.is_empty()).then_some(key)
}

/// An operand: major, minor, patch as `u64`, then the length of the pre-release, zero, its bytes.
pub(in crate::emit) fn operand(version: &Version) -> Vec<u8> {
    let mut bytes: Vec<u8> = version.numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    bytes.extend_from_slice(&(version.prerelease.len() as u64).to_le_bytes());
    bytes.extend_from_slice(version.prerelease.as_bytes());
    bytes
}

/// `(ptr, len, dialect, out) -> i32`: reads a whole version into the fact at `out`, all but its
/// first word; 1 if it is one.
pub(super) fn read(assembly: &mut Assembly) -> Function {
    let identifiers = assembly.routine(Routine::VersionIdentifiers);
    let short = assembly.routine(Routine::VersionShort);
    let mut code = Code::new();
    let [ptr, len, dialect, out]: [Var<I32>; 4] = std::array::from_fn(|_| code.param());
    code.when(len.get().below(i32_const(8)), |code| {
        let shift = len.get().shift_left(i32_const(3)).extend();
        let end = i64_const(END).shift_left(shift);
        let word = short_word(ptr.get(), len.get()) | end;
        let arguments = vec![word.expr(), out.get().expr()];
        code.give_if(I32::call(short, arguments), i32_const(1));
    });
    let end = code.let_(ptr.get() + len.get());
    let may_have_v = (dialect.get() & i32_const(NO_V)).eqz();
    code.when(may_have_v, |code| skip_v(code, ptr, end));
    let key: Var<I64> = code.local();
    for part in 0..3 {
        let number = code.local::<I64>();
        numeric_part(&mut code, part, ptr, end, dialect, number);
        code.store_u64(out.get(), fact::NUMBERS + 8 * part, number.get());
        let most = || i64_const(PART_MAX);
        let part = I64::select(number.get().below(most()), number.get(), most());
        code.set(key, key.get().shift_left(i64_const(21)) | part);
    }
    let start = code.let_(i32_const(0));
    let stop = code.let_(i32_const(0));
    suffix(&mut code, b'-', identifiers, ptr, end, true, Some((start, stop)));
    suffix(&mut code, b'+', identifiers, ptr, end, false, None);
    code.give_if(ptr.get().differs(end.get()), i32_const(0));
    let release = start.get().equals(stop.get()).extend();
    code.store_u64(out.get(), fact::KEY, key.get().shift_left(i64_const(1)) | release);
    code.store_u32(out.get(), fact::PRERELEASE_LEN, stop.get() - start.get());
    code.store_u32(out.get(), fact::PRERELEASE, start.get());
    code.result(i32_const(1))
}

/// A byte that stands behind the bytes of a short version: none that a version can have.
const END: u64 = 1;

/// `(word: i64, out) -> i32`: reads a version of three numbers of one or two digits and nothing
/// else, whose bytes are in the word, with [`END`] behind them; 0 when it is something else, which
/// may be a version all the same.
pub(super) fn short() -> Function {
    let mut code = Code::new();
    let word: Var<I64> = code.param();
    let out: Var<I32> = code.param();
    let [key, number]: [Var<I64>; 2] = std::array::from_fn(|_| code.local());
    let byte_of = |character: u8| i64_const(u64::from(character));
    let next = || word.get() & i64_const(0xff);
    let digit = || next() - byte_of(b'0');
    let step = |code: &mut Code| code.set(word, word.get().shift_right(i64_const(8)));
    for part in 0..3 {
        code.set(number, digit());
        code.give_if(number.get().above(i64_const(9)), i32_const(0));
        step(&mut code);
        code.when(digit().below(i64_const(10)), |code| {
            // A leading zero.
            code.give_if(number.get().eqz(), i32_const(0));
            code.set(number, number.get() * i64_const(10) + digit());
            step(code);
        });
        code.store_u64(out.get(), fact::NUMBERS + 8 * part, number.get());
        code.set(key, key.get().shift_left(i64_const(21)) | number.get());
        if part < 2 {
            code.give_if(next().equals(byte_of(b'.')).eqz(), i32_const(0));
            step(&mut code);
        }
    }
    code.give_if(word.get().equals(i64_const(END)).eqz(), i32_const(0));
    code.store_u64(out.get(), fact::KEY, key.get().shift_left(i64_const(1)) | i64_const(1));
    code.store_u32(out.get(), fact::PRERELEASE_LEN, i32_const(0));
    code.store_u32(out.get(), fact::PRERELEASE, i32_const(0));
    code.result(i32_const(1))
}

/// `(fact, operand) -> i32`: 0 less, 1 equal, 2 greater.
pub(super) fn compare(assembly: &mut Assembly) -> Function {
    let prerelease = assembly.routine(Routine::VersionPrerelease);
    let mut code = Code::new();
    let version: Var<I32> = code.param();
    let operand: Var<I32> = code.param();
    for part in 0..3 {
        let ours = version.get().load_u64(fact::NUMBERS + 8 * part);
        let theirs = operand.get().load_u64(8 * part);
        code.give_if(ours.clone().below(theirs.clone()), i32_const(LESS));
        code.give_if(ours.above(theirs), i32_const(GREATER));
    }
    let start = version.get().load_u32(fact::PRERELEASE);
    let stop = start.clone() + version.get().load_u32(fact::PRERELEASE_LEN);
    let their_start = operand.get() + i32_const(32);
    let their_stop = their_start.clone() + operand.get().load_u32(24);
    let arguments = [start, stop, their_start, their_stop].map(I32::expr).to_vec();
    code.result(I32::call(prerelease, arguments))
}

fn skip_v(code: &mut Code, ptr: Var<I32>, end: Var<I32>) {
    let is_v = (ptr.get().load_u8(0) | i32_const(0x20)).equals(byte(b'v'));
    code.when(ptr.get().below(end.get()).and_then(is_v), |code| code.step(ptr, 1));
}

/// The first part is there; a later one is there if a dot is.
fn numeric_part(
    code: &mut Code,
    part: u32,
    ptr: Var<I32>,
    end: Var<I32>,
    dialect: Var<I32>,
    number: Var<I64>,
) {
    if part == 0 {
        digits(code, ptr, end, number);
        return;
    }
    let dot = ptr.get().below(end.get()).and_then(ptr.get().load_u8(0).equals(byte(b'.')));
    code.when_else(
        dot,
        |code| {
            code.step(ptr, 1);
            digits(code, ptr, end, number);
        },
        |code| code.give_if(dialect.get() & i32_const(ALL_PARTS), i32_const(0)),
    );
}

/// Digits without a leading zero, at most `u64::MAX`, into `number`.
fn digits(code: &mut Code, ptr: Var<I32>, end: Var<I32>, number: Var<I64>) {
    let start = code.let_(ptr.get());
    let digit = code.local::<I32>();
    let not_a_version = i32_const(0);
    code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()), |code| {
        code.set(digit, ptr.get().load_u8(0) - byte(b'0'));
        code.when(digit.get().above(i32_const(9)), Code::leave);
        // u64::MAX is 1844674407370955161 tens and 5 ones.
        let tens = i64_const(u64::MAX / 10);
        let full = number.get().equals(tens.clone()) & digit.get().above(i32_const(5));
        code.give_if(number.get().above(tens) | full, not_a_version.clone());
        code.set(number, number.get() * i64_const(10) + digit.get().extend());
        code.step(ptr, 1);
    });
    let count = code.let_(ptr.get() - start.get());
    code.give_if(count.get().eqz(), not_a_version.clone());
    let several = count.get().above(i32_const(1));
    let leading_zero = several.and_then(start.get().load_u8(0).equals(byte(b'0')));
    code.give_if(leading_zero, not_a_version);
}

/// `-PRE` or `+BUILD` if there; `kept` gets its range.
fn suffix(
    code: &mut Code,
    lead: u8,
    identifiers: FunctionId,
    ptr: Var<I32>,
    end: Var<I32>,
    strict: bool,
    kept: Option<(Var<I32>, Var<I32>)>,
) {
    let there = ptr.get().below(end.get()).and_then(ptr.get().load_u8(0).equals(byte(lead)));
    code.when(there, |code| {
        code.step(ptr, 1);
        let arguments = [ptr.get(), end.get(), i32_const(i32::from(strict))];
        let stop = code.let_(I32::call(identifiers, arguments.map(I32::expr).to_vec()));
        code.give_if(stop.get().eqz(), i32_const(0));
        if let Some((from, to)) = kept {
            code.set(from, ptr.get());
            code.set(to, stop.get());
        }
        code.set(ptr, stop.get());
    });
}

/// `(ptr, end, strict) -> i32`: dot-separated, non-empty identifiers; if `strict`, numeric ones
/// have no leading zero. Stops before `+` or at the end.
pub(super) fn identifiers() -> Function {
    let mut code = Code::new();
    let ptr: Var<I32> = code.param();
    let end: Var<I32> = code.param();
    let strict: Var<I32> = code.param();
    let start = code.let_(ptr.get());
    let numeric = code.let_(i32_const(1));
    let current = code.local::<I32>();
    code.repeat_while(Bound::Bytes(1), ptr.get().below(end.get()), |code| {
        code.set(current, ptr.get().load_u8(0));
        code.when(current.get().equals(byte(b'+')), Code::leave);
        code.when_else(
            current.get().equals(byte(b'.')),
            |code| {
                code.give_if(malformed(ptr, start, strict, numeric), i32_const(0));
                code.set(start, ptr.get() + i32_const(1));
                code.set(numeric, i32_const(1));
            },
            |code| {
                let digit = (current.get() - byte(b'0')).below(i32_const(10));
                let letter = ((current.get() | i32_const(0x20)) - byte(b'a')).below(i32_const(26));
                let hyphen = current.get().equals(byte(b'-'));
                code.give_if((digit.clone() | letter | hyphen).eqz(), i32_const(0));
                code.set(numeric, numeric.get() & digit);
            },
        );
        code.step(ptr, 1);
    });
    code.give_if(malformed(ptr, start, strict, numeric), i32_const(0));
    code.result(ptr.get())
}

/// The identifier from `start` to `ptr` is empty, or numeric with a leading zero and `strict`.
fn malformed(ptr: Var<I32>, start: Var<I32>, strict: Var<I32>, numeric: Var<I32>) -> I32 {
    let len = || ptr.get() - start.get();
    let several = strict.get() & numeric.get() & len().above(i32_const(1));
    let leading_zero = several.and_then(start.get().load_u8(0).equals(byte(b'0')));
    len().eqz().or_else(leading_zero)
}

/// `(a, a_end, b, b_end) -> i32`: precedence of two pre-releases; an empty one is a release.
pub(super) fn prerelease() -> Function {
    let mut code = Code::new();
    let [a, a_end, b, b_end]: [Var<I32>; 4] = std::array::from_fn(|_| code.param());
    let a_empty = code.let_(a.get().equals(a_end.get()));
    let b_empty = code.let_(b.get().equals(b_end.get()));
    let release = a_empty.get() | b_empty.get();
    code.give_if(release, i32_const(EQUAL) + a_empty.get() - b_empty.get());
    let [a_next, b_next, a_numeric, b_numeric]: [Var<I32>; 4] =
        std::array::from_fn(|_| code.local());
    code.repeat_while(
        Bound::Constants(1),
        a.get().below(a_end.get()) & b.get().below(b_end.get()),
        |code| {
            identifier(code, a, a_end, a_next, a_numeric);
            identifier(code, b, b_end, b_next, b_numeric);
            // Numeric identifiers have lower precedence than others.
            let mixed = a_numeric.get().differs(b_numeric.get());
            code.give_if(mixed, I32::choose(a_numeric.get(), i32_const(LESS), i32_const(GREATER)));
            let lengths = [a_next.get() - a.get(), b_next.get() - b.get()];
            let [a_len, b_len] = lengths.map(|len| code.let_(len));
            // Without leading zeros a longer number is a larger one.
            let longer = a_numeric.get() & a_len.get().differs(b_len.get());
            code.give_if(longer, from_order(a_len.get(), b_len.get()));
            bytes(code, a, a_next, b, b_next);
            code.give_if(a_len.get().differs(b_len.get()), from_order(a_len.get(), b_len.get()));
            code.set(a, a_next.get() + i32_const(1));
            code.set(b, b_next.get() + i32_const(1));
        },
    );
    let a_more = a.get().below(a_end.get());
    let b_more = b.get().below(b_end.get());
    code.result(i32_const(EQUAL) + a_more - b_more)
}

/// The end of the identifier at `ptr`, and whether it is all digits.
fn identifier(code: &mut Code, ptr: Var<I32>, end: Var<I32>, next: Var<I32>, numeric: Var<I32>) {
    code.set(next, ptr.get());
    code.set(numeric, i32_const(1));
    let inside = next.get().below(end.get());
    code.repeat_while(
        Bound::Bytes(1),
        inside.and_then(next.get().load_u8(0).differs(byte(b'.'))),
        |code| {
            let digit = (next.get().load_u8(0) - byte(b'0')).below(i32_const(10));
            code.set(numeric, numeric.get() & digit);
            code.step(next, 1);
        },
    );
}

/// Returns the order of the first different byte of two identifiers' common length.
fn bytes(code: &mut Code, a: Var<I32>, a_end: Var<I32>, b: Var<I32>, b_end: Var<I32>) {
    let left = code.let_(a.get());
    let right = code.let_(b.get());
    code.repeat_while(
        Bound::Constants(1),
        left.get().below(a_end.get()) & right.get().below(b_end.get()),
        |code| {
            let [x, y] = [left, right].map(|ptr| ptr.get().load_u8(0));
            code.give_if(x.clone().differs(y.clone()), from_order(x, y));
            code.step(left, 1);
            code.step(right, 1);
        },
    );
}

/// LESS or GREATER of two different numbers.
fn from_order(a: I32, b: I32) -> I32 {
    I32::choose(a.below(b), i32_const(LESS), i32_const(GREATER))
}
