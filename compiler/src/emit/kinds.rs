//! Kinds → functions `(ctx, record) -> i32`, or `-> i64` for hashes: the questions that flags ask.
//!
//! In: a kind. Out: its code, which takes every constant from the record at `record` and every
//! attribute from the context record at `ctx`. Code of a kind is emitted once per module, however
//! many flags ask it.

mod boolean;
mod bucket;
mod list;
mod number;
mod reference;
mod text;
mod time;
mod version;

use vexil_abi::record::{SLOT_LEN, SLOT_PAYLOAD, SLOT_TAG, tag};

pub(super) use bucket::native;

use super::assembly::Assembly;
use super::code::{Code, F64, Function, I32, I64, Var, i32_const};
use crate::image::Kind;

/// A question under construction: where its record and its context are.
#[derive(Clone, Copy)]
pub(super) struct Question {
    pub(super) ctx: Var<I32>,
    pub(super) record: Var<I32>,
}

impl Question {
    /// Word number `index` of the record.
    pub(super) fn word(self, index: u32) -> I32 {
        self.record.get().load_u32(4 * index)
    }

    /// Two words of the record, beginning with an even one.
    fn long(self, index: u32) -> I64 {
        self.record.get().load_u64(4 * index)
    }

    /// Two words of the record as a double.
    fn double(self, index: u32) -> F64 {
        self.record.get().load_f64(4 * index)
    }

    /// Address of the slot or fact that the first word names.
    fn subject(self, code: &mut Code) -> Slot {
        Slot { ctx: self.ctx, at: code.let_(self.ctx.get() + self.word(0)) }
    }
}

/// A slot: in the context record, or an element of a list.
#[derive(Clone, Copy)]
struct Slot {
    ctx: Var<I32>,
    at: Var<I32>,
}

impl Slot {
    fn tag(self) -> I32 {
        self.at.get().load_u32(SLOT_TAG)
    }

    fn is(self, kind: u32) -> I32 {
        self.tag().equals(i32_const(kind as i32))
    }

    fn len(self) -> I32 {
        self.at.get().load_u32(SLOT_LEN)
    }

    /// Address of a string's bytes or a list's elements.
    fn ptr(self) -> I32 {
        self.ctx.get() + self.at.get().load_u32(SLOT_PAYLOAD)
    }

    fn number(self) -> F64 {
        self.at.get().load_f64(SLOT_PAYLOAD)
    }

    fn boolean(self) -> I32 {
        self.at.get().load_u32(SLOT_PAYLOAD)
    }

    fn is_string(self) -> I32 {
        self.is(tag::STRING)
    }

    fn is_number(self) -> I32 {
        self.is(tag::NUMBER)
    }
}

/// The function of a kind.
pub(super) fn function(kind: Kind, assembly: &mut Assembly) -> Function {
    let mut code = Code::new();
    let question = Question { ctx: code.param(), record: code.param() };
    if kind.is_hash() {
        let number = number_of(kind, &mut code, question);
        return code.result(number);
    }
    let holds = answer(kind, assembly, &mut code, question);
    code.result(holds)
}

/// The answer to a question; what comes before it never returns.
pub(super) fn answer(
    kind: Kind,
    assembly: &mut Assembly,
    code: &mut Code,
    question: Question,
) -> I32 {
    match kind {
        Kind::Exists => boolean::exists(code, question),
        Kind::IsList => boolean::is_list(code, question),
        Kind::IsBoolean => boolean::is_boolean(code, question),
        Kind::TextIs => text::is_short(code, question),
        Kind::LongTextIs => text::is_long(assembly, code, question),
        Kind::TextIn => text::is_in(assembly, code, question, text::Case::Kept),
        Kind::LowerTextIn => text::is_in(assembly, code, question, text::Case::Lowered),
        Kind::NumberIs => number::is(code, question),
        Kind::NumberIn => number::is_in(assembly, code, question),
        Kind::Less => number::ordered(code, question, F64::less),
        Kind::LessOrEqual => number::ordered(code, question, F64::less_or_equal),
        Kind::Greater => number::ordered(code, question, F64::greater),
        Kind::GreaterOrEqual => number::ordered(code, question, F64::greater_or_equal),
        Kind::Between => number::between(code, question),
        Kind::Starts => text::starts(assembly, code, question),
        Kind::Ends => text::ends(assembly, code, question),
        Kind::Contains => text::contains(assembly, code, question),
        Kind::StartsAny | Kind::EndsAny | Kind::ContainsAny => {
            text::any(assembly, code, question, kind, text::Case::Kept)
        }
        Kind::LowerStartsAny | Kind::LowerEndsAny | Kind::LowerContainsAny => {
            text::any(assembly, code, question, kind, text::Case::Lowered)
        }
        Kind::ListAny => list::any(assembly, code, question, text::Case::Kept),
        Kind::LowerListAny => list::any(assembly, code, question, text::Case::Lowered),
        Kind::Version => version::release(code, question),
        Kind::FullVersion => version::full(assembly, code, question),
        Kind::Before => time::ordered(code, question, F64::less),
        Kind::After => time::ordered(code, question, F64::greater),
        Kind::Bucket => bucket::in_range(code, question),
        Kind::Segment => reference::segment(code, question),
        Kind::FlagIs => reference::flag(assembly, code, question),
        Kind::Native => i32_const(0),
    }
}

/// The number of a unit, or -1 without one.
fn number_of(kind: Kind, code: &mut Code, question: Question) -> I64 {
    debug_assert!(kind.is_hash(), "{}", kind.name());
    bucket::native(code, question)
}
