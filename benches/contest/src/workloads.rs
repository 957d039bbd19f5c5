//! The workloads of the contest: what every row is asked.
//!
//! In: the shared workloads of `vexil-benches`, and a list of 100,000. Out: a [`Workload`] by
//! name: flags, and subjects to evaluate them for. Where Vexil is not built, workloads are read
//! (`questions`), not made.

#[cfg(feature = "vexil")]
mod make;

use serde::{Deserialize, Serialize};
#[cfg(feature = "vexil")]
use vexil_compiler::flag_set::FlagSet;

use crate::rules::Rules;
use crate::subject::StringMap;

/// The clock of every evaluation, in milliseconds since the Unix epoch.
pub const NOW_MS: f64 = 1_700_000_000_000.0;

/// The workloads, in the order of the records.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum Name {
    /// A boolean flag that is the same for everybody.
    W1,
    /// One equality.
    W2,
    /// An address in a list of 100.
    W3,
    /// An address in a list of 100,000.
    W3x,
    /// A rollout to 25 %.
    W4,
    /// Five rules.
    W5,
    /// Five rules, and the context is made for each evaluation.
    W5c,
    /// A thousand flags with the same questions, for one context.
    W6,
    /// A thousand flags whose constants all differ, for one context.
    W6d,
    /// A request: its context is made, and twenty of a thousand flags are asked for.
    W7,
}

/// What a measurement repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One flag; the contexts are made beforehand and taken in turn.
    OneFlag,
    /// One flag; the context is made each time.
    OneFlagAndContext,
    /// All flags; the context is made beforehand.
    AllFlags,
    /// Some flags for one context, which is made each time; the subjects are taken in turn.
    Request,
}

/// Flags and subjects.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Workload {
    /// Its name.
    pub name: Name,
    /// The flags, as Vexil has them.
    #[cfg(feature = "vexil")]
    #[serde(skip)]
    pub flag_set: FlagSet,
    /// The same, as the other rows read them; by Vexil's flag number.
    pub flags: Vec<Rules>,
    /// The subjects.
    pub subjects: Vec<StringMap>,
    /// Flag numbers that a request asks for.
    pub requested: Vec<usize>,
}

impl Name {
    /// Every workload.
    pub const ALL: [Self; 10] = [
        Self::W1,
        Self::W2,
        Self::W3,
        Self::W3x,
        Self::W4,
        Self::W5,
        Self::W5c,
        Self::W6,
        Self::W6d,
        Self::W7,
    ];

    /// As records write it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::W1 => "W1",
            Self::W2 => "W2",
            Self::W3 => "W3",
            Self::W3x => "W3x",
            Self::W4 => "W4",
            Self::W5 => "W5",
            Self::W5c => "W5c",
            Self::W6 => "W6",
            Self::W6d => "W6d",
            Self::W7 => "W7",
        }
    }

    /// What it asks, in a line.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::W1 => "a boolean flag that is the same for everybody",
            Self::W2 => "one rule: country equals",
            Self::W3 => "one rule: email in a list of 100",
            Self::W3x => "one rule: email in a list of 100,000",
            Self::W4 => "rollout to 25 %",
            Self::W5 => "five rules: country in three; plan and age; end of email; version; split",
            Self::W5c => "five rules, and the context is made from a map of strings",
            Self::W6 => "1,000 flags of five rules, equal questions; per flag",
            Self::W6d => "1,000 flags of five rules, every constant different; per flag",
            Self::W7 => "a request: make the context, ask for 20 of 1,000 flags; per request",
        }
    }

    /// What is repeated.
    #[must_use]
    pub const fn asked(self) -> Asked {
        match self {
            Self::W1 | Self::W2 | Self::W3 | Self::W3x | Self::W4 | Self::W5 => Asked::OneFlag,
            Self::W5c => Asked::OneFlagAndContext,
            Self::W6 | Self::W6d => Asked::AllFlags,
            Self::W7 => Asked::Request,
        }
    }
}

impl Workload {
    /// The flags' keys, by flag number.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.flags.iter().map(|flag| flag.key.clone()).collect()
    }
}
