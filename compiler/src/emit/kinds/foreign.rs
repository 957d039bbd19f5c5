//! Buckets of other systems: a hash of the unit, reduced.
//!
//! Word 1 is the hash's layout, word 2 the reciprocal of the number of buckets, or 0 to scale, word
//! 3 their number (see `emit/routine/reduce.rs`). Digests of 60 bits are not reduced.

use super::Question;
use crate::emit::assembly::Assembly;
use crate::emit::code::{Code, I32, I64, Wasm, i64_const};
use crate::emit::routine::Routine;
use crate::image::Kind;

/// The number of a unit, or -1 without one. `kind` is one of the hashes.
pub(super) fn number(
    assembly: &mut Assembly,
    code: &mut Code,
    question: Question,
    kind: Kind,
) -> I64 {
    let unit = question.subject(code);
    let number = code.let_(i64_const(u64::MAX));
    let arguments = [unit.tag(), unit.len(), question.word(1)].map(I32::expr).to_vec();
    let value = if kind == Kind::Sha1 {
        I64::call(assembly.routine(Routine::Sha1), arguments)
    } else {
        let hash = I32::call(assembly.routine(routine_of(kind)), arguments);
        let reduced = [hash, question.word(2), question.word(3)].map(I32::expr).to_vec();
        I32::call(assembly.routine(Routine::Reduce), reduced).extend()
    };
    code.when(unit.tag(), |code| code.set(number, value));
    number.get()
}

/// Words 4 and 5: the first number inside, words 6 and 7: how many are.
pub(super) fn in_range(
    assembly: &mut Assembly,
    code: &mut Code,
    question: Question,
    hash: Kind,
) -> I32 {
    let number = number(assembly, code, question, hash);
    // first <= n < first + width, as one unsigned comparison; -1 is beyond every range.
    (number - question.long(4)).below(question.long(6))
}

fn routine_of(kind: Kind) -> Routine {
    match kind {
        Kind::Murmur => Routine::Murmur,
        Kind::MurmurLatin1 => Routine::MurmurLatin1,
        Kind::Fnv => Routine::Fnv,
        Kind::FnvWide => Routine::FnvWide,
        _ => Routine::Md5,
    }
}
