//! Changes: the typed form of what an event says.
//!
//! In: made by `command`, or read from an event's kind, schema and payload (`payload`). Out: applied
//! by `projection`. A change says what happened to a project, not how the store keeps it.

use indexmap::IndexMap;
use vexil_compiler::flag_set::{Configuration, Definition, FlagTest, Rule, Segment, Serve};

use super::event::Revision;

/// What happened to a project.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The project came to be; always its first event.
    ProjectCreated {
        /// Its key.
        project: String,
    },
    /// An environment came to be.
    EnvironmentCreated {
        /// Its name.
        environment: String,
    },
    /// A flag came to be, active, with the default configuration everywhere.
    FlagCreated {
        /// Its key.
        flag: String,
        /// What holds everywhere; its lifecycle is not part of the event.
        definition: Definition,
    },
    /// A flag's definition was replaced; its lifecycle stays.
    FlagChanged {
        /// Its key.
        flag: String,
        /// The new definition; its lifecycle is not part of the event.
        definition: Definition,
    },
    /// A flag left use.
    FlagArchived {
        /// Its key.
        flag: String,
    },
    /// An archived flag came back.
    FlagRestored {
        /// Its key.
        flag: String,
    },
    /// An archived flag went away.
    FlagDeleted {
        /// Its key.
        flag: String,
    },
    /// A segment came to be.
    SegmentCreated {
        /// Its key.
        segment: String,
        /// What it holds.
        definition: Segment,
    },
    /// A segment was replaced.
    SegmentChanged {
        /// Its key.
        segment: String,
        /// What it holds now.
        definition: Segment,
    },
    /// A segment went away.
    SegmentDeleted {
        /// Its key.
        segment: String,
    },
    /// Something happened to a flag in one environment.
    InEnvironment {
        /// The environment.
        environment: String,
        /// The flag's key.
        flag: String,
        /// What.
        change: FlagChange,
    },
    /// The project, or one environment of it, went back to what it was.
    Reverted {
        /// `None`: the whole project.
        environment: Option<String>,
        /// To what it was at this revision.
        to: Revision,
    },
}

/// What happened to a flag in one environment.
#[derive(Clone, Debug, PartialEq)]
pub enum FlagChange {
    /// `FlagEnabled`: switched on.
    Enabled,
    /// `FlagDisabled`: switched off.
    Disabled,
    /// `ConfigurationChanged`: replaced as a whole.
    Configuration(Configuration),
    /// `OffVariantChanged`.
    OffVariant(String),
    /// `PrerequisitesChanged`.
    Prerequisites(Vec<FlagTest>),
    /// `OverridesChanged`: variant → targeting keys, in order.
    Overrides(IndexMap<String, Vec<String>>),
    /// `RuleAdded`.
    RuleAdded {
        /// Where, from 0, at most the number of rules.
        index: usize,
        /// The rule.
        rule: Rule,
    },
    /// `RuleChanged`: replaced in its place, found by its id.
    RuleChanged(Rule),
    /// `RuleRemoved`.
    RuleRemoved {
        /// The rule's id.
        rule: String,
    },
    /// `RulesReordered`: every id once, in the new order.
    RulesReordered {
        /// The ids.
        order: Vec<String>,
    },
    /// `FallthroughChanged`.
    Fallthrough(Serve),
}
