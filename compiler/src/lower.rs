//! Flag set → program: names become ids, defaults become explicit, units and slots are collected.
//!
//! In: a flag set that `check` found without fault. Out: a program that means the same. What a
//! faulty flag set would break here is answered with an error verdict, never a panic.

mod fraction;
mod leaf;
mod names;
mod network;
mod numbered;
mod version;

use vexil_abi::manifest::TARGETING_KEY;
use vexil_abi::verdict::{NO_RULE, Verdict, detail, error_code, reason};

use crate::flag_set::{self, FlagSet, Hashing, Predicate, Serve as SourceServe};
use crate::program::{
    Answer, Arm, Body, Bucketing, Flag, Gate, Hash, Kind, Leaf, Missing, Over, Pred, Program,
    Range, Read, Rule, RuleIndex, Segment, Serve, Set, Slot, SlotId, Split, Test, Unit, UnitId,
    VariantIndex,
};
use names::Names;
use numbered::Numbered;

/// Buckets of a native split.
pub const BUCKETS: u32 = 100_000;

/// Lowers a checked flag set. A segment that no flag asks for leaves no trace.
#[must_use]
pub fn lower(flag_set: &FlagSet) -> Program {
    let switched_on = flag_set.flags.values().filter(|flag| flag.configuration.enabled);
    let rules = switched_on.flat_map(|flag| &flag.configuration.rules);
    let used = flag_set::segments_in_use(rules, &flag_set.segments);
    let mut lowering = Lowering {
        names: Names::of(flag_set, &used),
        slots: Numbered::default(),
        units: Numbered::default(),
    };
    let segments = flag_set.segments.iter().filter(|(key, _)| used.contains(key.as_str()));
    let segments = segments.map(|(key, segment)| lowering.segment(key, segment)).collect();
    let flags = flag_set.flags.iter().map(|(key, flag)| lowering.flag(key, flag)).collect();
    let (slots, units) = (lowering.slots.in_order(), lowering.units.in_order());
    Program { slots, units, segments, flags }
}

struct Lowering<'a> {
    names: Names<'a>,
    slots: Numbered<Slot>,
    units: Numbered<Unit>,
}

/// Where a predicate stands: whose key is the default salt.
#[derive(Clone, Copy)]
struct Place<'a> {
    owner: &'a str,
}

impl<'a> Lowering<'a> {
    fn slot(&mut self, path: &str, read: Read) -> SlotId {
        SlotId(self.slots.number(Slot { path: path.to_owned(), read }))
    }

    fn unit(&mut self, by: &[String]) -> UnitId {
        let unit = Unit { slots: by.iter().map(|path| self.slot(path, Read::Unit)).collect() };
        UnitId(self.units.number(unit))
    }

    fn segment(&mut self, key: &str, segment: &flag_set::Segment) -> Segment {
        let place = Place { owner: key };
        let matched = match &segment.when {
            Some(when) => self.predicate(when, place),
            None => Pred::Const(false),
        };
        let included = Pred::Any(vec![self.is_one_of(&segment.included), matched]);
        let excluded = self.is_one_of(&segment.excluded);
        let when = Pred::All(vec![Pred::Not(Box::new(excluded)), included]);
        Segment { key: key.to_owned(), when }
    }

    /// The targeting key is one of `keys`.
    fn is_one_of(&mut self, keys: &[String]) -> Pred {
        if keys.is_empty() {
            return Pred::Const(false);
        }
        let slot = self.slot(TARGETING_KEY, Read::Unit);
        let strings = leaf::sorted(keys.iter().cloned());
        let set = Set { strings, is_cohort: true, ..Set::default() };
        let test = Test::In(set);
        Pred::Leaf(Leaf { slot, over: Over::Value, test })
    }

    fn flag(&mut self, key: &str, flag: &flag_set::Flag) -> Flag {
        let definition = &flag.definition;
        Flag {
            key: key.to_owned(),
            kind: match definition.kind {
                flag_set::Kind::Boolean => Kind::Boolean,
                flag_set::Kind::String => Kind::String,
                flag_set::Kind::Number => Kind::Number,
                flag_set::Kind::Json => Kind::Json,
            },
            variants: definition.variants.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            rule_ids: flag.configuration.rules.iter().map(|rule| rule.id.clone()).collect(),
            prerequisites: prerequisites(flag),
            body: self.body(key, flag),
        }
    }

    fn body(&mut self, key: &str, flag: &flag_set::Flag) -> Body {
        let configuration = &flag.configuration;
        let off = self.names.variant(key, &configuration.off_variant);
        if !configuration.enabled {
            let last = Serve::Answer(serve(off, reason::DISABLED));
            return Body { gates: Vec::new(), rules: Vec::new(), last };
        }
        let gates = configuration
            .prerequisites
            .iter()
            .enumerate()
            .filter_map(|(index, test)| self.gate(index, test, off))
            .collect();
        let mut rules: Vec<Rule> = configuration
            .overrides
            .iter()
            .map(|(variant, keys)| self.override_rule(key, variant, keys))
            .collect();
        for (index, rule) in configuration.rules.iter().enumerate() {
            let when = self.predicate(&rule.when, Place { owner: key });
            let serve = self.serve(key, &rule.serve, Decided::ByRule(RuleIndex(index as u16)));
            rules.push(Rule { when, serve });
        }
        let plain = configuration.prerequisites.is_empty()
            && configuration.overrides.values().all(Vec::is_empty)
            && configuration.rules.is_empty();
        let last = self.serve(key, &configuration.fallthrough, Decided::AtLast { plain });
        Body { gates, rules, last }
    }

    fn gate(
        &self,
        index: usize,
        test: &flag_set::FlagTest,
        off: Option<VariantIndex>,
    ) -> Option<Gate> {
        let mut failed = serve(off, reason::DEFAULT);
        failed.0.detail = index as u16 + 1;
        Some(Gate { test: self.names.flag_test(test)?, failed })
    }

    fn override_rule(&mut self, flag: &str, variant: &str, keys: &[String]) -> Rule {
        let mut answer = serve(self.names.variant(flag, variant), reason::TARGETING_MATCH);
        answer.0.detail = detail::OVERRIDE;
        Rule { when: self.is_one_of(keys), serve: Serve::Answer(answer) }
    }

    fn serve(&mut self, flag: &str, source: &SourceServe, decided: Decided) -> Serve {
        match source {
            SourceServe::Variant(variant) => {
                Serve::Answer(decided.plainly(self.names.variant(flag, variant)))
            }
            SourceServe::Split(split) => Serve::Split(self.split(flag, split, decided)),
        }
    }

    fn split(&mut self, flag: &str, split: &flag_set::Split, decided: Decided) -> Split {
        let bucketing = self.bucketing(&split.by, &split.hashing, flag);
        let mut from = 0;
        let mut arms = Vec::new();
        for (variant, to) in split.weights.keys().zip(ends(split)) {
            let answer = decided.by_split(self.names.variant(flag, variant));
            arms.push(Arm { from, to, answer });
            from = to;
        }
        let missing = match (&split.otherwise, decided) {
            (Some(variant), _) => {
                Missing::Answer(decided.without_unit(self.names.variant(flag, variant)))
            }
            (None, Decided::ByRule(_)) => Missing::Next,
            (None, Decided::AtLast { .. }) => {
                Missing::Answer(Answer(Verdict::error(if split.by == [TARGETING_KEY] {
                    error_code::TARGETING_KEY_MISSING
                } else {
                    error_code::INVALID_CONTEXT
                })))
            }
        };
        Split { bucketing, arms, missing }
    }

    fn bucketing(&mut self, by: &[String], hashing: &Hashing, owner: &str) -> Bucketing {
        let hash = match hashing {
            Hashing::Native { salt } => {
                let salt = salt.as_deref().unwrap_or(owner);
                Hash::Native { salt: xxhash_rust::xxh64::xxh64(salt.as_bytes(), 0) }
            }
            Hashing::Foreign(hash) => Hash::Foreign(hash.clone()),
        };
        Bucketing { unit: self.unit(by), hash }
    }

    fn predicate(&mut self, source: &Predicate, place: Place<'_>) -> Pred {
        match source {
            Predicate::All(inner) => Pred::All(self.predicates(inner, place)),
            Predicate::Any(inner) => Pred::Any(self.predicates(inner, place)),
            Predicate::Not(inner) => Pred::Not(Box::new(self.predicate(inner, place))),
            Predicate::Segment(key) => {
                self.names.segment(key).map_or(Pred::Const(false), Pred::Segment)
            }
            Predicate::Flag(test) => {
                self.names.flag_test(test).map_or(Pred::Const(false), Pred::Flag)
            }
            Predicate::Bucket(bucket) => {
                let bucketing = self.bucketing(&bucket.by, &bucket.hashing, place.owner);
                Pred::Bucket(bucketing, range(bucket))
            }
            Predicate::Attribute { path, test } => self.attribute(path, test),
        }
    }

    fn predicates(&mut self, inner: &[Predicate], place: Place<'_>) -> Vec<Pred> {
        inner.iter().map(|predicate| self.predicate(predicate, place)).collect()
    }
}

/// Keys of the flags that have to serve something first, where the flag is switched on.
fn prerequisites(flag: &flag_set::Flag) -> Vec<String> {
    let configuration = &flag.configuration;
    let asked = configuration.enabled.then_some(&configuration.prerequisites);
    asked.into_iter().flatten().map(|test| test.flag.clone()).collect()
}

/// Where each arm ends: the sums of the weights, or what stands for them.
fn ends(split: &flag_set::Split) -> Vec<u64> {
    let weights: Vec<u32> = split.weights.values().copied().collect();
    if is_by_fraction(&split.hashing) {
        return fraction::ends(&weights);
    }
    let mut sum = 0;
    let sums = weights.iter().map(|weight| {
        sum += u64::from(*weight);
        sum
    });
    sums.collect()
}

/// The numbers of a range of buckets.
fn range(bucket: &flag_set::Bucket) -> Range {
    let (from, to) = if is_by_fraction(&bucket.hashing) {
        fraction::range(bucket.from, bucket.to)
    } else {
        (u64::from(bucket.from), u64::from(bucket.to))
    };
    Range { from, to }
}

fn is_by_fraction(hashing: &Hashing) -> bool {
    matches!(hashing, Hashing::Foreign(hash) if hash.reduce == flag_set::Reduce::Single)
}

/// What decides, and so what a verdict says of how it came about.
#[derive(Clone, Copy)]
enum Decided {
    /// A rule.
    ByRule(RuleIndex),
    /// The fallthrough; of a flag with nothing else if `plain`.
    AtLast { plain: bool },
}

impl Decided {
    fn plainly(self, variant: Option<VariantIndex>) -> Answer {
        match self {
            Self::ByRule(_) => self.with(variant, reason::TARGETING_MATCH),
            Self::AtLast { plain: true } => self.with(variant, reason::STATIC),
            Self::AtLast { plain: false } => self.with(variant, reason::DEFAULT),
        }
    }

    fn by_split(self, variant: Option<VariantIndex>) -> Answer {
        self.with(variant, reason::SPLIT)
    }

    fn without_unit(self, variant: Option<VariantIndex>) -> Answer {
        match self {
            Self::ByRule(_) => self.with(variant, reason::TARGETING_MATCH),
            Self::AtLast { .. } => self.with(variant, reason::DEFAULT),
        }
    }

    fn with(self, variant: Option<VariantIndex>, reason: u8) -> Answer {
        let mut answer = serve(variant, reason);
        answer.0.rule = match self {
            Self::ByRule(rule) => rule.0,
            Self::AtLast { .. } => NO_RULE,
        };
        answer
    }
}

/// Serves `variant`; a variant that does not exist (no checked flag set has one) is an error.
fn serve(variant: Option<VariantIndex>, reason: u8) -> Answer {
    let error = Verdict::error(error_code::GENERAL);
    Answer(variant.map_or(error, |variant| Verdict::serve(variant.0, reason)))
}
