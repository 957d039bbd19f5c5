//! Which rules of a flag are reached, by anybody.
//!
//! In: a flag's configuration in one environment. Out: of each rule whether it decides for some
//! context, and if not, why; whether the fallthrough does. A rule decides where its condition holds
//! and it has something to serve: a split without `otherwise` passes on those who have no unit.

use super::known::Known;
use super::possible::{Claim, possible};
use super::unit;
use crate::flag_set::{Configuration, Rule, Serve};
use crate::limits::MAX_LINT_RULES;

/// Why a rule never decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Never {
    /// The rules before it decide for everybody: this one, and perhaps others with it, if `alone`
    /// is false.
    Decided { by: usize, alone: bool },
    /// The rule of this index decides for everybody it applies to.
    Shadowed { by: usize },
    /// What stands before it, taken together, leaves nobody it applies to.
    LeftOver,
    /// Its own condition never holds, or what it serves needs a unit that cannot be there.
    Condition,
    /// The prerequisites are never met.
    Unmet,
}

/// What is reached of one configuration. Each is an upper bound: "never" is certain.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// Of each rule, why it never decides; `None`: it may.
    pub(super) rules: Vec<Option<Never>>,
    /// The fallthrough may be reached.
    pub(super) fallthrough: bool,
    /// The prerequisites may be met.
    pub(super) prerequisites: bool,
}

/// What is reached of `configuration`, which is that of the flag `key`, switched on.
pub(super) fn read<'a>(known: &Known<'a>, key: &'a str, configuration: &'a Configuration) -> Reach {
    let rules = &configuration.rules;
    let met: Vec<Claim<'_>> =
        configuration.prerequisites.iter().map(|test| Claim::Serves(test, true)).collect();
    if !possible(known, met.clone()) {
        let rules = vec![Some(Never::Unmet); rules.len()];
        return Reach { rules, fallthrough: false, prerequisites: false };
    }
    let overrides = configuration.overrides.values().filter(|keys| !keys.is_empty());
    let before: Vec<Claim<'_>> =
        met.into_iter().chain(overrides.map(|keys| Claim::Listed(keys, false))).collect();
    let reading = Reading { known, key, rules, before };
    let end = reading.end();
    let rules = (0..rules.len()).map(|index| reading.never(index, end)).collect();
    Reach { rules, fallthrough: end.is_none(), prerequisites: true }
}

struct Reading<'k, 'a> {
    known: &'k Known<'a>,
    key: &'a str,
    rules: &'a [Rule],
    /// The prerequisites are met and no override applies.
    before: Vec<Claim<'a>>,
}

impl<'a> Reading<'_, 'a> {
    /// The rule after which nobody is left, and whether it alone sees to that; `None`: somebody
    /// may be.
    fn end(&self) -> Option<(usize, bool)> {
        let all = self.rules.len();
        if self.may_pass(0..all, false) {
            return None;
        }
        // Nobody is left after all of them, so there is a first after which nobody is.
        let by = (0..all).find(|&index| !self.may_pass(0..index + 1, false))?;
        Some((by, !self.may_pass(by..by + 1, true)))
    }

    /// May somebody be passed on by all `rules`; by them `alone`, or by what is before too?
    fn may_pass(&self, rules: std::ops::Range<usize>, alone: bool) -> bool {
        let passed = self.rules.get(rules).unwrap_or_default().iter();
        let passed = passed.map(|rule| passes(rule, self.key));
        let before = if alone { &[][..] } else { &self.before[..] };
        possible(self.known, passed.chain(before.iter().cloned()).collect())
    }

    fn never(&self, index: usize, end: Option<(usize, bool)>) -> Option<Never> {
        if let Some((by, alone)) = end.filter(|(by, _)| *by < index) {
            return Some(Never::Decided { by, alone });
        }
        let (earlier, rest) = self.rules.split_at_checked(index)?;
        let decides = || decides(rest.first().into_iter(), self.key);
        if !possible(self.known, decides()) {
            return Some(Never::Condition);
        }
        // Far above it stands little that has to do with a rule, and each one costs.
        let near = earlier.len().saturating_sub(MAX_LINT_RULES);
        let earlier = earlier.get(near..).unwrap_or_default();
        let mut claims = decides();
        claims.extend(earlier.iter().map(|rule| passes(rule, self.key)));
        claims.extend(self.before.iter().cloned());
        if possible(self.known, claims) {
            return None;
        }
        let by = earlier.iter().position(|rule| {
            let mut claims = decides();
            claims.push(passes(rule, self.key));
            !possible(self.known, claims)
        });
        Some(by.map_or(Never::LeftOver, |by| Never::Shadowed { by: near + by }))
    }
}

/// The rule decides for the context.
fn decides<'a>(rule: impl Iterator<Item = &'a Rule>, owner: &'a str) -> Vec<Claim<'a>> {
    rule.flat_map(|rule| {
        let holds = Claim::Holds { predicate: &rule.when, owner, truth: true };
        [Some(holds), unit_needed(&rule.serve, true)].into_iter().flatten()
    })
    .collect()
}

/// The rule does not decide for the context.
fn passes<'a>(rule: &'a Rule, owner: &'a str) -> Claim<'a> {
    let fails = Claim::Holds { predicate: &rule.when, owner, truth: false };
    match unit_needed(&rule.serve, false) {
        Some(missing) => Claim::OneOf(vec![fails, missing]),
        None => fails,
    }
}

/// The claim that the unit that `serve` cannot do without is there, or is not.
fn unit_needed(serve: &Serve, truth: bool) -> Option<Claim<'_>> {
    match serve {
        Serve::Split(split) if split.otherwise.is_none() => {
            Some(Claim::Unit(unit::of_split(split), truth))
        }
        Serve::Split(_) | Serve::Variant(_) => None,
    }
}
