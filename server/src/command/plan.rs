//! Plans: what changes come to, step by step, for people.
//!
//! In: changes, or the events they became. Out: steps with an action, a place in the document, and
//! one line. One step for each change.

use serde::Serialize;
use serde_json::Value;

use super::draft::pointer;
use crate::log::change::Change;
use crate::log::event::Event;
use crate::log::summary::summary;

/// One step of the plan of an `apply`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is done.
    pub action: Action,
    /// To what: a JSON pointer into the document.
    pub pointer: String,
    /// One line for people.
    pub summary: String,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Something comes to be.
    Create,
    /// Something changes.
    Change,
    /// A flag leaves use.
    Archive,
    /// Something goes away.
    Delete,
}

/// The steps that `changes` take.
#[must_use]
pub fn plan(changes: &[Change]) -> Vec<Step> {
    changes.iter().map(|change| step(change.kind(), &change.payload())).collect()
}

/// The steps that `events` were.
#[must_use]
pub fn plan_of_events(events: &[Event]) -> Vec<Step> {
    events.iter().map(|event| step(&event.kind, &event.payload)).collect()
}

fn step(kind: &str, payload: &Value) -> Step {
    let action = match kind {
        "ProjectCreated" | "EnvironmentCreated" | "FlagCreated" | "SegmentCreated" => {
            Action::Create
        }
        "FlagArchived" => Action::Archive,
        "FlagDeleted" | "SegmentDeleted" => Action::Delete,
        _ => Action::Change,
    };
    Step { action, pointer: place(kind, payload), summary: summary(kind, payload) }
}

fn place(kind: &str, payload: &Value) -> String {
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    match (text("flag"), text("environment"), text("segment")) {
        (Some(flag), Some(environment), _) => {
            let at = pointer(&["flags", flag, "environments", environment]);
            format!("{at}{}", part(kind))
        }
        (Some(flag), None, _) => pointer(&["flags", flag]),
        (None, _, Some(segment)) => pointer(&["segments", segment]),
        (None, None, None) if kind == "SensitiveAttributesChanged" => pointer(&["sensitive"]),
        (None, Some(_), None) if kind == "EnvironmentCreated" => pointer(&["environments"]),
        _ => String::new(),
    }
}

/// The part of a configuration that an event is about.
fn part(kind: &str) -> &'static str {
    match kind {
        "FlagEnabled" | "FlagDisabled" => "/enabled",
        "OffVariantChanged" => "/off_variant",
        "PrerequisitesChanged" => "/prerequisites",
        "OverridesChanged" => "/overrides",
        "RuleAdded" | "RuleChanged" | "RuleRemoved" | "RulesReordered" => "/rules",
        "FallthroughChanged" => "/fallthrough",
        _ => "",
    }
}
