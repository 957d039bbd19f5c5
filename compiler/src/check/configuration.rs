//! How a flag behaves in one environment: switch, prerequisites, overrides, rules, fallthrough.
//!
//! In: a configuration and the flag and project around it. Out: faults, at pointers beneath it.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::faults::Faults;
use super::names::{grouped, key, quoted};
use super::pointer::Path;
use super::{Scope, codes, predicate, serve};
use crate::flag_set::{Configuration, Rule};
use crate::limits::{MAX_OPERAND_BYTES, MAX_RULES, MAX_SET};

/// Every fault of `configuration`, which stands at `at`.
pub(crate) fn check(
    scope: &Scope<'_>,
    configuration: &Configuration,
    at: &Path<'_>,
    faults: &mut Faults,
) {
    scope.variant(&configuration.off_variant, &at.field("off_variant"), faults);
    let list = at.field("prerequisites");
    for (index, prerequisite) in configuration.prerequisites.iter().enumerate() {
        scope.flag_test(prerequisite, &list.item(index), faults);
    }
    overrides(scope, &configuration.overrides, &at.field("overrides"), faults);
    rules(scope, &configuration.rules, &at.field("rules"), faults);
    serve::check(scope, &configuration.fallthrough, &at.field("fallthrough"), faults);
}

fn overrides(
    scope: &Scope<'_>,
    overrides: &IndexMap<String, Vec<String>>,
    at: &Path<'_>,
    faults: &mut Faults,
) {
    let mut variant_of: BTreeMap<&str, &str> = BTreeMap::new();
    for (variant, keys) in overrides {
        let list = at.field(variant);
        scope.variant(variant, &list, faults);
        targeting_keys(keys, &list, faults);
        for (index, subject) in keys.iter().enumerate() {
            let first = *variant_of.entry(subject).or_insert(variant);
            if first != variant {
                let message = format!(
                    "the targeting key {} is overridden to {} already",
                    quoted(subject),
                    quoted(first)
                );
                let help = "leave it in one of the two lists";
                faults.advise(codes::DUPLICATE_OVERRIDE, &list.item(index), message, help);
            }
        }
    }
}

/// Faults a list of targeting keys that is too long, and keys that are.
pub(crate) fn targeting_keys(keys: &[String], at: &Path<'_>, faults: &mut Faults) {
    if keys.len() > MAX_SET {
        let (count, most) = (grouped(keys.len() as u64), grouped(MAX_SET as u64));
        faults.add(codes::TOO_MANY, at, format!("{count} targeting keys, more than {most}"));
    }
    for (index, subject) in keys.iter().enumerate() {
        if subject.len() > MAX_OPERAND_BYTES {
            let (bytes, most) = (grouped(subject.len() as u64), grouped(MAX_OPERAND_BYTES as u64));
            let message = format!("the targeting key has {bytes} bytes, more than {most}");
            faults.add(codes::TOO_LONG, &at.item(index), message);
        }
    }
}

fn rules(scope: &Scope<'_>, rules: &[Rule], at: &Path<'_>, faults: &mut Faults) {
    if rules.len() > MAX_RULES {
        let (count, most) = (grouped(rules.len() as u64), grouped(MAX_RULES as u64));
        faults.add(codes::TOO_MANY, at, format!("{count} rules, more than {most}"));
    }
    let mut ids = BTreeSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let place = at.item(index);
        check_rule(scope, rule, &place, faults);
        if !ids.insert(rule.id.as_str()) {
            let message = format!("the rule id {} is taken already", quoted(&rule.id));
            let help = "give each rule of the flag an id of its own";
            faults.advise(codes::DUPLICATE_RULE, &place.field("id"), message, help);
        }
    }
}

/// Every fault of one rule, its id's uniqueness aside.
pub(crate) fn check_rule(scope: &Scope<'_>, rule: &Rule, at: &Path<'_>, faults: &mut Faults) {
    if let Err(wrong) = key(&rule.id) {
        let message = format!("the rule's id {} {wrong}", quoted(&rule.id));
        faults.add(codes::BAD_KEY, &at.field("id"), message);
    }
    predicate::check(scope, &rule.when, &at.field("when"), faults);
    serve::check(scope, &rule.serve, &at.field("serve"), faults);
}
