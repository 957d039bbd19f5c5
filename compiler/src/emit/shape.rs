//! Shapes: a function for each structure of a flag's body or a segment's condition.
//!
//! In: a structure. Out: `(ctx, record) -> i32`: the number of the answer of a flag, or 1 or 0 of
//! a segment. The record holds the constants; see `image`.

use super::Emitter;
use super::code::{Code, FunctionId, I32, I64, Var, Wasm, i32_const, i64_const};
use super::routine::Routine;
use super::structure::{Arms, Condition, Gives, Structure};
use crate::image::{Kind, RECORD_HEADER};

/// Conditions with more nodes become functions of their own.
const IN_PLACE_NODES: usize = 96;
/// More children of one `all` or `any` are cut into groups.
const GROUP: usize = 24;
/// Rules of more weight than this together are cut into a chain of functions.
const CHAIN_WEIGHT: usize = 640;
/// More thresholds than this are walked by a loop.
const IN_PLACE_THRESHOLDS: u32 = 6;
/// What a link of a chain gives when none of its rules decided; no answer has this number.
const UNDECIDED: i32 = -1;

/// The context's and the record's address, as every deciding function has them.
#[derive(Clone, Copy)]
struct Subject {
    ctx: Var<I32>,
    record: Var<I32>,
}

impl Subject {
    fn of(code: &mut Code) -> Self {
        Self { ctx: code.param(), record: code.param() }
    }

    fn arguments(self) -> Vec<super::code::Expr> {
        vec![self.ctx.get().expr(), self.record.get().expr()]
    }
}

/// Offset in a record of a question's reference.
pub(super) const fn question_offset(question: u32) -> u32 {
    RECORD_HEADER + 4 * question
}

/// Offset in a record of a threshold.
pub(super) const fn threshold_offset(questions: u32, threshold: u32) -> u32 {
    (RECORD_HEADER + 4 * questions).next_multiple_of(8) + 8 * threshold
}

impl Emitter<'_> {
    /// The function that decides flags of a structure.
    pub(super) fn decide(&mut self, structure: &Structure) -> FunctionId {
        let mut code = Code::new();
        let subject = Subject::of(&mut code);
        for (question, failed) in &structure.gates {
            let met = self.ask(subject, Kind::FlagIs, *question);
            code.give_if(met.eqz(), answer(*failed));
        }
        let links = chain(&structure.rules);
        match links.as_slice() {
            [rules] => self.rules(&mut code, subject, structure, rules),
            links => {
                for rules in links {
                    self.link(&mut code, subject, structure, rules);
                }
            }
        }
        let last = match &structure.last {
            Gives::Answer(number) => answer(*number),
            Gives::Split(arms) => {
                self.split(&mut code, subject, structure, arms);
                // Not reached: a last split answers without its unit, too.
                answer(arms.missing.unwrap_or(arms.first))
            }
        };
        self.assembly.add(code.result(last))
    }

    /// The function that decides segments of a condition.
    pub(super) fn decide_segment(&mut self, condition: &Condition) -> FunctionId {
        let mut code = Code::new();
        let subject = Subject::of(&mut code);
        let holds = self.holds(subject, condition);
        self.assembly.add(code.result(holds))
    }

    fn rules(
        &mut self,
        code: &mut Code,
        subject: Subject,
        structure: &Structure,
        rules: &[(Condition, Gives)],
    ) {
        for (condition, gives) in rules {
            let holds = self.holds(subject, condition);
            match gives {
                Gives::Answer(number) => code.give_if(holds, answer(*number)),
                Gives::Split(arms) => {
                    code.when(holds, |code| self.split(code, subject, structure, arms));
                }
            }
        }
    }

    /// Some rules in a function of their own.
    fn link(
        &mut self,
        code: &mut Code,
        subject: Subject,
        structure: &Structure,
        rules: &[(Condition, Gives)],
    ) {
        let mut link = Code::new();
        let inner = Subject::of(&mut link);
        self.rules(&mut link, inner, structure, rules);
        let function = self.assembly.add(link.result(i32_const(UNDECIDED)));
        let decided = code.let_(I32::call(function, subject.arguments()));
        code.give_if(decided.get().differs(i32_const(UNDECIDED)), decided.get());
    }

    /// Returns an arm's answer if the unit is there, else what the split says of that.
    fn split(&mut self, code: &mut Code, subject: Subject, structure: &Structure, arms: &Arms) {
        let hash = self.kind_function(arms.kind);
        let record = subject.record.get().load_u32(question_offset(arms.question));
        let arguments = vec![subject.ctx.get().expr(), record.expr()];
        let number = code.let_(I64::call(hash, arguments));
        let chosen = self.arm(subject.record, structure, arms, number);
        let there = number.get().less_signed(i64_const(0)).eqz();
        code.give_if(there, chosen);
        if let Some(missing) = arms.missing {
            code.give(answer(missing));
        }
    }

    /// The answer of the arm in whose range the number is.
    fn arm(
        &mut self,
        record: Var<I32>,
        structure: &Structure,
        arms: &Arms,
        number: Var<I64>,
    ) -> I32 {
        let offset = |threshold| threshold_offset(structure.questions, arms.threshold + threshold);
        let count = arms.count.saturating_sub(1);
        if count <= IN_PLACE_THRESHOLDS {
            return (0..count).fold(answer(arms.first), |sum, threshold| {
                let threshold = record.get().load_u64(offset(threshold));
                sum + number.get().not_below(threshold)
            });
        }
        let walk = self.assembly.routine(Routine::Arms);
        let first = record.get() + i32_const(offset(0) as i32);
        let arguments = vec![number.get().expr(), first.expr(), i32_const(count as i32).expr()];
        answer(arms.first) + I32::call(walk, arguments)
    }

    fn ask(&mut self, subject: Subject, kind: Kind, question: u32) -> I32 {
        let function = self.kind_function(kind);
        let record = subject.record.get().load_u32(question_offset(question));
        I32::call(function, vec![subject.ctx.get().expr(), record.expr()])
    }

    /// 1 when the condition holds, else 0.
    fn holds(&mut self, subject: Subject, condition: &Condition) -> I32 {
        if condition.nodes() > IN_PLACE_NODES {
            let function = self.condition_function(condition);
            return I32::call(function, subject.arguments());
        }
        self.in_place(subject, condition)
    }

    fn in_place(&mut self, subject: Subject, condition: &Condition) -> I32 {
        match condition {
            Condition::Const(value) => i32_const(i32::from(*value)),
            Condition::Not(inner) => self.holds(subject, inner).eqz(),
            Condition::All(inner) => self.join(subject, inner, true),
            Condition::Any(inner) => self.join(subject, inner, false),
            Condition::Ask(kind, question) => self.ask(subject, *kind, *question),
        }
    }

    fn condition_function(&mut self, condition: &Condition) -> FunctionId {
        let mut code = Code::new();
        let subject = Subject::of(&mut code);
        let holds = self.in_place(subject, condition);
        self.assembly.add(code.result(holds))
    }

    fn join(&mut self, subject: Subject, inner: &[Condition], all: bool) -> I32 {
        if inner.len() <= GROUP {
            let held = inner.iter().map(|one| self.holds(subject, one)).collect();
            return joined(held, all);
        }
        let width = inner.len().div_ceil(GROUP).max(GROUP);
        let wrap = |group: &[Condition]| {
            if all { Condition::All(group.to_vec()) } else { Condition::Any(group.to_vec()) }
        };
        let groups: Vec<Condition> = inner.chunks(width).map(wrap).collect();
        let called = groups.iter().map(|group| {
            let function = self.condition_function(group);
            I32::call(function, subject.arguments())
        });
        let called = called.collect();
        joined(called, all)
    }

    /// The function of a kind of question.
    pub(super) fn kind_function(&mut self, kind: Kind) -> FunctionId {
        if let Some(id) = self.kinds.get(&kind) {
            return *id;
        }
        let function = super::kinds::function(kind, &mut self.assembly);
        let id = self.assembly.reserve();
        self.assembly.define(id, function);
        self.kinds.insert(kind, id);
        id
    }
}

/// All or any of them; what does not matter is not computed.
fn joined(held: Vec<I32>, all: bool) -> I32 {
    let joined = held
        .into_iter()
        .rev()
        .reduce(|rest, one| if all { one.and_then(rest) } else { one.or_else(rest) });
    joined.unwrap_or_else(|| i32_const(i32::from(all)))
}

fn answer(number: u32) -> I32 {
    i32_const(number as i32)
}

/// Rules in groups of bounded weight.
fn chain(rules: &[(Condition, Gives)]) -> Vec<&[(Condition, Gives)]> {
    let mut links = Vec::new();
    let mut rest = rules;
    while !rest.is_empty() {
        let mut weight = 0;
        let fitting = rest.iter().take_while(|(condition, _)| {
            weight += condition.nodes() + 4;
            weight <= CHAIN_WEIGHT
        });
        let (link, after) = rest.split_at(fitting.count().max(1));
        links.push(link);
        rest = after;
    }
    links
}
