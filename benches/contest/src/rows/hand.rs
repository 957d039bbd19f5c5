//! The same flags written as Rust functions, one for each: the limit.
//!
//! In: subjects. Out: variant numbers. Buckets are computed as `docs/bucketing.md` says. The
//! functions know what a flag's author knows and nothing of the contexts that will come.

pub mod data;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;

use xxhash_rust::xxh3::xxh3_64;
use xxhash_rust::xxh64::xxh64;

use crate::row::{Row, Served, Side};
use crate::rules::Condition;
use crate::subject::StringMap;
use crate::workloads::{Name, Workload};

/// A subject whose attributes are fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'m> {
    key: &'m str,
    country: &'m str,
    plan: &'m str,
    age: f64,
    email: &'m str,
    version: &'m str,
}

impl<'m> Subject<'m> {
    fn read(map: &'m StringMap) -> Self {
        let mut subject = Self::default();
        for (name, text) in map {
            match name.as_str() {
                "targetingKey" => subject.key = text,
                "country" => subject.country = text,
                "plan" => subject.plan = text,
                "age" => subject.age = text.parse().expect("an age is a number"),
                "email" => subject.email = text,
                "version" => subject.version = text,
                _ => {}
            }
        }
        subject
    }
}

/// One flag, as a function.
pub trait Function {
    /// The workloads whose flag it is.
    const WORKLOADS: &'static [Name];

    /// What it holds, made once.
    type Data;

    /// Makes what it holds.
    fn data(workload: &Workload) -> Self::Data;

    /// The number of the variant that a subject gets.
    fn decide(data: &Self::Data, subject: &Subject<'_>) -> u16;
}

/// The row of a function.
pub struct Hand<F: Function> {
    data: F::Data,
    function: PhantomData<F>,
}

impl<F: Function> Row for Hand<F> {
    const NAME: &'static str = "hand-written";
    const TITLE: &'static str = "hand-written Rust";
    const SIDE: Side = Side::Limit;
    const HOW: &'static str = "one Rust function per flag, constants in the code, attributes as \
        fields of a struct that borrows; lists are hash tables of 64-bit hashes (xxh3); Vexil's \
        buckets; only W1 to W5c, where there is one flag";
    const BUCKETS_LIKE_VEXIL: bool = true;

    type Context<'m> = Subject<'m>;
    type Answer<'a>
        = u16
    where
        F: 'a;

    fn absent(name: Name) -> Option<&'static str> {
        let is_ours = F::WORKLOADS.contains(&name);
        (!is_ours).then_some("see hand-written-data")
    }

    fn load(workload: &Workload) -> Self {
        Self { data: F::data(workload), function: PhantomData }
    }

    fn context<'m>(&self, subject: &'m StringMap) -> Subject<'m> {
        Subject::read(subject)
    }

    fn evaluate<'a, 'm: 'a>(&'a mut self, _flag: usize, context: &'a Subject<'m>) -> u16 {
        F::decide(&self.data, context)
    }

    fn served(answer: u16) -> Served {
        Served::Number(answer.into())
    }
}

// Variant numbers of the shared workloads.
const OFF: u16 = 0;
const ON: u16 = 1;
const THIRD: u16 = 2;
const FOURTH: u16 = 3;

/// W1.
pub struct Static;

impl Function for Static {
    const WORKLOADS: &'static [Name] = &[Name::W1];
    type Data = ();

    fn data(_: &Workload) {}

    fn decide((): &(), _: &Subject<'_>) -> u16 {
        ON
    }
}

/// W2.
pub struct Equality;

impl Function for Equality {
    const WORKLOADS: &'static [Name] = &[Name::W2];
    type Data = ();

    fn data(_: &Workload) {}

    fn decide((): &(), subject: &Subject<'_>) -> u16 {
        if subject.country == "DE" { ON } else { OFF }
    }
}

/// W3 and W3x.
pub struct List;

/// A hash that is a hash already.
#[derive(Default)]
pub struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are hashed");
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// Texts by their hash.
pub type Table = HashMap<u64, String, BuildHasherDefault<AsIs>>;

impl Function for List {
    const WORKLOADS: &'static [Name] = &[Name::W3, Name::W3x];
    type Data = Table;

    fn data(workload: &Workload) -> Table {
        let [Condition::In { values, .. }] = workload.flags[0].rules[0].when.as_slice() else {
            panic!("the workload is one list")
        };
        let table: Table =
            values.iter().map(|text| (xxh3_64(text.as_bytes()), text.clone())).collect();
        let distinct: HashSet<&String> = values.iter().collect();
        assert_eq!(table.len(), distinct.len(), "no two members have the same hash");
        table
    }

    fn decide(table: &Table, subject: &Subject<'_>) -> u16 {
        let found = table.get(&xxh3_64(subject.email.as_bytes()));
        if found.is_some_and(|text| text == subject.email) { ON } else { OFF }
    }
}

/// W4.
pub struct Rollout;

impl Function for Rollout {
    const WORKLOADS: &'static [Name] = &[Name::W4];
    type Data = u64;

    fn data(workload: &Workload) -> u64 {
        xxh64(workload.flags[0].key.as_bytes(), 0)
    }

    fn decide(salt: &u64, subject: &Subject<'_>) -> u16 {
        if bucket(xxh64(subject.key.as_bytes(), 0), *salt) < 25_000 { ON } else { OFF }
    }
}

/// W5 and W5c.
pub struct FiveRules;

impl Function for FiveRules {
    const WORKLOADS: &'static [Name] = &[Name::W5, Name::W5c];
    type Data = u64;

    fn data(workload: &Workload) -> u64 {
        xxh64(workload.flags[0].key.as_bytes(), 0)
    }

    fn decide(salt: &u64, subject: &Subject<'_>) -> u16 {
        if matches!(subject.country, "FR" | "IT" | "ES")
            || (subject.plan == "pro" && subject.age > 60.0)
            || subject.email.ends_with("@vexil.dev")
            || version(subject.version).is_some_and(|version| version >= [3, 0, 0])
        {
            return ON;
        }
        match bucket(xxh64(subject.key.as_bytes(), 0), *salt) {
            ..40_000 => ON,
            ..70_000 => OFF,
            ..90_000 => THIRD,
            _ => FOURTH,
        }
    }
}

/// The bucket of a unit under a salt, both hashed: `docs/bucketing.md`.
fn bucket(unit: u64, salt: u64) -> u32 {
    let mut x = unit ^ salt;
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    // INVARIANT: the product is below 100,000 · 2^32.
    ((x >> 32) * 100_000 >> 32) as u32
}

/// The three numbers of a version; `None` for what is no version. Pre-releases are read as none,
/// which holds for the workloads.
fn version(text: &str) -> Option<[u32; 3]> {
    let mut numbers = [0_u32; 3];
    let mut place = 0;
    let mut digits = 0;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                let number = numbers[place].checked_mul(10)?;
                numbers[place] = number.checked_add(u32::from(byte - b'0'))?;
                digits += 1;
            }
            b'.' if digits > 0 && place < 2 => (place, digits) = (place + 1, 0),
            _ => return None,
        }
    }
    (place == 2 && digits > 0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_the_document() {
        let of =
            |unit: &str, salt: &str| bucket(xxh64(unit.as_bytes(), 0), xxh64(salt.as_bytes(), 0));
        assert_eq!(of("user-1", "checkout-v2"), 10_099);
        assert_eq!(of("😀", "checkout-v2"), 50_256);
    }

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(version("2.19.6"), Some([2, 19, 6]));
        assert_eq!(version("2.19"), None);
        assert_eq!(version("2..6"), None);
        assert_eq!(version("2.1.x"), None);
    }
}
