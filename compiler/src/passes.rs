//! Program → program: each pass keeps every verdict and makes modules smaller or faster.
//!
//! In: a lowered program. Out: the program that is emitted. A pass never reads the flag set.

mod fold;
mod prune;

use crate::program::Program;

/// Runs all passes, in their one order.
#[must_use]
pub fn run(program: Program) -> Program {
    prune::prune(fold::fold(program))
}
