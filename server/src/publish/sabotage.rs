//! Sabotage: a compiler that is wrong on purpose, for tests of what stands behind it.
//!
//! In: a flag set. Out: the same with one kind of condition broken, so that the module that is
//! compiled of it does not mean what the flags say. Nothing but a test switches it on, and no
//! command line can.

use vexil_compiler::flag_set::{FlagSet, Order, Predicate, Test};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// `gt` is compiled as `gte`: wrong at the boundary only.
    Boundary,
}

impl Sabotage {
    /// The flags as the broken compiler takes them.
    #[must_use]
    pub fn of(self, flag_set: &FlagSet) -> FlagSet {
        let Self::Boundary = self;
        let mut broken = flag_set.clone();
        for flag in broken.flags.values_mut() {
            flag.configuration.rules.iter_mut().for_each(|rule| break_in(&mut rule.when));
        }
        broken
    }
}

fn break_in(predicate: &mut Predicate) {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter_mut().for_each(break_in),
        Predicate::Not(inner) => break_in(inner),
        Predicate::Attribute { test: Test::Number { order, .. }, .. }
            if *order == Order::Greater =>
        {
            *order = Order::GreaterOrEqual;
        }
        _ => {}
    }
}
