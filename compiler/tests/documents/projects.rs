//! Random projects that have no faults.
//!
//! In: bytes, each a choice; when they run out every choice is the first, so shorter bytes make
//! smaller projects and proptest's shrinking works. Out: a project. Flags and segments name only
//! those before them, so nothing goes in circles.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Value, json};
use vexil_compiler::flag_set::{
    Bucket, Configuration, Definition, Encoding, Family, FlagTest, ForeignHash, Hashing, Kind,
    Lifecycle, NumberDialect, Order, Place, Predicate, Project, ProjectFlag, Quantifier, Reduce,
    Rule, Scalar, Segment, Serve, Split, Test, VersionDialect, VersionOrder,
};

/// A source of choices.
pub struct Choices {
    bytes: std::vec::IntoIter<u8>,
}

impl Choices {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into_iter() }
    }

    fn below(&mut self, count: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or(0)) % count
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    fn several<T>(&mut self, least: usize, most: usize, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        let parts = ["", "a", "user-1", "é", "İ", " ", "\"", "\\", "\n", "\u{0}", "~", "/", "🦀"];
        self.several(0, 3, |choices| *choices.of(&parts)).concat()
    }

    /// A key, unlike others by its number.
    fn key(&mut self, number: usize) -> String {
        let names = ["", "on", "off", "a/b", "m~n", "x.y", "ü ", "null", "0", "🦀"];
        format!("{}{number}", self.of(&names))
    }

    fn path(&mut self) -> String {
        (*self.of(&["targetingKey", "$now", "$random", "country", "a.b.c", " ", "ü", "price.$"]))
            .to_owned()
    }

    /// Any finite double but `-0`, whose document is that of `0`.
    fn number(&mut self) -> f64 {
        let plain =
            [0.0, 1.0, -1.0, 0.5, 1e300, -1e-300, 9_007_199_254_740_992.0, f64::MAX, 1e16, 5e-324];
        if self.yes() {
            return *self.of(&plain);
        }
        let mut bytes = [0; 8];
        bytes.fill_with(|| self.bytes.next().unwrap_or(0));
        let number = f64::from_le_bytes(bytes);
        if number.is_finite() { number + 0.0 } else { 7.25 }
    }

    fn moment(&mut self) -> f64 {
        let range = 253_402_300_799_999.0 + 62_167_219_200_000.0;
        match self.below(3) {
            0 => (self.number().abs() % range).trunc() - 62_167_219_200_000.0,
            1 => f64::from(u8::try_from(self.below(200)).unwrap()) * 86_399_999.0 + 0.0,
            _ => self.number(),
        }
    }
}

/// A project.
pub fn project(choices: &mut Choices) -> Project {
    let names = ["production", "staging", "dev.1_x", "9"];
    let environments = names.into_iter().filter(|_| choices.yes()).map(str::to_owned).collect();
    let mut project = Project {
        key: choices.yes().then(|| "shop".to_owned()),
        environments,
        // No attribute of these projects is below one of them.
        sensitive: choices.several(0, 2, |choices| format!("secret.{}", choices.key(0))),
        segments: BTreeMap::new(),
        flags: BTreeMap::new(),
    };
    for number in 0..choices.below(4) {
        let key = choices.key(number);
        let segment = segment(choices, &project);
        project.segments.insert(key, segment);
    }
    for number in 0..choices.below(5) {
        let key = choices.key(number);
        let flag = flag(choices, &project);
        project.flags.insert(key, flag);
    }
    project
}

fn segment(choices: &mut Choices, project: &Project) -> Segment {
    let keys = |choices: &mut Choices, mark: &'static str| {
        choices.several(0, 3, |choices| format!("{mark}{}", choices.text()))
    };
    Segment {
        description: choices.text(),
        when: choices.yes().then(|| predicate(choices, project, true, 3)),
        included: keys(choices, "+"),
        excluded: keys(choices, "-"),
    }
}

fn flag(choices: &mut Choices, project: &Project) -> ProjectFlag {
    let definition = definition(choices);
    let mut environments = BTreeMap::new();
    for name in &project.environments {
        if choices.yes() {
            environments.insert(name.clone(), configuration(choices, project, &definition));
        }
    }
    ProjectFlag { definition, environments }
}

fn definition(choices: &mut Choices) -> Definition {
    let kind = *choices.of(&[Kind::Boolean, Kind::String, Kind::Number, Kind::Json]);
    let mut variants = IndexMap::new();
    if kind == Kind::Boolean && choices.yes() {
        variants.insert("on".to_owned(), json!(true));
        variants.insert("off".to_owned(), json!(false));
    } else {
        for number in 0..=choices.below(4) {
            let key = choices.key(number);
            variants.insert(key, value(choices, kind, 3));
        }
    }
    Definition {
        kind,
        variants,
        description: choices.text(),
        owner: choices.text(),
        tags: choices.several(0, 2, Choices::text),
        client_visible: choices.yes(),
        lifecycle: *choices.of(&[Lifecycle::Active, Lifecycle::Active, Lifecycle::Archived]),
    }
}

fn value(choices: &mut Choices, kind: Kind, depth: usize) -> Value {
    match kind {
        Kind::Boolean => Value::from(choices.yes()),
        Kind::String => Value::from(choices.text()),
        Kind::Number => number_value(choices.number()),
        Kind::Json => match choices.below(if depth == 0 { 4 } else { 6 }) {
            0 => Value::Null,
            1 => Value::from(choices.yes()),
            2 => Value::from(choices.text()),
            3 => number_value(choices.number()),
            4 => Value::from(choices.several(0, 3, |choices| value(choices, kind, depth - 1))),
            _ => {
                let field =
                    |choices: &mut Choices| (choices.text(), value(choices, kind, depth - 1));
                Value::Object(choices.several(0, 3, field).into_iter().collect())
            }
        },
    }
}

/// Numbers as documents have them: whole ones as integers.
fn number_value(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        return Value::from(number as i64);
    }
    Value::from(number)
}

fn configuration(
    choices: &mut Choices,
    project: &Project,
    definition: &Definition,
) -> Configuration {
    let variants: Vec<&String> = definition.variants.keys().collect();
    let off_variant = if choices.yes() {
        definition.default_off_variant()
    } else {
        (*choices.of(&variants)).clone()
    };
    let serve_off = choices.yes();
    let fallthrough = serve(choices, &variants);
    let mut overrides = IndexMap::new();
    for (number, variant) in variants.iter().enumerate() {
        if choices.yes() {
            let key = |choices: &mut Choices| format!("{number}{}", choices.text());
            overrides.insert((*variant).clone(), choices.several(0, 3, key));
        }
    }
    let rules = choices.below(4);
    Configuration {
        enabled: choices.yes(),
        fallthrough: if serve_off { Serve::Variant(off_variant.clone()) } else { fallthrough },
        off_variant,
        prerequisites: flag_tests(choices, project),
        overrides,
        rules: (0..rules).map(|number| rule(choices, project, &variants, number)).collect(),
    }
}

fn rule(choices: &mut Choices, project: &Project, variants: &[&String], number: usize) -> Rule {
    Rule {
        id: choices.key(number),
        description: choices.text(),
        when: predicate(choices, project, false, 4),
        serve: serve(choices, variants),
    }
}

fn serve(choices: &mut Choices, variants: &[&String]) -> Serve {
    if choices.yes() {
        return Serve::Variant((*choices.of(variants)).clone());
    }
    let hashing = hashing(choices);
    let mut weights = IndexMap::new();
    let mut left = hashing.buckets();
    // From the last one on, so that the order is not that of the definition.
    for variant in variants.iter().skip(1).rev() {
        let weight = (choices.below(256) as u32 * (hashing.buckets() / 250)).min(left);
        weights.insert((*variant).clone(), weight);
        left -= weight;
    }
    weights.insert(variants[0].clone(), left);
    Serve::Split(Split {
        by: unit_paths(choices),
        hashing,
        weights,
        otherwise: choices.yes().then(|| (*choices.of(variants)).clone()),
    })
}

/// One to four paths.
fn unit_paths(choices: &mut Choices) -> Vec<String> {
    choices.several(1, 4, Choices::path)
}

/// Any hashing that passes every check.
fn hashing(choices: &mut Choices) -> Hashing {
    if choices.yes() {
        return Hashing::Native { salt: choices.yes().then(|| choices.text()) };
    }
    let family = *choices.of(&Family::ALL);
    let encodings: Vec<_> = Encoding::ALL.into_iter().filter(|one| family.takes(*one)).collect();
    let reductions: Vec<_> =
        Reduce::ALL.into_iter().filter(|one| family.reduces_by(*one)).collect();
    let buckets = [family.default_buckets(), 1, 100, 10_000, 1_000_000];
    let of_sha1 = family == Family::Sha1;
    Hashing::Foreign(ForeignHash {
        family,
        seed: if family.has_seed() { *choices.of(&[0, 1, u32::MAX]) } else { 0 },
        prefix: choices.text(),
        suffix: choices.text(),
        encoding: *choices.of(&encodings),
        reduce: *choices.of(&reductions),
        buckets: if of_sha1 { family.default_buckets() } else { *choices.of(&buckets) },
    })
}

/// Tests of some flags that are in use.
fn flag_tests(choices: &mut Choices, project: &Project) -> Vec<FlagTest> {
    let mut tests = Vec::new();
    for (key, flag) in &project.flags {
        if flag.definition.lifecycle == Lifecycle::Active && choices.yes() {
            let variants: Vec<&String> = flag.definition.variants.keys().collect();
            let pick = |choices: &mut Choices| (*choices.of(&variants)).clone();
            tests.push(FlagTest { flag: key.clone(), variants: choices.several(1, 3, pick) });
        }
    }
    tests
}

fn predicate(
    choices: &mut Choices,
    project: &Project,
    in_segment: bool,
    depth: usize,
) -> Predicate {
    let inner = |choices: &mut Choices| predicate(choices, project, in_segment, depth - 1);
    match choices.below(if depth == 0 { 5 } else { 8 }) {
        0 => Predicate::always(),
        1 => {
            let keys: Vec<&String> = project.segments.keys().collect();
            if keys.is_empty() {
                return Predicate::Any(Vec::new());
            }
            Predicate::Segment((*choices.of(&keys)).clone())
        }
        2 if !in_segment => {
            flag_tests(choices, project).pop().map_or_else(Predicate::always, Predicate::Flag)
        }
        2 | 3 => {
            let hashing = hashing(choices);
            let bound = |choice: usize| choice as u32 * (hashing.buckets() / 255);
            let bounds = [choices.below(256), choices.below(256)].map(bound);
            Predicate::Bucket(Bucket {
                by: unit_paths(choices),
                hashing,
                from: bounds[0].min(bounds[1]),
                to: bounds[0].max(bounds[1]),
            })
        }
        4 => Predicate::Attribute { path: choices.path(), test: test(choices) },
        5 => Predicate::All(choices.several(0, 3, inner)),
        6 => Predicate::Any(choices.several(0, 3, inner)),
        _ => Predicate::Not(Box::new(inner(choices))),
    }
}

fn test(choices: &mut Choices) -> Test {
    let scalar = |choices: &mut Choices| match choices.below(3) {
        0 => Scalar::String(choices.text()),
        1 => Scalar::Number(choices.number()),
        _ => Scalar::Boolean(choices.yes()),
    };
    let orders = [Order::Less, Order::LessOrEqual, Order::Greater, Order::GreaterOrEqual];
    let version_orders = [
        VersionOrder::Equal,
        VersionOrder::Less,
        VersionOrder::LessOrEqual,
        VersionOrder::Greater,
        VersionOrder::GreaterOrEqual,
    ];
    let versions = ["1", "v1.2", "V1.2.3-rc.1", "0.0.0+build.007", "1.0.0--", "1-0a+-"];
    let quantifiers = [Quantifier::AnyOf, Quantifier::AllOf, Quantifier::NoneOf];
    let patterns = ["", "^a+$", "\\d{2}", "(?-u:\\b)x", "é|ß", "\"\\\\\""];
    let nets = ["10.0.0.0/8", "10.1.2.3/8", "::/0", "2001:db8::1", "192.0.2.1/32"];
    match choices.below(10) {
        8 => Test::Matches {
            patterns: choices.several(1, 3, |choices| (*choices.of(&patterns)).to_owned()),
            ignore_case: choices.yes(),
        },
        9 => Test::Cidr { nets: choices.several(1, 3, |choices| (*choices.of(&nets)).to_owned()) },
        0 => Test::Exists(choices.yes()),
        1 => Test::In { values: choices.several(1, 4, scalar), ignore_case: choices.yes() },
        2 => Test::Affix {
            place: *choices.of(&[Place::Anywhere, Place::Start, Place::End]),
            needles: choices.several(1, 3, Choices::text),
            ignore_case: choices.yes(),
        },
        3 => Test::Number {
            order: *choices.of(&orders),
            operand: choices.number(),
            dialect: *choices.of(&NumberDialect::ALL),
        },
        4 => {
            let (one, other) = (choices.number(), choices.number());
            let dialect = *choices.of(&NumberDialect::ALL);
            Test::Between { low: one.min(other), high: one.max(other), dialect }
        }
        5 => {
            let dialect = *choices.of(&VersionDialect::ALL);
            let versions: &[&str] = match dialect {
                VersionDialect::Loose => &versions,
                VersionDialect::Strict => &["1.2.3-rc.1", "0.0.0+build.007", "1.0.0--"],
                VersionDialect::Partial => &["1", "1.2.3-rc.1", "0.0.0+build.007", "1-0a+-"],
            };
            let operand = (*choices.of(versions)).to_owned();
            Test::Version { order: *choices.of(&version_orders), operand, dialect }
        }
        6 => Test::Time { after: choices.yes(), operand_ms: choices.moment() },
        _ => Test::List {
            quantifier: *choices.of(&quantifiers),
            values: choices.several(1, 4, scalar),
            ignore_case: choices.yes(),
        },
    }
}
