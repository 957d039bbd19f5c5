//! The rows, in the order of the records.
//!
//! In: nothing. Out: [`each`] and [`each_wired`], which show every row to a visitor; that is how
//! generic code reaches rows of different types.

#[cfg(feature = "vexil")]
pub mod hand;

#[cfg(feature = "vexil")]
pub mod vexil;

#[cfg(feature = "vexil")]
pub mod interpreter;

#[cfg(feature = "peers")]
pub mod eppo;

#[cfg(feature = "peers")]
pub mod flagd;

#[cfg(feature = "peers")]
pub mod growthbook;

#[cfg(feature = "peers")]
pub mod launchdarkly;

#[cfg(feature = "peers")]
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

/// Shows all rows that are built.
pub fn each(visitor: &mut impl Visitor) {
    #[cfg(feature = "vexil")]
    {
        visitor.row::<hand::Hand<hand::Static>>();
        visitor.row::<hand::Hand<hand::Equality>>();
        visitor.row::<hand::Hand<hand::List>>();
        visitor.row::<hand::Hand<hand::Rollout>>();
        visitor.row::<hand::Hand<hand::FiveRules>>();
        visitor.row::<hand::data::HandData>();
        visitor.row::<vexil::ByKey>();
        visitor.row::<vexil::ByHandle>();
        visitor.row::<vexil::Prepared>();
        visitor.row::<vexil::Bulk>();
        visitor.row::<interpreter::Interpreter>();
    }
    #[cfg(feature = "peers")]
    {
        visitor.row::<eppo::Eppo>();
        visitor.row::<flagd::Flagd>();
        visitor.row::<growthbook::GrowthBook>();
        visitor.row::<launchdarkly::LaunchDarkly>();
        visitor.row::<unleash::Unleash>();
    }
}

/// Shows all rows that are built and read bytes.
pub fn each_wired(visitor: &mut impl WiredVisitor) {
    #[cfg(feature = "vexil")]
    {
        visitor.row::<vexil::ByKey>();
        visitor.row::<interpreter::Interpreter>();
    }
    #[cfg(feature = "peers")]
    {
        visitor.row::<eppo::Eppo>();
        visitor.row::<flagd::Flagd>();
        visitor.row::<growthbook::GrowthBook>();
        visitor.row::<launchdarkly::LaunchDarkly>();
        visitor.row::<unleash::Unleash>();
    }
}
