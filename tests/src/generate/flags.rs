//! Random flag sets.

use indexmap::IndexMap;
use serde_json::json;
use vexil_compiler::flag_set::{
    Bucket, Configuration, Definition, Encoding, Family, Flag, FlagSet, FlagTest, ForeignHash,
    Hashing, Kind, Lifecycle, NumberDialect, Order, Place, Predicate, Quantifier, Reduce, Rule,
    Scalar, Segment, Serve, Split, Test, VersionDialect, VersionOrder,
};

use super::Dice;
use super::pools::{NETWORKS, NUMBERS, PATHS, PATTERNS, STRICT_VERSIONS, STRINGS, UNITS, VERSIONS};

const FLAGS: usize = 8;
const SEGMENTS: usize = 4;
const DEPTH_MAX: usize = 3;

/// What is drawn so far: rules refer only to what stands before them, so that nothing cycles.
struct World<'a> {
    dice: &'a mut Dice,
    set: FlagSet,
    /// Keys whose order of drawing is not their order in the set.
    flags: Vec<String>,
    segments: Vec<String>,
}

/// A flag set of eight flags and four segments that passes every check.
pub fn flag_set(dice: &mut Dice) -> FlagSet {
    let (set, flags, segments) = (FlagSet::default(), Vec::new(), Vec::new());
    let mut world = World { dice, set, flags, segments };
    for number in 0..SEGMENTS {
        let segment = world.segment();
        let key = format!("segment-{}-{number}", world.dice.one_of(&["a", "b", "ü"]));
        world.set.segments.insert(key.clone(), segment);
        world.segments.push(key);
    }
    for number in 0..FLAGS {
        let flag = world.flag();
        let key = format!("flag-{}-{number}", world.dice.one_of(&["a", "b", "ü", "/"]));
        world.set.flags.insert(key.clone(), flag);
        world.flags.push(key);
    }
    world.set
}

impl World<'_> {
    fn segment(&mut self) -> Segment {
        let included = self.keys();
        let mut excluded = self.keys();
        excluded.retain(|key| !included.contains(key));
        let when = self.dice.chance(80).then(|| self.predicate(1, false));
        Segment { description: String::new(), when, included, excluded }
    }

    /// Distinct targeting keys, sometimes many.
    fn keys(&mut self) -> Vec<String> {
        let most = if self.dice.chance(20) { 60 } else { 3 };
        let mut keys = self.dice.several(0, most, |dice| match dice.below(2) {
            0 => format!("user-{}", dice.below(200)),
            _ => (*dice.one_of(&STRINGS)).to_owned(),
        });
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| !key.contains('\0'));
        keys
    }

    fn flag(&mut self) -> Flag {
        let definition = self.definition();
        let configuration = self.configuration(&definition);
        Flag { definition, configuration }
    }

    fn definition(&mut self) -> Definition {
        let kind = *self.dice.one_of(&[Kind::Boolean, Kind::String, Kind::Number, Kind::Json]);
        let count = if self.dice.chance(5) { 40 } else { 1 + self.dice.below(4) };
        let value = |index: usize| match kind {
            Kind::Boolean => json!(index.is_multiple_of(2)),
            Kind::String => json!(format!("value {index}")),
            Kind::Number => json!(index),
            Kind::Json => json!({ "index": index, "list": [1, "zwei", null] }),
        };
        Definition {
            kind,
            variants: (0..count).map(|index| (format!("v{index}"), value(index))).collect(),
            description: String::new(),
            owner: String::new(),
            tags: Vec::new(),
            client_visible: false,
            lifecycle: Lifecycle::Active,
        }
    }

    fn configuration(&mut self, definition: &Definition) -> Configuration {
        let mut overrides: IndexMap<String, Vec<String>> = IndexMap::new();
        let mut taken: Vec<String> = Vec::new();
        if self.dice.chance(30) {
            for variant in definition.variants.keys().take(2) {
                let mut keys = self.keys();
                keys.retain(|key| !taken.contains(key));
                taken.extend(keys.iter().cloned());
                overrides.insert(variant.clone(), keys);
            }
        }
        let rules = if self.dice.chance(3) { 300 } else { self.dice.below(5) };
        Configuration {
            enabled: self.dice.chance(90),
            off_variant: self.variant(definition),
            prerequisites: if self.dice.chance(25) {
                (0..1 + self.dice.below(2)).filter_map(|_| self.flag_test()).collect()
            } else {
                Vec::new()
            },
            overrides,
            rules: (0..rules).map(|index| self.rule(index, definition)).collect(),
            fallthrough: self.serve(definition),
        }
    }

    fn rule(&mut self, index: usize, definition: &Definition) -> Rule {
        Rule {
            id: format!("r{index}"),
            description: String::new(),
            when: self.predicate(0, true),
            serve: self.serve(definition),
        }
    }

    fn variant(&mut self, definition: &Definition) -> String {
        let index = self.dice.below(definition.variants.len());
        definition.variants.get_index(index).map(|(key, _)| key.clone()).unwrap()
    }

    fn serve(&mut self, definition: &Definition) -> Serve {
        if self.dice.chance(60) {
            return Serve::Variant(self.variant(definition));
        }
        let hashing = self.hashing();
        let mut left = hashing.buckets();
        let mut weights = IndexMap::new();
        let last = definition.variants.len() - 1;
        for (index, variant) in definition.variants.keys().enumerate() {
            let weight = match self.dice.below(4) {
                _ if index == last => left,
                0 => 0,
                1 => left.min(1),
                2 => left / 2,
                _ => self.dice.below(left as usize + 1) as u32,
            };
            weights.insert(variant.clone(), weight);
            left -= weight;
        }
        Serve::Split(Split {
            by: self.units(),
            hashing,
            weights,
            otherwise: self.dice.chance(40).then(|| self.variant(definition)),
        })
    }

    /// A test of a flag drawn before; `None` when there is none.
    fn flag_test(&mut self) -> Option<FlagTest> {
        if self.flags.is_empty() {
            return None;
        }
        let flag = self.dice.one_of(&self.flags).clone();
        let definition = self.set.flags[&flag].definition.clone();
        let mut variants =
            (0..1 + self.dice.below(8)).map(|_| self.variant(&definition)).collect::<Vec<_>>();
        variants.sort_unstable();
        variants.dedup();
        Some(FlagTest { flag, variants })
    }

    fn predicate(&mut self, depth: usize, flags: bool) -> Predicate {
        let branch = if depth < DEPTH_MAX { 12 } else { 8 };
        match self.dice.below(branch) {
            0 if !self.segments.is_empty() => {
                Predicate::Segment(self.dice.one_of(&self.segments).clone())
            }
            1 if flags => match self.flag_test() {
                Some(test) => Predicate::Flag(test),
                None => Predicate::always(),
            },
            2 => self.bucket(),
            8 => Predicate::Not(Box::new(self.predicate(depth + 1, flags))),
            9 => Predicate::Any(self.predicates(depth, flags)),
            10 | 11 => Predicate::All(self.predicates(depth, flags)),
            _ => self.attribute(),
        }
    }

    fn predicates(&mut self, depth: usize, flags: bool) -> Vec<Predicate> {
        let count = if self.dice.chance(2) { 60 } else { self.dice.below(4) };
        (0..count).map(|_| self.predicate(depth + 1, flags)).collect()
    }

    fn bucket(&mut self) -> Predicate {
        let hashing = self.hashing();
        let buckets = hashing.buckets();
        let edges = [0, 1, buckets / 4, buckets / 2, buckets - 1, buckets].map(|e| e.min(buckets));
        let mut ends = [*self.dice.one_of(&edges), *self.dice.one_of(&edges)];
        ends.sort_unstable();
        Predicate::Bucket(Bucket { by: self.units(), hashing, from: ends[0], to: ends[1] })
    }

    /// Paths of units: mostly one.
    fn units(&mut self) -> Vec<String> {
        let most = if self.dice.chance(25) { 4 } else { 1 };
        self.dice.several(1, most, |dice| (*dice.one_of(&UNITS)).to_owned())
    }

    /// Any hashing that passes every check.
    fn hashing(&mut self) -> Hashing {
        if self.dice.chance(50) {
            let salt = self.dice.chance(40).then(|| (*self.dice.one_of(&STRINGS)).to_owned());
            return Hashing::Native { salt };
        }
        let family = *self.dice.one_of(&Family::ALL);
        let mut hash = ForeignHash::of(family);
        let encodings: Vec<_> =
            Encoding::ALL.into_iter().filter(|one| family.takes(*one)).collect();
        let reductions: Vec<_> =
            Reduce::ALL.into_iter().filter(|one| family.reduces_by(*one)).collect();
        hash.encoding = *self.dice.one_of(&encodings);
        hash.reduce = *self.dice.one_of(&reductions);
        for text in [&mut hash.prefix, &mut hash.suffix] {
            let length = *self.dice.one_of(&[0, 0, 1, 2, 8]);
            *text = self.dice.several(0, length, |dice| *dice.one_of(&STRINGS)).concat();
        }
        if family.has_seed() {
            hash.seed = *self.dice.one_of(&[0, 0, 1, u32::MAX]);
        }
        if family != Family::Sha1 {
            hash.buckets = *self.dice.one_of(&[hash.buckets, 1, 2, 7, 1_000, 999_983, 1_000_000]);
        }
        Hashing::Foreign(hash)
    }

    fn attribute(&mut self) -> Predicate {
        let path = match self.dice.below(24) {
            0 => "targetingKey",
            1 => "$now",
            2 => "$random",
            _ => *self.dice.one_of(&PATHS),
        };
        Predicate::Attribute { path: path.to_owned(), test: self.test(path) }
    }

    fn version(&mut self) -> Test {
        let order = *self.dice.one_of(&[
            VersionOrder::Equal,
            VersionOrder::Less,
            VersionOrder::LessOrEqual,
            VersionOrder::Greater,
            VersionOrder::GreaterOrEqual,
        ]);
        let dialect = *self.dice.one_of(&VersionDialect::ALL);
        let operands: &[&str] = match dialect {
            VersionDialect::Loose => &VERSIONS,
            VersionDialect::Strict | VersionDialect::Partial => &STRICT_VERSIONS,
        };
        Test::Version { order, operand: (*self.dice.one_of(operands)).to_owned(), dialect }
    }

    /// Mostly a test that suits the path, sometimes any.
    fn test(&mut self, path: &str) -> Test {
        let any = self.dice.below(11);
        let suited = match path {
            "age" | "score" => 3 + self.dice.below(2),
            "app.version" => 5,
            "seen_at" | "$now" => 6,
            "roles" | "user.tags" => 7,
            "ip" => 10,
            "$random" => 3,
            _ if self.dice.chance(25) => 9,
            _ => 1 + self.dice.below(2),
        };
        match if self.dice.chance(80) { suited } else { any } {
            0 => Test::Exists(self.dice.chance(50)),
            1 | 8 => Test::In { values: self.scalars(), ignore_case: self.dice.chance(30) },
            2 => Test::Affix {
                place: *self.dice.one_of(&[Place::Anywhere, Place::Start, Place::End]),
                needles: self.dice.several(1, 8, |dice| (*dice.one_of(&STRINGS)).to_owned()),
                ignore_case: self.dice.chance(30),
            },
            3 => Test::Number {
                order: self.order(),
                operand: *self.dice.one_of(&NUMBERS),
                dialect: *self.dice.one_of(&NumberDialect::ALL),
            },
            4 => self.between(),
            5 => self.version(),
            6 => {
                Test::Time { after: self.dice.chance(50), operand_ms: *self.dice.one_of(&NUMBERS) }
            }
            9 => Test::Matches {
                patterns: self.dice.several(1, 3, |dice| (*dice.one_of(&PATTERNS)).to_owned()),
                ignore_case: self.dice.chance(40),
            },
            10 => {
                let most = if self.dice.chance(20) { 12 } else { 2 };
                let nets = self.dice.several(1, most, |dice| (*dice.one_of(&NETWORKS)).to_owned());
                Test::Cidr { nets }
            }
            _ => Test::List {
                quantifier: *self.dice.one_of(&[
                    Quantifier::AnyOf,
                    Quantifier::AllOf,
                    Quantifier::NoneOf,
                ]),
                values: self.scalars(),
                ignore_case: self.dice.chance(30),
            },
        }
    }

    fn order(&mut self) -> Order {
        let orders = [Order::Less, Order::LessOrEqual, Order::Greater, Order::GreaterOrEqual];
        *self.dice.one_of(&orders)
    }

    fn between(&mut self) -> Test {
        let (one, other) = (*self.dice.one_of(&NUMBERS), *self.dice.one_of(&NUMBERS));
        let dialect = *self.dice.one_of(&NumberDialect::ALL);
        Test::Between { low: one.min(other), high: one.max(other), dialect }
    }

    fn scalars(&mut self) -> Vec<Scalar> {
        let most = if self.dice.chance(15) { 40 } else { 5 };
        self.dice.several(1, most, |dice| match dice.below(10) {
            0 => Scalar::Boolean(dice.chance(50)),
            1..=2 => Scalar::Number(*dice.one_of(&NUMBERS)),
            _ => Scalar::String((*dice.one_of(&STRINGS)).to_owned()),
        })
    }
}
