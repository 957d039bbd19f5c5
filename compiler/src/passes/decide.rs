//! Answers what is asked of flags and segments that are the same for everybody, and puts segments
//! of one question where they are named.
//!
//! A prerequisite that always holds is no prerequisite; one that never holds decides its flag.

use crate::program::{Body, Flag, FlagTest, Pred, Program, Serve};
use vexil_abi::verdict::reason;

/// Decides what can be; whether anything could.
pub(super) fn decide(program: Program) -> (Program, bool) {
    let known = Known {
        flags: program.flags.iter().map(Flag::constant).collect(),
        segments: program.segments.iter().map(|segment| short(&segment.when)).collect(),
    };
    let mut changed = false;
    let Program { slots, units, mut segments, mut flags } = program;
    for segment in &mut segments {
        known.pred(&mut segment.when, &mut changed);
    }
    for flag in &mut flags {
        known.body(&mut flag.body, &mut changed);
    }
    (Program { slots, units, segments, flags }, changed)
}

/// What is known of each flag and segment.
struct Known {
    flags: Vec<Option<crate::program::Answer>>,
    segments: Vec<Option<Pred>>,
}

/// A condition that is no dearer than asking for it by name.
fn short(when: &Pred) -> Option<Pred> {
    match when {
        Pred::Const(_) | Pred::Leaf(_) | Pred::Bucket(..) => Some(when.clone()),
        Pred::Not(inner) => short(inner).map(|_| when.clone()),
        _ => None,
    }
}

impl Known {
    fn test(&self, test: &FlagTest) -> Option<bool> {
        let verdict = self.flags.get(test.flag.index()).copied().flatten()?.0;
        let refused = [reason::DISABLED, reason::ERROR].contains(&verdict.reason);
        Some(!refused && test.variants.iter().any(|variant| variant.0 == verdict.variant))
    }

    fn body(&self, body: &mut Body, changed: &mut bool) {
        let gates = std::mem::take(&mut body.gates);
        for gate in gates {
            match self.test(&gate.test) {
                None => body.gates.push(gate),
                Some(true) => *changed = true,
                Some(false) => {
                    *changed = true;
                    body.rules.clear();
                    body.last = Serve::Answer(gate.failed);
                    return;
                }
            }
        }
        for rule in &mut body.rules {
            self.pred(&mut rule.when, changed);
        }
    }

    fn pred(&self, pred: &mut Pred, changed: &mut bool) {
        let found = match pred {
            Pred::Flag(test) => self.test(test).map(Pred::Const),
            Pred::Segment(id) => self.segments.get(id.index()).cloned().flatten(),
            Pred::Not(inner) => {
                self.pred(inner, changed);
                None
            }
            Pred::All(inner) | Pred::Any(inner) => {
                inner.iter_mut().for_each(|pred| self.pred(pred, changed));
                None
            }
            Pred::Const(_) | Pred::Leaf(_) | Pred::Bucket(..) => None,
        };
        if let Some(found) = found {
            *pred = found;
            *changed = true;
        }
    }
}
