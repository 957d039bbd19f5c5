//! Program → program: each pass keeps every verdict and makes modules smaller or faster.
//!
//! In: a lowered program. Out: the program that is emitted. A pass never reads the flag set. Every
//! predicate is pure and total, so that none can see which others were asked before it.

mod decide;
mod fold;
mod merge;
mod order;
mod prune;

use crate::limits::MAX_CHAIN;
use crate::program::Program;

/// Which passes run. For measurements and tests: whoever compiles for use runs all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own
pub struct Passes {
    /// Constants are folded and dead rules dropped.
    pub fold: bool,
    /// What is asked of flags and segments that are constant is answered.
    pub decide: bool,
    /// Alternatives on one attribute become one set; repeated operands go.
    pub merge: bool,
    /// Cheap predicates come first.
    pub order: bool,
    /// What nothing asks for any more is dropped.
    pub prune: bool,
    /// `evaluate_all` answers flags of one shape in one loop.
    pub batch: bool,
}

impl Passes {
    /// All of them.
    pub const ALL: Self =
        Self { fold: true, decide: true, merge: true, order: true, prune: true, batch: true };
    /// None of them.
    pub const NONE: Self =
        Self { fold: false, decide: false, merge: false, order: false, prune: false, batch: false };
}

/// Runs the passes on the program, in their one order.
#[must_use]
pub fn run(mut program: Program, passes: Passes) -> Program {
    if passes.fold {
        program = fold::fold(program);
    }
    if passes.decide {
        // A flag that became constant decides others, along a chain of at most this length.
        for _ in 0..=MAX_CHAIN {
            let (decided, changed) = decide::decide(program);
            program = if passes.fold { fold::fold(decided) } else { decided };
            if !changed {
                break;
            }
        }
    }
    if passes.merge {
        program = merge::merge(program);
    }
    if passes.order {
        program = order::order(program);
    }
    if passes.prune { prune::prune(program) } else { program }
}
