//! Flags as the rows read them: the part of the flag language that the workloads use.
//!
//! In: a flag set of Vexil's. Out: [`Rules`], from which each row writes its own format, so that
//! no row's flags are written by hand.

#[cfg(feature = "vexil")]
mod read;

use serde::{Deserialize, Serialize};

#[cfg(feature = "vexil")]
pub use self::read::rules;

/// Buckets of a split; Vexil's parts.
pub const WHOLE: u32 = 100_000;

/// A flag.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Rules {
    /// Its key, which is its salt as well.
    pub key: String,
    /// Does it only ever answer yes (`on`) or no (`off`).
    pub is_boolean: bool,
    /// Keys of its variants, by variant number.
    pub variants: Vec<String>,
    /// The first whose conditions all hold decides.
    pub rules: Vec<Rule>,
    /// What is given when none does.
    pub otherwise: Given,
}

/// One rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Rule {
    /// All have to hold.
    pub when: Vec<Condition>,
    /// What it gives.
    pub serve: Given,
}

/// What is asked of an attribute.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Condition {
    /// It is one of these texts.
    In {
        /// The attribute.
        attribute: String,
        /// The texts.
        values: Vec<String>,
    },
    /// It is greater than a number.
    Above {
        /// The attribute.
        attribute: String,
        /// The number.
        number: f64,
    },
    /// It ends with a text.
    EndsWith {
        /// The attribute.
        attribute: String,
        /// The text.
        suffix: String,
    },
    /// It is this version or a later one.
    AtLeast {
        /// The attribute.
        attribute: String,
        /// The version: three numbers.
        version: String,
    },
}

/// What a rule gives.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Given {
    /// A variant, by number.
    Variant(usize),
    /// Variants by number with their shares, which sum to [`WHOLE`].
    Split(Vec<(usize, u32)>),
}

impl Given {
    /// The variants that may be served.
    pub fn variants(&self) -> Vec<usize> {
        match self {
            Self::Variant(variant) => vec![*variant],
            Self::Split(weights) => weights.iter().map(|(variant, _)| *variant).collect(),
        }
    }
}

impl Rules {
    /// The key of a variant.
    #[must_use]
    pub fn variant(&self, number: usize) -> &str {
        &self.variants[number]
    }
}
