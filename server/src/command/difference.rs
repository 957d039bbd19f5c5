//! What differs between two configurations, as the fewest changes that people would make.
//!
//! In: a configuration as it is and as it is wanted. Out: changes that lead from one to the other.
//! Order counts: of variants, weights, overrides and rules. The equality of the core types does not
//! see the order of maps, so what is equal is compared once more as written.

use std::collections::BTreeSet;

use serde_json::Value;
use vexil_compiler::document::{
    write_configuration, write_definition, write_rule, write_segment, write_serve,
};
use vexil_compiler::flag_set::{Configuration, Definition, Rule, Segment, Serve};

use crate::limits::CONFIGURATION_CHANGES_MAX;
use crate::log::change::FlagChange;

/// Whether two values are written the same. Their own equality does not see the order of objects,
/// which counts here: of variants, weights, overrides.
pub(super) fn same_text(a: &Value, b: &Value) -> bool {
    let (a, b) = (a.to_string(), b.to_string());
    a == b
}

/// Whether two definitions mean the same, in the same order.
pub(super) fn same_definition(a: &Definition, b: &Definition) -> bool {
    a == b && same_text(&write_definition(a), &write_definition(b))
}

/// Whether two segments mean the same, in the same order.
pub(super) fn same_segment(a: &Segment, b: &Segment) -> bool {
    a == b && same_text(&write_segment(a), &write_segment(b))
}

fn same_configuration(a: &Configuration, b: &Configuration) -> bool {
    a == b && same_text(&write_configuration(a), &write_configuration(b))
}

fn same_rule(a: &Rule, b: &Rule) -> bool {
    a == b && same_text(&write_rule(a), &write_rule(b))
}

fn same_serve(a: &Serve, b: &Serve) -> bool {
    a == b && same_text(&write_serve(a), &write_serve(b))
}

/// The changes that lead from `now` to `wanted`. Many become one: the whole configuration; so does
/// more than one where the environment has no configuration of its own yet.
pub(super) fn difference(
    now: &Configuration,
    wanted: &Configuration,
    has_own: bool,
) -> Vec<FlagChange> {
    if same_configuration(now, wanted) {
        return Vec::new();
    }
    let changes = parts(now, wanted);
    let most = if has_own { CONFIGURATION_CHANGES_MAX } else { 1 };
    if changes.len() > most {
        return vec![FlagChange::Configuration(wanted.clone())];
    }
    changes
}

fn parts(now: &Configuration, wanted: &Configuration) -> Vec<FlagChange> {
    let mut changes = Vec::new();
    if now.off_variant != wanted.off_variant {
        changes.push(FlagChange::OffVariant(wanted.off_variant.clone()));
    }
    if now.prerequisites != wanted.prerequisites {
        changes.push(FlagChange::Prerequisites(wanted.prerequisites.clone()));
    }
    if !now.overrides.iter().eq(wanted.overrides.iter()) {
        changes.push(FlagChange::Overrides(wanted.overrides.clone()));
    }
    rules(&now.rules, &wanted.rules, &mut changes);
    if !same_serve(&now.fallthrough, &wanted.fallthrough) {
        changes.push(FlagChange::Fallthrough(wanted.fallthrough.clone()));
    }
    // The switch last: what is switched on is then what is wanted.
    match (now.enabled, wanted.enabled) {
        (false, true) => changes.push(FlagChange::Enabled),
        (true, false) => changes.push(FlagChange::Disabled),
        _ => {}
    }
    changes
}

/// Adds the changes that lead from the rules `now` to those `wanted`.
fn rules(now: &[Rule], wanted: &[Rule], changes: &mut Vec<FlagChange>) {
    let find = |id: &str| now.iter().find(|rule| rule.id == id);
    let kept: BTreeSet<&str> = wanted.iter().map(|rule| rule.id.as_str()).collect();
    let mut ids: Vec<&str> = Vec::new();
    for rule in now {
        if kept.contains(rule.id.as_str()) {
            ids.push(&rule.id);
        } else {
            changes.push(FlagChange::RuleRemoved { rule: rule.id.clone() });
        }
    }
    for (index, rule) in wanted.iter().enumerate() {
        match find(&rule.id) {
            Some(old) if same_rule(old, rule) => {}
            Some(_) => changes.push(FlagChange::RuleChanged(rule.clone())),
            None => {
                // Every wanted rule before this one is there already, so there are enough.
                ids.insert(index, &rule.id);
                changes.push(FlagChange::RuleAdded { index, rule: rule.clone() });
            }
        }
    }
    if !ids.iter().copied().eq(wanted.iter().map(|rule| rule.id.as_str())) {
        let order = wanted.iter().map(|rule| rule.id.clone()).collect();
        changes.push(FlagChange::RulesReordered { order });
    }
}
