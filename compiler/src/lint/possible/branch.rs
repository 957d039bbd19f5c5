//! One branch of the tableau: what is claimed, the choices not yet made, and the facts so far.
//!
//! In: claims. Out: facts by attribute, bucketing and flag; whether they contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::{Asked, Fact};
use super::{Claim, attribute, bucket, flag};
use crate::flag_set::{Bucket, FlagTest, Predicate, Segment};
use crate::lint::known::{Known, Steps};
use crate::lint::unit::{self, Hashing, Paths};

/// The attribute that overrides and segments list.
const TARGETING_KEY: &str = vexil_abi::manifest::TARGETING_KEY;

/// See the head of this file.
#[derive(Clone, Debug, Default)]
pub(super) struct Branch<'a> {
    pending: Vec<Claim<'a>>,
    /// Of each some way has to be met.
    choices: Vec<Vec<Claim<'a>>>,
    paths: BTreeMap<&'a str, Vec<Fact<'a>>>,
    buckets: BTreeMap<Hashing<'a>, Vec<(&'a Bucket, bool)>>,
    flags: BTreeMap<&'a str, Vec<(&'a FlagTest, bool)>>,
    segments: BTreeMap<&'a str, bool>,
    /// What has new facts since it was last looked at.
    touched: BTreeSet<Subject<'a>>,
    /// Two claims about one segment contradict each other.
    contradicts: bool,
}

/// What facts are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject<'a> {
    Path(&'a str),
    Bucket(Hashing<'a>),
    Flag(&'a str),
}

/// What became of the choices.
pub(super) enum Dropped {
    /// One has no way left.
    Closed,
    /// Some have one way left, which is claimed now.
    Facts,
    /// No more can be said without branching.
    Nothing,
}

impl<'a> Branch<'a> {
    /// The branch that claims all of `claims`.
    pub(super) fn of(claims: Vec<Claim<'a>>) -> Self {
        Self { pending: claims, ..Self::default() }
    }

    /// This branch with one more claim.
    pub(super) fn with(&self, claim: Claim<'a>) -> Self {
        let mut branch = self.clone();
        branch.pending.push(claim);
        branch
    }

    /// What a copy costs, in steps.
    pub(super) fn size(&self) -> usize {
        self.choices.iter().map(Vec::len).sum::<usize>() + self.paths.len() + self.buckets.len()
    }

    /// Turns all pending claims into facts and choices; false when one cannot be met. Claims for
    /// which there are no steps left are dropped, which keeps the branch open.
    pub(super) fn take_apart(&mut self, known: &Known<'a>, steps: &Steps<'_>) -> bool {
        while let Some(claim) = self.pending.pop() {
            if !steps.take(1) {
                continue;
            }
            match claim {
                Claim::All(claims) => self.pending.extend(claims),
                Claim::OneOf(ways) => {
                    if !self.choose(ways) {
                        return false;
                    }
                }
                Claim::Listed(keys, truth) => self.listed(keys, truth),
                Claim::Serves(test, truth) => {
                    self.touched.insert(Subject::Flag(&test.flag));
                    self.flags.entry(&test.flag).or_default().push((test, truth));
                }
                Claim::Unit(paths, truth) => {
                    if !self.unit(paths, truth) {
                        return false;
                    }
                }
                Claim::Holds { predicate, owner, truth } => {
                    if !self.predicate(known, predicate, owner, truth) {
                        return false;
                    }
                }
            }
            if self.contradicts {
                return false;
            }
        }
        true
    }

    /// Do the facts that are new go together with the others on the same subject?
    pub(super) fn is_consistent(&mut self, known: &Known<'a>, steps: &Steps<'_>) -> bool {
        let touched = std::mem::take(&mut self.touched);
        touched.into_iter().all(|subject| self.allows(subject, known, steps))
    }

    /// Drops ways that the facts rule out; a choice with one way left becomes a claim.
    pub(super) fn drop_ways(&mut self, known: &Known<'a>, steps: &Steps<'_>) -> Dropped {
        let mut dropped = Dropped::Nothing;
        for mut ways in std::mem::take(&mut self.choices) {
            ways.retain(|way| self.leaves_open(way, known, steps));
            match ways.len() {
                0 => return Dropped::Closed,
                1 => {
                    self.pending.extend(ways);
                    dropped = Dropped::Facts;
                }
                _ => self.choices.push(ways),
            }
        }
        dropped
    }

    /// Takes out the choice with the fewest ways.
    pub(super) fn smallest_choice(&mut self) -> Option<Vec<Claim<'a>>> {
        let smallest = self.choices.iter().enumerate().min_by_key(|(_, ways)| ways.len())?.0;
        Some(self.choices.remove(smallest))
    }

    /// May `way` go together with the facts? Looks at the facts it has without further choices.
    fn leaves_open(&self, way: &Claim<'a>, known: &Known<'a>, steps: &Steps<'_>) -> bool {
        let mut lone = Self::of(vec![way.clone()]);
        if !lone.take_apart(known, steps) {
            return false;
        }
        let mut segments = lone.segments.iter();
        if segments.any(|(key, truth)| self.segments.get(key).is_some_and(|other| other != truth)) {
            return false;
        }
        for (path, facts) in &mut lone.paths {
            facts.extend(self.paths.get(path).into_iter().flatten().copied());
        }
        for (hashing, facts) in &mut lone.buckets {
            facts.extend(self.buckets.get(hashing).into_iter().flatten().copied());
        }
        for (key, facts) in &mut lone.flags {
            facts.extend(self.flags.get(key).into_iter().flatten().copied());
        }
        lone.is_consistent(known, steps)
    }

    fn allows(&self, subject: Subject<'a>, known: &Known<'a>, steps: &Steps<'_>) -> bool {
        match subject {
            Subject::Path(path) => {
                let facts = self.paths.get(path).map(Vec::as_slice).unwrap_or_default();
                attribute::possible(path, facts, steps)
            }
            Subject::Bucket(hashing) => {
                let facts = self.buckets.get(&hashing).map(Vec::as_slice).unwrap_or_default();
                bucket::possible(facts, self.has_unit(hashing.paths), steps)
            }
            Subject::Flag(key) => {
                let facts = self.flags.get(key).map(Vec::as_slice).unwrap_or_default();
                flag::possible(facts, known.meeting(key).as_ref(), steps)
            }
        }
    }

    /// Is it a fact that there is a unit at the one path of `paths`?
    fn has_unit(&self, paths: Paths<'a>) -> bool {
        let [path] = paths else { return false };
        let mut facts = self.paths.get(path.as_str()).into_iter().flatten();
        facts.any(|fact| fact.truth && matches!(fact.asked, Asked::Unit))
    }

    fn choose(&mut self, mut ways: Vec<Claim<'a>>) -> bool {
        match ways.len() {
            0 => return false,
            1 => self.pending.append(&mut ways),
            _ => self.choices.push(ways),
        }
        true
    }

    fn fact(&mut self, path: &'a str, asked: Asked<'a>, truth: bool) {
        self.touched.insert(Subject::Path(path));
        self.paths.entry(path).or_default().push(Fact { asked, truth });
    }

    fn listed(&mut self, keys: &'a [String], truth: bool) {
        self.fact(TARGETING_KEY, Asked::Listed(keys), truth);
    }

    fn unit(&mut self, paths: Paths<'a>, truth: bool) -> bool {
        if truth && paths.len() > 1 {
            let each = paths.iter().map(|path| Claim::Unit(std::slice::from_ref(path), true));
            return self.choose(each.collect());
        }
        paths.iter().for_each(|path| self.fact(path, Asked::Unit, truth));
        true
    }

    fn predicate(
        &mut self,
        known: &Known<'a>,
        predicate: &'a Predicate,
        owner: &'a str,
        truth: bool,
    ) -> bool {
        let part = |predicate| Claim::Holds { predicate, owner, truth };
        match predicate {
            Predicate::Not(inner) => {
                self.pending.push(Claim::Holds { predicate: inner, owner, truth: !truth });
            }
            Predicate::All(parts) if truth => self.pending.extend(parts.iter().map(part)),
            Predicate::Any(parts) if !truth => self.pending.extend(parts.iter().map(part)),
            Predicate::All(parts) | Predicate::Any(parts) => {
                return self.choose(parts.iter().map(part).collect());
            }
            Predicate::Segment(key) => return self.segment(known, key, truth),
            Predicate::Flag(test) => self.pending.push(Claim::Serves(test, truth)),
            Predicate::Bucket(range) => {
                let hashing = unit::of_bucket(range, owner);
                if truth {
                    self.pending.push(Claim::Unit(hashing.paths, true));
                }
                self.touched.insert(Subject::Bucket(hashing));
                self.buckets.entry(hashing).or_default().push((range, truth));
            }
            Predicate::Attribute { path, test } => self.fact(path, Asked::Test(test), truth),
        }
        true
    }

    /// A segment is a name for what it means; the name is noted too, because the meaning may be
    /// more than there are steps for.
    fn segment(&mut self, known: &Known<'a>, key: &'a str, truth: bool) -> bool {
        match self.segments.insert(key, truth) {
            Some(before) if before == truth => return true,
            Some(_) => return false,
            None => {}
        }
        if let Some((key, segment)) = known.segments.get_key_value(key) {
            self.pending.push(member(key, segment, truth));
        }
        true
    }
}

/// Not excluded, and included or meant by `when`; or the opposite.
fn member<'a>(key: &'a str, segment: &'a Segment, truth: bool) -> Claim<'a> {
    let listed =
        |keys: &'a Vec<String>, truth| (!keys.is_empty()).then_some(Claim::Listed(keys, truth));
    let when = segment.when.as_ref();
    let when = when.map(|predicate| Claim::Holds { predicate, owner: key, truth });
    let included = listed(&segment.included, truth);
    let excluded = listed(&segment.excluded, !truth);
    if truth {
        let ways = Claim::OneOf(included.into_iter().chain(when).collect());
        return Claim::All(excluded.into_iter().chain([ways]).collect());
    }
    let stranger = Claim::All(included.into_iter().chain(when).collect());
    Claim::OneOf(excluded.into_iter().chain([stranger]).collect())
}
