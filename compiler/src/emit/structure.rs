//! Bodies without their constants: what flags of one shape have in common.
//!
//! In: the body of a flag or the condition of a segment. Out: its structure, which becomes code,
//! and its constants, which become a record. Two bodies of equal structure share their code.

use vexil_abi::verdict::NO_VARIANT;

use super::Emitter;
use crate::image::{Kind, Ref};
use crate::program::{Answer, Body, Missing, Pred, Rule, Serve, Split};

/// The condition of a rule. Questions are numbered in the order in which they stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    Const(bool),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// The question with this number, of this kind.
    Ask(Kind, u32),
}

/// What a rule gives. Answers are numbered in the order in which they stand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gives {
    Answer(u32),
    Split(Arms),
}

/// A split by a number that is a question, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Arms {
    /// The kind of hash.
    pub(super) kind: Kind,
    /// Which question it is.
    pub(super) question: u32,
    /// The answer of the first arm; those of the others follow.
    pub(super) first: u32,
    /// How many arms there are, at least one; all but the last have a threshold.
    pub(super) count: u32,
    /// Number of the first threshold.
    pub(super) threshold: u32,
    /// The answer without a unit; `None`: go on.
    pub(super) missing: Option<u32>,
}

/// The structure of a flag's body.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Structure {
    /// Questions that have to be answered by yes, each with the answer if it is not.
    pub(super) gates: Vec<(u32, u32)>,
    /// Condition and what it gives.
    pub(super) rules: Vec<(Condition, Gives)>,
    /// What is given when no rule did.
    pub(super) last: Gives,
    /// How many questions there are.
    pub(super) questions: u32,
}

/// The constants of one body.
#[derive(Clone, Debug, Default)]
pub(super) struct Constants {
    pub(super) refs: Vec<Ref>,
    /// Numbers at which the next arm of a split begins.
    pub(super) thresholds: Vec<u64>,
    /// Verdicts without variants, by answer.
    pub(super) verdicts: Vec<u64>,
    /// Variants by answer.
    pub(super) variants: Vec<u8>,
}

impl Constants {
    fn answer(&mut self, Answer(verdict): Answer) -> u32 {
        let mut rest = verdict;
        // A variant beyond a byte, or none, stands with the rest of the verdict.
        let small = u8::try_from(verdict.variant).ok().filter(|_| verdict.variant != NO_VARIANT);
        if small.is_some() {
            rest.variant = 0;
        }
        self.verdicts.push(rest.pack() as u64);
        self.variants.push(small.unwrap_or(0));
        self.verdicts.len() as u32 - 1
    }

    fn ask(&mut self, reference: Ref) -> u32 {
        self.refs.push(reference);
        self.refs.len() as u32 - 1
    }
}

impl Emitter<'_> {
    /// Structure and constants of a flag's body.
    pub(super) fn take_apart(&mut self, body: &Body) -> (Structure, Constants) {
        let mut constants = Constants::default();
        let gates = body.gates.iter().map(|gate| {
            let reference = self.flag_question(&gate.test);
            (constants.ask(reference), constants.answer(gate.failed))
        });
        let gates = gates.collect();
        let mut rules = Vec::with_capacity(body.rules.len());
        for Rule { when, serve } in &body.rules {
            let condition = self.condition(when, &mut constants);
            rules.push((condition, self.gives(serve, &mut constants)));
        }
        let last = self.gives(&body.last, &mut constants);
        let questions = constants.refs.len() as u32;
        (Structure { gates, rules, last, questions }, constants)
    }

    /// Structure and constants of a condition.
    pub(super) fn condition(&mut self, pred: &Pred, constants: &mut Constants) -> Condition {
        match pred {
            Pred::Const(value) => Condition::Const(*value),
            Pred::Not(inner) => Condition::Not(Box::new(self.condition(inner, constants))),
            Pred::All(inner) => Condition::All(self.conditions(inner, constants)),
            Pred::Any(inner) => Condition::Any(self.conditions(inner, constants)),
            Pred::Leaf(leaf) => {
                let alternatives = self.leaf(leaf);
                let ask = |reference: Ref| Condition::Ask(reference.kind, constants.ask(reference));
                let mut alternatives: Vec<Condition> = alternatives.into_iter().map(ask).collect();
                match alternatives.pop() {
                    None => Condition::Const(false),
                    Some(only) if alternatives.is_empty() => only,
                    Some(last) => {
                        alternatives.push(last);
                        Condition::Any(alternatives)
                    }
                }
            }
            Pred::Segment(id) => {
                let reference = self.segment_question(*id);
                Condition::Ask(reference.kind, constants.ask(reference))
            }
            Pred::Flag(test) => {
                let reference = self.flag_question(test);
                Condition::Ask(reference.kind, constants.ask(reference))
            }
            Pred::Bucket(bucketing, range) => {
                let reference = self.bucket_question(bucketing, *range);
                Condition::Ask(reference.kind, constants.ask(reference))
            }
        }
    }

    fn conditions(&mut self, inner: &[Pred], constants: &mut Constants) -> Vec<Condition> {
        inner.iter().map(|pred| self.condition(pred, constants)).collect()
    }

    fn gives(&mut self, serve: &Serve, constants: &mut Constants) -> Gives {
        match serve {
            Serve::Answer(answer) => Gives::Answer(constants.answer(*answer)),
            Serve::Split(split) => Gives::Split(self.arms(split, constants)),
        }
    }

    fn arms(&mut self, split: &Split, constants: &mut Constants) -> Arms {
        let reference = self.number_question(&split.bucketing);
        let question = constants.ask(reference);
        let first = constants.verdicts.len() as u32;
        let threshold = constants.thresholds.len() as u32;
        for (index, arm) in split.arms.iter().enumerate() {
            constants.answer(arm.answer);
            if index + 1 < split.arms.len() {
                constants.thresholds.push(arm.to);
            }
        }
        let missing = match split.missing {
            Missing::Next => None,
            Missing::Answer(answer) => Some(constants.answer(answer)),
        };
        let count = split.arms.len() as u32;
        Arms { kind: reference.kind, question, first, count, threshold, missing }
    }
}

impl Condition {
    /// Nodes of this tree.
    pub(super) fn nodes(&self) -> usize {
        match self {
            Self::Not(inner) => 1 + inner.nodes(),
            Self::All(inner) | Self::Any(inner) => 1 + inner.iter().map(Self::nodes).sum::<usize>(),
            Self::Const(_) | Self::Ask(..) => 1,
        }
    }

    /// Whether all its questions are of kinds that `good` accepts.
    pub(super) fn asks_only(&self, good: &impl Fn(Kind) -> bool) -> bool {
        match self {
            Self::Const(_) => true,
            Self::Not(inner) => inner.asks_only(good),
            Self::All(inner) | Self::Any(inner) => inner.iter().all(|one| one.asks_only(good)),
            Self::Ask(kind, _) => good(*kind),
        }
    }
}
