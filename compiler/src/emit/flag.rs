//! Flags: gates, rules, and the last serve, as functions `(ctx) -> i64`.

use super::code::{Code, Function, FunctionId, I32, I64, Wasm, i32_const, i64_const};
use super::{Ctx, Emitter};
use crate::program::{Answer, Body, FlagIndex, Missing, Rule, Segment, SegmentId, Serve, Split};

/// Rules of more weight than this together are cut into a chain of functions.
const CHAIN_WEIGHT: usize = 160;

/// What a link of a chain gives when none of its rules decided; no verdict has these bits.
const UNDECIDED: u64 = u64::MAX;

impl Emitter<'_> {
    /// Defines the function of a segment.
    pub(super) fn segment(&mut self, index: SegmentId, id: FunctionId, segment: &Segment) {
        let mut code = Code::new();
        let ctx = code.param();
        let holds = self.predicate(ctx, &segment.when);
        let Some(place) = self.memo.segment(index) else {
            return self.assembly.define(id, code.result(holds));
        };
        let inner = self.assembly.add(code.result(holds));
        // Remembered as 1 and 2, because 0 is unknown.
        let answer = |ctx: Ctx| {
            let holds = I32::call(inner, vec![ctx.get().expr()]);
            (holds + i32_const(1)).extend()
        };
        let known = |known: I64| known.low() - i32_const(1);
        let remembered = self.remembered(place, answer, known);
        self.assembly.define(id, remembered);
    }

    /// Defines the function of a flag.
    pub(super) fn flag(&mut self, index: FlagIndex, id: FunctionId, body: &Body) {
        let function = self.decide(body);
        let Some(place) = self.memo.flag(index) else {
            return self.assembly.define(id, function);
        };
        let inner = self.assembly.add(function);
        // No verdict is 0: its reason is at least 1.
        let answer = |ctx: Ctx| I64::call(inner, vec![ctx.get().expr()]);
        let remembered = self.remembered(place, answer, |known| known);
        self.assembly.define(id, remembered);
    }

    /// A function that computes `answer`, which is never 0, once per bound record.
    fn remembered<T: Wasm>(
        &self,
        place: u32,
        answer: impl FnOnce(Ctx) -> I64,
        value: impl Fn(I64) -> T,
    ) -> Function {
        let offset = self.memo_offset(place);
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        let known = code.let_(ctx.get().load_u64(offset));
        code.when(known.get().equals(i64_const(0)), |code| {
            code.set(known, answer(ctx));
            code.store_u64(ctx.get(), offset, known.get());
        });
        code.result(value(known.get()))
    }

    fn decide(&mut self, body: &Body) -> Function {
        let mut code = Code::new();
        let ctx = code.param::<I32>();
        for gate in &body.gates {
            let met = self.flag_test(ctx, &gate.test);
            code.give_if(met.eqz(), verdict(gate.failed));
        }
        let links = chain(&body.rules);
        match links.as_slice() {
            [rules] => rules.iter().for_each(|rule| self.rule(&mut code, ctx, rule)),
            links => links.iter().for_each(|rules| self.link(&mut code, ctx, rules)),
        }
        let last = self.last(&mut code, ctx, &body.last);
        code.result(last)
    }

    /// Some rules in a function of their own.
    fn link(&mut self, code: &mut Code, ctx: Ctx, rules: &[Rule]) {
        let mut link = Code::new();
        let link_ctx = link.param();
        rules.iter().for_each(|rule| self.rule(&mut link, link_ctx, rule));
        let function = self.assembly.add(link.result(i64_const(UNDECIDED)));
        let decided = code.let_(I64::call(function, vec![ctx.get().expr()]));
        let undecided = decided.get().equals(i64_const(UNDECIDED));
        code.give_if(undecided.eqz(), decided.get());
    }

    fn rule(&mut self, code: &mut Code, ctx: Ctx, rule: &Rule) {
        let holds = self.predicate(ctx, &rule.when);
        match &rule.serve {
            Serve::Answer(answer) => code.give_if(holds, verdict(*answer)),
            Serve::Split(split) => code.when(holds, |code| self.split(code, ctx, split)),
        }
    }

    /// Returns an arm's answer if the unit is there, else what the split says of that.
    fn split(&mut self, code: &mut Code, ctx: Ctx, split: &Split) {
        let there = self.has_unit(ctx, split.bucketing);
        let bucket = self.bucket(ctx, split.bucketing);
        code.when(there, |code| {
            let bucket = code.let_(bucket);
            for arm in &split.arms {
                // Arms follow each other without gaps from 0.
                code.give_if(bucket.get().below(i64_const(arm.to)), verdict(arm.answer));
            }
        });
        if let Missing::Answer(answer) = split.missing {
            code.give(verdict(answer));
        }
    }

    fn last(&mut self, code: &mut Code, ctx: Ctx, serve: &Serve) -> I64 {
        match serve {
            Serve::Answer(answer) => verdict(*answer),
            Serve::Split(split) => {
                self.split(code, ctx, split);
                // Not reached: a last split answers without its unit, too.
                verdict(match split.missing {
                    Missing::Answer(answer) => answer,
                    Missing::Next => Answer(vexil_abi::verdict::Verdict::error(
                        vexil_abi::verdict::error_code::GENERAL,
                    )),
                })
            }
        }
    }
}

fn verdict(answer: Answer) -> I64 {
    i64_const(answer.0.pack() as u64)
}

/// Rules in groups of bounded weight.
fn chain(rules: &[Rule]) -> Vec<&[Rule]> {
    let mut links = Vec::new();
    let mut rest = rules;
    while !rest.is_empty() {
        let mut weight = 0;
        let fitting = rest.iter().take_while(|rule| {
            weight += weigh(rule);
            weight <= CHAIN_WEIGHT
        });
        let (link, after) = rest.split_at(fitting.count().max(1));
        links.push(link);
        rest = after;
    }
    links
}

/// About how many pieces of code a rule is.
fn weigh(rule: &Rule) -> usize {
    let arms = match &rule.serve {
        Serve::Answer(_) => 1,
        Serve::Split(split) => split.arms.len(),
    };
    rule.when.nodes() + arms
}
