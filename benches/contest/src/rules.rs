//! Flags as the rows read them: the part of the flag language that the workloads use.
//!
//! In: a flag set of Vexil's. Out: [`Rules`], from which each row writes its own format, so that
//! no row's flags are written by hand. What the workloads do not use is refused.

use vexil_compiler::flag_set::{
    Flag, FlagSet, Order, Place, Predicate, Scalar, Serve, Test, VersionOrder,
};

/// Buckets of a split; Vexil's parts.
pub const WHOLE: u32 = 100_000;

/// A flag.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Its key, which is its salt as well.
    pub key: String,
    /// Does it only ever answer yes (`on`) or no (`off`).
    pub is_boolean: bool,
    /// Keys of its variants, by variant number.
    pub variants: Vec<String>,
    /// The first whose conditions all hold decides.
    pub rules: Vec<Rule>,
    /// What is given when none does.
    pub otherwise: Given,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// All have to hold.
    pub when: Vec<Condition>,
    /// What it gives.
    pub serve: Given,
}

/// What is asked of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It is one of these texts.
    In {
        /// The attribute.
        attribute: String,
        /// The texts.
        values: Vec<String>,
    },
    /// It is greater than a number.
    Above {
        /// The attribute.
        attribute: String,
        /// The number.
        number: f64,
    },
    /// It ends with a text.
    EndsWith {
        /// The attribute.
        attribute: String,
        /// The text.
        suffix: String,
    },
    /// It is this version or a later one.
    AtLeast {
        /// The attribute.
        attribute: String,
        /// The version: three numbers.
        version: String,
    },
}

/// What a rule gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A variant, by number.
    Variant(usize),
    /// Variants by number with their shares, which sum to [`WHOLE`].
    Split(Vec<(usize, u32)>),
}

/// The flags of a flag set, by Vexil's flag number.
///
/// # Panics
///
/// When a flag uses something that the workloads do not.
#[must_use]
pub fn rules(flag_set: &FlagSet) -> Vec<Rules> {
    flag_set.flags.iter().map(|(key, flag)| read(key, flag)).collect()
}

fn read(key: &str, flag: &Flag) -> Rules {
    let configuration = &flag.configuration;
    assert!(configuration.enabled && configuration.overrides.is_empty(), "`{key}` is on");
    assert!(configuration.prerequisites.is_empty(), "`{key}` stands alone");
    let rules = configuration
        .rules
        .iter()
        .map(|rule| Rule { when: conditions(&rule.when), serve: given(flag, &rule.serve) });
    let rules: Vec<Rule> = rules.collect();
    let otherwise = given(flag, &configuration.fallthrough);
    let variants: Vec<String> = flag.definition.variants.keys().cloned().collect();
    let served = rules.iter().map(|rule| &rule.serve).chain([&otherwise]).flat_map(Given::variants);
    let is_boolean =
        served.map(|variant| &variants[variant]).all(|key| key == "on" || key == "off");
    Rules { key: key.to_owned(), is_boolean, variants, rules, otherwise }
}

fn given(flag: &Flag, serve: &Serve) -> Given {
    let number = |key: &str| {
        let number = flag.definition.variants.get_index_of(key);
        number.expect("a served variant is a variant")
    };
    match serve {
        Serve::Variant(key) => Given::Variant(number(key)),
        Serve::Split(split) => {
            Given::Split(split.weights.iter().map(|(key, weight)| (number(key), *weight)).collect())
        }
    }
}

fn conditions(when: &Predicate) -> Vec<Condition> {
    match when {
        Predicate::All(all) => all.iter().flat_map(conditions).collect(),
        Predicate::Attribute { path, test } => vec![condition(path.clone(), test)],
        other => panic!("no workload asks for {other:?}"),
    }
}

fn condition(attribute: String, test: &Test) -> Condition {
    match test {
        Test::In { values, ignore_case: false } => {
            let values = values.iter().map(|value| match value {
                Scalar::String(text) => text.clone(),
                other => panic!("no workload asks for {other:?}"),
            });
            Condition::In { attribute, values: values.collect() }
        }
        Test::Number { order: Order::Greater, operand, .. } => {
            Condition::Above { attribute, number: *operand }
        }
        Test::Affix { place: Place::End, needles, ignore_case: false } if needles.len() == 1 => {
            Condition::EndsWith { attribute, suffix: needles[0].clone() }
        }
        Test::Version { order: VersionOrder::GreaterOrEqual, operand, .. } => {
            Condition::AtLeast { attribute, version: operand.clone() }
        }
        other => panic!("no workload asks for {other:?}"),
    }
}

impl Given {
    /// The variants that may be served.
    pub fn variants(&self) -> Vec<usize> {
        match self {
            Self::Variant(variant) => vec![*variant],
            Self::Split(weights) => weights.iter().map(|(variant, _)| *variant).collect(),
        }
    }
}

impl Rules {
    /// The key of a variant.
    #[must_use]
    pub fn variant(&self, number: usize) -> &str {
        &self.variants[number]
    }
}
