//! Batches: one loop over all records of a kind, or over all flags of a shape.
//!
//! In: a kind or a structure. Out: `(ctx, first, end, to)`. `evaluate_all` first answers the
//! questions of batched kinds, each once however many flags ask it, into one byte each; then flags
//! of a shape combine those bytes without a branch, so that what differs from flag to flag cannot
//! be mispredicted. Kinds and shapes that too few flags share are left out, and such flags are
//! decided one by one.

use super::Emitter;
use super::code::{Bound, Code, FunctionId, I32, I64, Var, Wasm, i32_const, i64_const};
use super::kinds::{self, Question};
use super::routine::Routine;
use super::shape::{question_offset, threshold_offset};
use super::structure::{Arms, Condition, Gives, Structure};
use crate::image::{Kind, header};

/// Fewer flags of a shape are decided one by one.
pub(super) const SHARED_BY: usize = 8;
/// Larger bodies are decided by branches after all.
const MAX_QUESTIONS: u32 = 64;
/// More arms are walked by a loop.
const MAX_ARMS: u32 = 8;

/// Can flags of this structure be combined from bytes?
pub(super) fn is_batchable(structure: &Structure) -> bool {
    let conditions = structure.rules.iter().map(|(condition, _)| condition);
    let gives = structure.rules.iter().map(|(_, gives)| gives).chain([&structure.last]);
    structure.gates.is_empty()
        && structure.questions <= MAX_QUESTIONS
        && conditions.into_iter().all(|condition| condition.asks_only(&is_column))
        && gives.into_iter().all(|gives| match gives {
            Gives::Answer(_) => true,
            Gives::Split(arms) => arms.kind == Kind::Native && arms.count <= MAX_ARMS,
        })
}

/// Flags are decided after all columns, so that nothing asks for one in a column.
fn is_column(kind: Kind) -> bool {
    !matches!(kind, Kind::FlagIs) && !kind.is_hash()
}

/// The kinds whose bytes a structure reads.
pub(super) fn columns(structure: &Structure) -> Vec<(Kind, u32)> {
    let mut found = Vec::new();
    structure.rules.iter().for_each(|(condition, _)| asked(condition, &mut found));
    found
}

fn asked(condition: &Condition, found: &mut Vec<(Kind, u32)>) {
    match condition {
        Condition::Const(_) => {}
        Condition::Not(inner) => asked(inner, found),
        Condition::All(inner) | Condition::Any(inner) => {
            inner.iter().for_each(|one| asked(one, found));
        }
        Condition::Ask(kind, question) => found.push((*kind, *question)),
    }
}

/// A batch under construction.
#[derive(Clone, Copy)]
struct Run {
    ctx: Var<I32>,
    record: Var<I32>,
    end: Var<I32>,
    to: Var<I32>,
}

impl Run {
    fn of(code: &mut Code) -> Self {
        Self { ctx: code.param(), record: code.param(), end: code.param(), to: code.param() }
    }

    fn goes_on(self) -> I32 {
        self.record.get().below(self.end.get())
    }
}

impl Emitter<'_> {
    /// Answers records of a kind, one byte each.
    pub(super) fn column(&mut self, kind: Kind) -> FunctionId {
        let mut code = Code::new();
        let run = Run::of(&mut code);
        code.repeat_while(Bound::Constants(u64::from(kind.bytes())), run.goes_on(), |code| {
            let question = Question { ctx: run.ctx, record: run.record };
            let holds = kinds::answer(kind, &mut self.assembly, code, question);
            code.store_u8(run.to.get(), holds);
            code.step(run.to, 1);
            code.step(run.record, kind.bytes() as i32);
        });
        self.assembly.add(code.done())
    }

    /// Decides flags of a structure; `batched` are the kinds that have columns, in their order.
    pub(super) fn flags(
        &mut self,
        structure: &Structure,
        answers: u32,
        batched: &[Kind],
    ) -> FunctionId {
        let mut code = Code::new();
        let run = Run::of(&mut code);
        let shape = run.record.get().load_u32(0);
        let verdicts = code.let_(shape.load_u32(4));
        let mut bases: Vec<(Kind, Var<I32>)> = Vec::new();
        for (kind, _) in columns(structure) {
            if bases.iter().all(|(known, _)| *known != kind) {
                let place = batched.iter().position(|one| *one == kind).unwrap_or(0) as u32;
                let base = i32_const(0).load_u32(header::ANSWERS + 4 * place);
                bases.push((kind, code.let_(base)));
            }
        }
        let thresholds = thresholds(structure);
        let variants = threshold_offset(structure.questions, thresholds);
        let bytes = variants + answers.next_multiple_of(8);
        code.repeat_while(Bound::Constants(u64::from(bytes)), run.goes_on(), |code| {
            let answer = combined(code, run, structure, &bases);
            let verdict = (verdicts.get() + answer.get().shift_left(i32_const(3))).load_u64(0);
            let variant = (run.record.get() + answer.get()).load_u8_long(variants);
            let place = run.record.get().load_u32(4).shift_left(i32_const(3));
            code.store_u64(run.to.get() + place, 0, verdict | variant);
            code.step(run.record, bytes as i32);
        });
        self.assembly.add(code.done())
    }

    /// Decides the flags whose numbers stand from `first` to `end`, one by one.
    pub(super) fn each(&mut self) -> FunctionId {
        let verdict = self.assembly.routine(Routine::FlagVerdict);
        let mut code = Code::new();
        let run = Run::of(&mut code);
        code.repeat_while(Bound::Constants(4), run.goes_on(), |code| {
            let flag = code.let_(run.record.get().load_u32(0));
            let arguments = [run.ctx.get(), flag.get()].map(I32::expr).to_vec();
            let place = run.to.get() + flag.get().shift_left(i32_const(3));
            code.store_u64(place, 0, I64::call(verdict, arguments));
            code.step(run.record, 4);
        });
        self.assembly.add(code.done())
    }
}

/// How many thresholds a structure has.
pub(super) fn thresholds(structure: &Structure) -> u32 {
    let gives = structure.rules.iter().map(|(_, gives)| gives).chain([&structure.last]);
    gives
        .map(|gives| match gives {
            Gives::Answer(_) => 0,
            Gives::Split(arms) => arms.count.saturating_sub(1),
        })
        .sum()
}

/// The answer: from the last rule to the first, each puts its own in place if it holds.
fn combined(
    code: &mut Code,
    run: Run,
    structure: &Structure,
    bases: &[(Kind, Var<I32>)],
) -> Var<I32> {
    let answer = match &structure.last {
        Gives::Answer(number) => code.let_(i32_const(*number as i32)),
        Gives::Split(arms) => {
            let missing = i32_const(arms.missing.unwrap_or(arms.first) as i32);
            let given = split(code, run, structure, arms, missing);
            code.let_(given)
        }
    };
    for (condition, gives) in structure.rules.iter().rev() {
        let given = match gives {
            Gives::Answer(number) => i32_const(*number as i32),
            Gives::Split(arms) => {
                let missing = arms.missing.map(|number| i32_const(number as i32));
                split(code, run, structure, arms, missing.unwrap_or_else(|| answer.get()))
            }
        };
        let holds = holds(run, condition, bases);
        code.set(answer, I32::select(holds, given, answer.get()));
    }
    answer
}

fn split(code: &mut Code, run: Run, structure: &Structure, arms: &Arms, missing: I32) -> I32 {
    let record = code.let_(run.record.get().load_u32(question_offset(arms.question)));
    let number = kinds::native(code, Question { ctx: run.ctx, record });
    let number = code.let_(number);
    let chosen = (1..arms.count).fold(i32_const(arms.first as i32), |sum, next| {
        let offset = threshold_offset(structure.questions, arms.threshold + next - 1);
        sum + number.get().not_below(run.record.get().load_u64(offset))
    });
    I32::select(number.get().less_signed(i64_const(0)), missing, chosen)
}

/// 1 or 0, from the bytes of the questions.
fn holds(run: Run, condition: &Condition, bases: &[(Kind, Var<I32>)]) -> I32 {
    match condition {
        Condition::Const(value) => i32_const(i32::from(*value)),
        Condition::Not(inner) => holds(run, inner, bases).eqz(),
        Condition::All(inner) => {
            let held = inner.iter().map(|one| holds(run, one, bases));
            held.reduce(|left, right| left & right).unwrap_or_else(|| i32_const(1))
        }
        Condition::Any(inner) => {
            let held = inner.iter().map(|one| holds(run, one, bases));
            held.reduce(|left, right| left | right).unwrap_or_else(|| i32_const(0))
        }
        Condition::Ask(kind, question) => {
            let record = run.record.get().load_u32(question_offset(*question));
            let number = record.shift_right(i32_const(kind.bytes().trailing_zeros() as i32));
            let base = bases.iter().find(|(known, _)| known == kind);
            let base = base.map_or_else(|| i32_const(0), |(_, base)| base.get());
            (number + base).load_u8(0)
        }
    }
}
