//! How much work patterns are, counted rather than timed, so that every machine counts the same.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Finding the other cases of a range of characters is dearer than a cell of an automaton.
const STEPS_PER_RANGE: u64 = 10;

/// Steps that patterns have taken so far; a million are some tens of milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Work(pub(crate) u64);

impl Work {
    /// A pattern was parsed: a class is as much work as it has ranges of characters.
    pub(crate) fn of_tree(&mut self, tree: &Hir) {
        let mut waiting = vec![tree];
        while let Some(tree) = waiting.pop() {
            self.0 += match tree.kind() {
                HirKind::Class(Class::Unicode(class)) => {
                    STEPS_PER_RANGE * class.ranges().len() as u64
                }
                _ => 1,
            };
            waiting.extend(tree.kind().subs());
        }
    }

    /// An automaton of that many bytes was made.
    pub(super) fn of_cells(&mut self, bytes: usize) {
        self.0 += bytes as u64 / 4;
    }

    /// All cells of an automaton were looked at to find equal states.
    pub(super) fn of_refinement(&mut self, cells: usize) {
        self.0 += cells as u64;
    }
}
