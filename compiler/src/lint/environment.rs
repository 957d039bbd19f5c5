//! One environment as the lints see it: each flag's configuration, what is reached of it, and what
//! it can come to.
//!
//! In: a project and the environment's name. Out: readings of flags, each made after those of the
//! flags it names. Chains are as short as `check` lets them be; on one that goes in circles the
//! flag that closes it is taken to serve anything.

use std::collections::{BTreeMap, BTreeSet};

use super::known::{Known, Outcomes};
use super::reach::{self, Reach};
use crate::check::pointer::Path;
use crate::flag_set::{Configuration, Definition, Predicate, Project, Serve};
use crate::limits::MAX_CHAIN;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Environment<'a> {
    pub(super) key: &'a str,
    flags: BTreeMap<&'a str, Reading<'a>>,
    /// Flags whose reading has begun: one that is named again before it ends goes in a circle.
    begun: BTreeSet<&'a str>,
    /// What they come to.
    outcomes: BTreeMap<&'a str, Outcomes<'a>>,
    known: &'a Known<'a>,
}

/// A flag whose configuration is written down in the environment.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) key: &'a str,
    pub(super) environment: &'a str,
    pub(super) configuration: &'a Configuration,
    /// `None` when it is switched off.
    pub(super) reach: Option<Reach>,
}

impl Reading<'_> {
    /// Calls `then` with the place of the configuration.
    pub(super) fn at(&self, then: impl FnOnce(&Path<'_>)) {
        let flags = Path::Root("/flags");
        let flag = flags.field(self.key);
        let environments = flag.field("environments");
        then(&environments.field(self.environment));
    }
}

impl<'a> Environment<'a> {
    /// Reads the environment `key` of `project`.
    pub(super) fn read(project: &'a Project, key: &'a str, known: &'a Known<'a>) -> Self {
        known.forget_outcomes();
        let (flags, begun, outcomes) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        let mut environment = Self { key, flags, begun, outcomes, known };
        for (flag, _) in super::active(project) {
            environment.visit(project, flag, MAX_CHAIN + 1);
        }
        environment
    }

    /// The flag `key`, if it is in use and has a configuration here.
    pub(super) fn flag(&self, key: &str) -> Option<&Reading<'a>> {
        self.flags.get(key)
    }

    /// All of those, by key.
    pub(super) fn readings(&self) -> impl Iterator<Item = &Reading<'a>> {
        self.flags.values()
    }

    /// What the flag `key` can come to here; `None`: not known.
    pub(super) fn outcomes(&self, key: &str) -> Option<&Outcomes<'a>> {
        self.outcomes.get(key)
    }

    /// Reads a flag after those it names, which are at most `depth` deep.
    fn visit(&mut self, project: &'a Project, key: &str, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let Some((key, flag)) = project.flags.get_key_value(key) else { return };
        if !self.begun.insert(key) {
            return;
        }
        let Some(configuration) = flag.environments.get(self.key) else {
            let off = off_variant(&flag.definition);
            let served = off.into_iter().collect();
            return self.learn(key, Outcomes { served, ..Outcomes::default() });
        };
        for needed in needs(configuration) {
            self.visit(project, needed, depth);
        }
        let reach = configuration.enabled.then(|| reach::read(self.known, key, configuration));
        self.learn(key, outcomes(configuration, reach.as_ref()));
        let reading = Reading { key, environment: self.key, configuration, reach };
        self.flags.insert(key, reading);
    }

    fn learn(&mut self, key: &'a str, outcomes: Outcomes<'a>) {
        self.known.learn(key, outcomes.clone());
        self.outcomes.insert(key, outcomes);
    }
}

/// [`Definition::default_off_variant`], as a part of it.
fn off_variant(definition: &Definition) -> Option<&str> {
    let off = definition.default_off_variant();
    definition.variants.get_key_value(&off).map(|(key, _)| key.as_str())
}

/// The flags that `configuration` names.
fn needs(configuration: &Configuration) -> BTreeSet<&str> {
    let prerequisites = configuration.prerequisites.iter();
    let mut flags: BTreeSet<&str> = prerequisites.map(|test| test.flag.as_str()).collect();
    let mut waiting: Vec<&Predicate> = configuration.rules.iter().map(|rule| &rule.when).collect();
    while let Some(predicate) = waiting.pop() {
        match predicate {
            Predicate::Flag(test) => {
                flags.insert(&test.flag);
            }
            Predicate::All(parts) | Predicate::Any(parts) => waiting.extend(parts),
            Predicate::Not(part) => waiting.push(part),
            _ => {}
        }
    }
    flags
}

/// What a flag of `configuration` can come to; `reach` is `None` when it is switched off.
fn outcomes<'a>(configuration: &'a Configuration, reach: Option<&Reach>) -> Outcomes<'a> {
    let off = configuration.off_variant.as_str();
    let Some(reach) = reach else {
        return Outcomes { served: BTreeSet::from([off]), meeting: BTreeSet::new() };
    };
    let mut served = BTreeSet::new();
    if !configuration.prerequisites.is_empty() {
        served.insert(off);
    }
    if reach.prerequisites {
        let overrides = configuration.overrides.iter().filter(|(_, keys)| !keys.is_empty());
        served.extend(overrides.map(|(variant, _)| variant.as_str()));
    }
    let rules = configuration.rules.iter().zip(&reach.rules);
    let reached = rules.filter(|(_, never)| never.is_none()).map(|(rule, _)| &rule.serve);
    let fallthrough = reach.fallthrough.then_some(&configuration.fallthrough);
    served.extend(reached.chain(fallthrough).flat_map(variants));
    Outcomes { meeting: served.clone(), served }
}

/// The variants that `serve` can give.
pub(super) fn variants(serve: &Serve) -> Vec<&str> {
    match serve {
        Serve::Variant(variant) => vec![variant],
        Serve::Split(split) => {
            let arms = split.weights.iter().filter(|(_, weight)| **weight > 0);
            let arms = arms.map(|(variant, _)| variant.as_str());
            arms.chain(split.otherwise.as_deref()).collect()
        }
    }
}
