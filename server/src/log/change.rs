//! Changes: the typed form of what an event says.
//!
//! In: made by `command`, or read from an event's kind, schema and payload (`payload`). Out: applied
//! by `projection`. A change says what happened to a project, not how the store keeps it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use vexil_compiler::flag_set::{Configuration, Definition, FlagTest, Rule, Segment, Serve};

use super::event::{Hash, Revision};
use crate::access::grant::Scope;
use crate::access::token::KeyKind;

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
    /// What holds of changes in an environment.
    EnvironmentChanged {
        /// Its name.
        environment: String,
        /// What holds now.
        settings: Settings,
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
    /// Other attributes are sensitive than before.
    SensitiveAttributesChanged {
        /// All that are now: paths in order, each once.
        attributes: Vec<String>,
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
    /// Something happened to a key; in the log of access only.
    Key {
        /// The key's id.
        key: String,
        /// What.
        change: KeyChange,
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

/// What holds of changes in an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Each has to come with a comment.
    #[serde(default)]
    pub require_reason: bool,
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// `KeyCreated`.
    Created(NewKey),
    /// `KeyRotated`: it has a new secret.
    Rotated {
        /// The digest of the new secret.
        secret: Hash,
        /// Until when the old one is good, in milliseconds since the Unix epoch.
        old_until_ms: i64,
    },
    /// `KeyRevoked`: it is good no more.
    Revoked,
}

/// A key as it is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for.
    pub kind: KeyKind,
    /// Whose it is: the actor of what it does.
    pub name: String,
    /// What it is good for.
    pub scope: Scope,
    /// Origins of pages that may use it; of browsers' keys only.
    pub origins: Vec<String>,
    /// Until when it is good, in milliseconds since the Unix epoch.
    pub expires_ms: Option<i64>,
    /// May it say who acts.
    pub names_actors: bool,
    /// The digest of its secret.
    pub secret: Hash,
}
