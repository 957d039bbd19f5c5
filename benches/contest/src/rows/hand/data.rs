//! The flags of five rules as one Rust function that all of them share, constants as data.
//!
//! In: the rules of a workload. Out: variant numbers. It is what a programmer would write who had
//! a thousand such flags. What belongs to the context (its version's numbers, its key's hash) is
//! computed once where flags are asked for together, and only when needed where one is.

use std::hint::black_box;

use xxhash_rust::xxh64::xxh64;

use super::{Subject, bucket, version};
use crate::row::{Row, Served, Side};
use crate::rules::{Condition, Given, Rules};
use crate::subject::StringMap;
use crate::workloads::{Name, Workload};

/// The row.
pub struct HandData {
    flags: Vec<Constants>,
}

/// The constants of a flag of five rules.
struct Constants {
    countries: [Box<str>; 3],
    plan: Box<str>,
    age: f64,
    suffix: Box<str>,
    version: [u32; 3],
    salt: u64,
    /// What the four conditions give.
    variant: u16,
    /// Bucket before which a variant is served, in order.
    split: [(u32, u16); 4],
}

impl Constants {
    fn read(flag: &Rules) -> Self {
        let [countries, plan, email, at_least, split] = flag.rules.as_slice() else {
            panic!("`{}` has five rules", flag.key)
        };
        let (
            [Condition::In { values, .. }],
            [Condition::In { values: plans, .. }, Condition::Above { number, .. }],
            [Condition::EndsWith { suffix, .. }],
            [Condition::AtLeast { version: earliest, .. }],
            Given::Split(weights),
            Given::Variant(variant),
        ) = (
            countries.when.as_slice(),
            plan.when.as_slice(),
            email.when.as_slice(),
            at_least.when.as_slice(),
            &split.serve,
            &countries.serve,
        )
        else {
            panic!("`{}` has the rules of W5", flag.key)
        };
        let texts = |values: &[String]| -> Vec<Box<str>> {
            values.iter().map(|text| text.as_str().into()).collect()
        };
        let mut from = 0;
        let split: Vec<(u32, u16)> = weights
            .iter()
            .map(|(variant, weight)| {
                from += weight;
                (from, *variant as u16)
            })
            .collect();
        Self {
            countries: texts(values).try_into().expect("three countries"),
            plan: texts(plans).remove(0),
            age: *number,
            suffix: suffix.as_str().into(),
            version: version(earliest).expect("a version"),
            salt: xxh64(flag.key.as_bytes(), 0),
            variant: *variant as u16,
            split: split.try_into().expect("four variants"),
        }
    }

    fn decide(
        &self,
        subject: &Subject<'_>,
        version: impl FnOnce() -> Option<[u32; 3]>,
        unit: impl FnOnce() -> u64,
    ) -> u16 {
        if self.countries.iter().any(|country| **country == *subject.country)
            || (*self.plan == *subject.plan && subject.age > self.age)
            || subject.email.ends_with(&*self.suffix)
            || version().is_some_and(|version| version >= self.version)
        {
            return self.variant;
        }
        let bucket = bucket(unit(), self.salt);
        // Without branches: the buckets that are passed are counted.
        let passed = self.split[..3].iter().filter(|(end, _)| bucket >= *end).count();
        self.split[passed].1
    }
}

impl HandData {
    fn one(&self, flag: usize, subject: &Subject<'_>) -> u16 {
        self.flags[flag].decide(
            subject,
            || version(subject.version),
            || xxh64(subject.key.as_bytes(), 0),
        )
    }

    fn many<'a>(
        &'a self,
        flags: impl Iterator<Item = usize> + 'a,
        subject: &'a Subject<'_>,
    ) -> impl Iterator<Item = u16> + 'a {
        let version = version(subject.version);
        let unit = xxh64(subject.key.as_bytes(), 0);
        flags.map(move |flag| self.flags[flag].decide(subject, || version, || unit))
    }
}

impl Row for HandData {
    const NAME: &'static str = "hand-written-data";
    const TITLE: &'static str = "hand-written, data";
    const SIDE: Side = Side::Limit;
    const HOW: &'static str = "one Rust function that all flags share, constants and hashed salts \
        in a table; where many flags are asked for, the context's version is parsed and its key \
        hashed once; Vexil's buckets; only flags of five rules";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Subject<'m>;
    type Answer<'a> = u16;

    fn absent(name: Name) -> Option<&'static str> {
        let is_ours = matches!(name, Name::W5 | Name::W5c | Name::W6 | Name::W6d | Name::W7);
        (!is_ours).then_some("it knows flags of five rules only")
    }

    fn load(workload: &Workload) -> Self {
        Self { flags: workload.flags.iter().map(Constants::read).collect() }
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Subject<'m> {
        Subject::read(subject)
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, flag: usize, context: &'a Subject<'m>) -> u16 {
        self.one(flag, context)
    }

    fn served(answer: u16) -> Served {
        Served::Number(answer.into())
    }

    fn evaluate_all<'m>(&mut self, count: usize, context: &Subject<'m>) {
        for variant in self.many(0..count, context) {
            black_box(variant);
        }
    }

    fn served_all<'m>(&mut self, count: usize, context: &Subject<'m>) -> Vec<Served> {
        self.many(0..count, context).map(Self::served).collect()
    }

    fn request(&mut self, flags: &[usize], subject: &StringMap) {
        let context = self.context(subject);
        for variant in self.many(flags.iter().copied(), &context) {
            black_box(variant);
        }
    }

    fn served_request(&mut self, flags: &[usize], subject: &StringMap) -> Vec<Served> {
        let context = self.context(subject);
        self.many(flags.iter().copied(), &context).map(Self::served).collect()
    }
}
