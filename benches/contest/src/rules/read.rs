//! Vexil's flags as the rows read them.
//!
//! In: a flag set. Out: [`Rules`]. What the workloads do not use is refused.

use vexil_compiler::flag_set::{
    Flag, FlagSet, Order, Place, Predicate, Scalar, Serve, Test, VersionOrder,
};

use super::{Condition, Given, Rule, Rules};

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
