//! The rows, in the order of the records.
//!
//! In: nothing. Out: [`each`] and [`each_wired`], which show every row to a visitor; that is how
//! generic code reaches rows of different types.

pub mod hand;

pub mod vexil;

pub mod interpreter;

pub mod eppo;

pub mod flagd;

pub mod growthbook;

pub mod launchdarkly;

pub mod unleash;

use crate::row::{Row, Wired};

/// Gets to see each row.
pub trait Visitor {
    /// Once for each row.
    fn row<R: Row>(&mut self);
}

/// Gets to see each row that reads bytes.
pub trait WiredVisitor {
    /// Once for each row.
    fn row<R: Wired>(&mut self);
}

/// Shows all rows.
pub fn each(visitor: &mut impl Visitor) {
    visitor.row::<hand::Hand<hand::Static>>();
    visitor.row::<hand::Hand<hand::Equality>>();
    visitor.row::<hand::Hand<hand::List>>();
    visitor.row::<hand::Hand<hand::Rollout>>();
    visitor.row::<hand::Hand<hand::FiveRules>>();
    visitor.row::<hand::data::HandData>();
    visitor.row::<vexil::ByNumber>();
    visitor.row::<vexil::Bulk>();
    visitor.row::<interpreter::Interpreter>();
    visitor.row::<eppo::Eppo>();
    visitor.row::<flagd::Flagd>();
    visitor.row::<growthbook::GrowthBook>();
    visitor.row::<launchdarkly::LaunchDarkly>();
    visitor.row::<unleash::Unleash>();
}

/// Shows all rows that read bytes.
pub fn each_wired(visitor: &mut impl WiredVisitor) {
    visitor.row::<vexil::ByNumber>();
    visitor.row::<interpreter::Interpreter>();
    visitor.row::<eppo::Eppo>();
    visitor.row::<flagd::Flagd>();
    visitor.row::<growthbook::GrowthBook>();
    visitor.row::<launchdarkly::LaunchDarkly>();
    visitor.row::<unleash::Unleash>();
}
