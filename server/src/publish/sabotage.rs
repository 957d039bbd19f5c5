//! Sabotage: publishing that is wrong on purpose, for tests of what is to find it out.
//!
//! In: a flag set, or a revision. Out: the flags with one kind of condition broken, so that the
//! module that is compiled of them does not mean what they say; or whether the revision's
//! announcement is to be forgotten. Nothing but a test switches it on, and no command line can.

use vexil_compiler::flag_set::{FlagSet, Order, Predicate, Test};

use crate::log::event::Revision;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// `gt` is compiled as `gte`: wrong at the boundary only.
    Boundary,
    /// Of every third revision nobody is told, neither those who wait nor those who ask.
    Forgetful,
}

impl Sabotage {
    /// The flags as the broken compiler takes them.
    #[must_use]
    pub fn of(self, flag_set: &FlagSet) -> FlagSet {
        let mut broken = flag_set.clone();
        if self != Self::Boundary {
            return broken;
        }
        for flag in broken.flags.values_mut() {
            flag.configuration.rules.iter_mut().for_each(|rule| break_in(&mut rule.when));
        }
        broken
    }

    /// Is the announcement of this revision one to be forgotten?
    #[must_use]
    pub const fn forgets(self, revision: Revision) -> bool {
        matches!(self, Self::Forgetful) && revision.0.is_multiple_of(3)
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
