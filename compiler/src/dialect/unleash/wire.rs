//! What is read of an Unleash document: features, strategies, constraints, variants, segments.
//!
//! In: built by `read`. Out: read by everything else here. Each part knows where it stood, so that
//! what is said of it can point there. These types hold what Unleash wrote; nothing is judged yet.

use std::collections::BTreeMap;

/// The features of one environment, and the segments that they name.
#[derive(Debug, Default)]
pub(super) struct Export {
    /// By name; of two with the same name the later one counts, as in Unleash's own engine.
    pub(super) features: BTreeMap<String, Feature>,
    /// By id.
    pub(super) segments: BTreeMap<i64, Segment>,
    /// The environment that the document says it is of.
    pub(super) environment: Option<String>,
}

/// A feature.
#[derive(Debug, Default)]
pub(super) struct Feature {
    /// Its pointer.
    pub(super) at: String,
    pub(super) name: String,
    pub(super) enabled: bool,
    pub(super) description: String,
    /// `release`, `experiment`, …
    pub(super) purpose: String,
    /// The project it is filed under.
    pub(super) project: String,
    pub(super) is_stale: bool,
    /// Does a client report each evaluation.
    pub(super) has_impressions: bool,
    /// It is on when one of these holds, or when there are none.
    pub(super) strategies: Vec<Strategy>,
    pub(super) variants: Vec<Variant>,
    pub(super) dependencies: Vec<Dependency>,
}

/// A way to be on.
#[derive(Debug, Default)]
pub(super) struct Strategy {
    /// Its pointer.
    pub(super) at: String,
    /// Which way.
    pub(super) name: String,
    /// What people call it.
    pub(super) title: String,
    /// Is it switched off; clients are not told of such strategies.
    pub(super) is_disabled: bool,
    pub(super) parameters: BTreeMap<String, String>,
    /// All of them have to hold.
    pub(super) constraints: Vec<Constraint>,
    /// Ids of segments, each with its pointer; all of their constraints have to hold.
    pub(super) segments: Vec<(String, i64)>,
    pub(super) variants: Vec<Variant>,
}

/// A condition on one field of the context.
#[derive(Debug, Default)]
pub(super) struct Constraint {
    /// Its pointer.
    pub(super) at: String,
    pub(super) context_name: String,
    pub(super) operator: String,
    /// Operands of the operators that take several.
    pub(super) values: Vec<String>,
    /// Operand of the operators that take one.
    pub(super) value: Option<String>,
    pub(super) ignores_case: bool,
    pub(super) is_inverted: bool,
}

/// One of several things a feature gives.
#[derive(Debug, Default)]
pub(super) struct Variant {
    /// Its pointer.
    pub(super) at: String,
    pub(super) name: String,
    pub(super) weight: u32,
    pub(super) stickiness: Option<String>,
    /// The object `{"type", "value"}` as it stands.
    pub(super) payload: Option<serde_json::Value>,
    /// Fields of the context and the values for which this variant is given.
    pub(super) overrides: Vec<Override>,
}

/// Exact subjects of a variant.
#[derive(Debug, Default)]
pub(super) struct Override {
    pub(super) context_name: String,
    pub(super) values: Vec<String>,
}

/// Another feature that has to be on (or off) first.
#[derive(Debug, Default)]
pub(super) struct Dependency {
    /// Its pointer.
    pub(super) at: String,
    pub(super) feature: String,
    /// Has it to be on, rather than off.
    pub(super) wants_on: bool,
    /// Which of its variants, if it matters.
    pub(super) variants: Vec<String>,
}

/// Constraints with a name.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Its pointer.
    pub(super) at: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) constraints: Vec<Constraint>,
}
