//! Probes: contexts that ask every question of a flag from both sides.
//!
//! In: a flag set and a flag's key. Out: contexts that are derived from the flag's own rules and
//! those of what it needs: every literal, what lies just beside it, nothing at all, and values of
//! another kind. Whoever has two evaluators can hold them against each other with these: a server
//! does so before it announces a module. Pure, like all of this crate: equal flags give equal
//! probes.

use std::collections::{BTreeMap, BTreeSet};

use vexil_abi::manifest::{RANDOM, TARGETING_KEY};

use crate::context::{Context, Value};
use crate::flag_set::{FlagSet, Predicate, Scalar, Serve, Split, Test};

/// Values of one attribute that are derived from one list of literals, at most: some from its
/// beginning, and its last.
const LITERALS: usize = 4;

/// Subjects by whom percentages are asked.
const UNITS: [&str; 6] = ["user-0", "user-1", "user-2", "user-3", "user-4", "user-5"];

/// At most `most` contexts for the flag `key`; none when there is no such flag.
///
/// The first is empty. Each rule is then met as far as a literal of each of its conditions meets
/// it, and from there one attribute after the other takes every value that matters. When that is
/// more than `most`, evenly spread ones are taken.
#[must_use]
pub fn probes(flag_set: &FlagSet, key: &str, most: usize) -> Vec<Context> {
    if !flag_set.flags.contains_key(key) {
        return Vec::new();
    }
    let mut asked = Asked { flag_set, seen: BTreeSet::new(), groups: Vec::new() };
    asked.flag(key);
    let mut probes = vec![Context::default()];
    let whole = asked.groups.iter().fold(Group::default(), |mut whole, group| {
        group.iter().for_each(|(path, values)| {
            whole.entry(path.clone()).or_default().extend(values.iter().cloned());
        });
        whole
    });
    for group in asked.groups.iter().chain([&whole]) {
        vary(group, &mut probes);
    }
    probes.dedup();
    for probe in &mut probes {
        // Otherwise each host draws its own.
        probe.attributes.entry(RANDOM.to_owned()).or_insert(Value::Number(0.0));
    }
    spread(probes, most)
}

/// Attributes of one rule by path, and the values that matter to it; the first meets it.
type Group = BTreeMap<String, Vec<Value>>;

/// What a flag asks.
struct Asked<'f> {
    flag_set: &'f FlagSet,
    /// Flags and segments that were looked at.
    seen: BTreeSet<(bool, &'f str)>,
    groups: Vec<Group>,
}

impl<'f> Asked<'f> {
    fn flag(&mut self, key: &str) {
        let Some((key, flag)) = self.flag_set.flags.get_key_value(key) else { return };
        if !self.seen.insert((true, key)) {
            return;
        }
        let configuration = &flag.configuration;
        for test in &configuration.prerequisites {
            self.flag(&test.flag);
        }
        for keys in configuration.overrides.values() {
            self.keys(keys);
        }
        for rule in &configuration.rules {
            let mut group = Group::new();
            self.predicate(&rule.when, &mut group);
            self.serve(&rule.serve, &mut group);
            self.groups.push(group);
        }
        let mut group = Group::new();
        self.serve(&configuration.fallthrough, &mut group);
        self.groups.push(group);
    }

    fn segment(&mut self, key: &str, group: &mut Group) {
        let Some((key, segment)) = self.flag_set.segments.get_key_value(key) else { return };
        if let Some(when) = &segment.when {
            self.predicate(when, group);
        }
        if self.seen.insert((false, key)) {
            self.keys(&segment.included);
            self.keys(&segment.excluded);
        }
    }

    /// Targeting keys that are named.
    fn keys(&mut self, keys: &[String]) {
        let mut group = Group::new();
        let mut values: Vec<Value> = few(keys).map(|key| Value::String(key.clone())).collect();
        values.extend(few(keys).map(|key| Value::String(format!("{key}~"))));
        group.insert(TARGETING_KEY.to_owned(), values);
        self.groups.push(group);
    }

    fn serve(&mut self, serve: &Serve, group: &mut Group) {
        if let Serve::Split(Split { by, .. }) = serve {
            units(by, group);
        }
    }

    fn predicate(&mut self, predicate: &'f Predicate, group: &mut Group) {
        match predicate {
            Predicate::All(parts) | Predicate::Any(parts) => {
                parts.iter().for_each(|part| self.predicate(part, group));
            }
            Predicate::Not(inner) => self.predicate(inner, group),
            Predicate::Segment(key) => self.segment(key, group),
            Predicate::Flag(test) => self.flag(&test.flag),
            Predicate::Bucket(bucket) => units(&bucket.by, group),
            Predicate::Attribute { path, test } => {
                group.entry(path.clone()).or_default().extend(values(test));
            }
        }
    }
}

/// Units that fall in different buckets, and one that is a number.
fn units(by: &[String], group: &mut Group) {
    for path in by {
        let values = group.entry(path.clone()).or_default();
        values.extend(UNITS.map(|unit| Value::String(unit.to_owned())));
        values.push(Value::Number(7.0));
    }
}

/// Some of a list: its first, and its last.
fn few<T>(items: &[T]) -> impl Iterator<Item = &T> {
    let last = items.last().filter(|_| items.len() > LITERALS);
    items.iter().take(LITERALS).chain(last)
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

/// Values that matter to a test; the first passes it, where one is easily found.
fn values(test: &Test) -> Vec<Value> {
    match test {
        Test::Exists(_) => vec![text("x")],
        Test::In { values, .. } => few(values).flat_map(beside).collect(),
        Test::Affix { needles, .. } => few(needles).flat_map(|needle| around(needle)).collect(),
        Test::Number { operand, .. } => numbers(*operand),
        Test::Between { low, high, .. } => [numbers(*low), numbers(*high)].concat(),
        Test::Version { operand, .. } => versions(operand),
        Test::Matches { patterns, .. } => {
            few(patterns).flat_map(|pattern| plain(pattern)).collect()
        }
        Test::Cidr { nets } => {
            let own = few(nets).map(|net| text(net.split('/').next().unwrap_or_default()));
            let others = ["0.0.0.0", "255.255.255.255", "::1", "::ffff:10.0.0.1", "10.0.0", "x"];
            own.chain(others.map(text)).collect()
        }
        Test::Time { operand_ms, .. } => {
            let mut values = numbers(*operand_ms);
            values.extend(["1970-01-01T00:00:00Z", "2999-12-31T23:59:59.999+02:00"].map(text));
            values
        }
        Test::List { values, .. } => lists(values),
    }
}

fn scalar(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::String(text) => Value::String(text.clone()),
        Scalar::Number(number) => Value::Number(*number),
        Scalar::Boolean(bool) => Value::Bool(*bool),
    }
}

/// A literal, and what is nearly it.
fn beside(literal: &Scalar) -> Vec<Value> {
    match literal {
        Scalar::String(own) => {
            let mut values = vec![text(own.clone()), text(format!("{own}~"))];
            values.extend([own.to_uppercase(), own.to_lowercase()].map(text));
            let shorter: String = own.chars().take(own.chars().count().saturating_sub(1)).collect();
            values.push(text(shorter));
            values
        }
        Scalar::Number(own) => numbers(*own),
        Scalar::Boolean(own) => vec![Value::Bool(*own), Value::Bool(!own), text(own.to_string())],
    }
}

/// A needle where it counts, where it does not, and not quite.
fn around(needle: &str) -> Vec<Value> {
    let shorter: String = needle.chars().skip(1).collect();
    let all = [
        needle.to_owned(),
        format!("x{needle}"),
        format!("{needle}x"),
        format!("xxxxxxxx{needle}xxxxxxxx"),
        needle.to_uppercase(),
        shorter,
    ];
    all.map(Value::String).to_vec()
}

/// A number, its neighbours, and texts of it.
fn numbers(own: f64) -> Vec<Value> {
    let near = [own, own.next_up(), own.next_down(), own + 1.0, own - 1.0, -own];
    let mut values: Vec<Value> = near.map(Value::Number).to_vec();
    values.extend([text(format!("{own}")), text(format!("{own}x"))]);
    values
}

fn versions(own: &str) -> Vec<Value> {
    let bare = own.trim_start_matches('v');
    let all = [
        own.to_owned(),
        format!("{bare}-0"),
        format!("{bare}.0"),
        format!("v{bare}"),
        format!("{bare}+build"),
        format!("{bare}0"),
        "0.0.0".to_owned(),
        "999999.0.0".to_owned(),
        "1.2.3.4".to_owned(),
    ];
    all.map(Value::String).to_vec()
}

/// A pattern as a text, with what has a meaning left out: of simple ones that is what they find.
fn plain(pattern: &str) -> Vec<Value> {
    let literal: String =
        pattern.chars().filter(|letter| !r"\^$.|?*+()[]{}".contains(*letter)).collect();
    let all = [literal.clone(), format!("x{literal}x"), literal.to_uppercase(), pattern.to_owned()];
    all.map(Value::String).to_vec()
}

fn lists(operands: &[Scalar]) -> Vec<Value> {
    let own: Vec<Value> = few(operands).map(scalar).collect();
    let all: Vec<Value> = operands.iter().map(scalar).collect();
    let first: Vec<Value> = own.iter().take(1).cloned().collect();
    let other = vec![text("~")];
    let mixed = [other.clone(), own].concat();
    [all, first, mixed, other, Vec::new()].map(Value::List).to_vec()
}

/// From the context that meets a group as far as it goes, one attribute after the other takes
/// every value that matters, then none, then those of other kinds.
fn vary(group: &Group, probes: &mut Vec<Context>) {
    let mut base = Context::default();
    for (path, values) in group {
        if let Some(first) = values.first() {
            set(&mut base, path, Some(first.clone()));
        }
    }
    // Who has no key falls in no bucket.
    base.targeting_key.get_or_insert_with(|| UNITS.first().copied().unwrap_or_default().to_owned());
    probes.push(base.clone());
    let others = [
        None,
        Some(Value::Bool(true)),
        Some(Value::Number(0.0)),
        Some(Value::String(String::new())),
        Some(Value::List(Vec::new())),
        Some(Value::Object(BTreeMap::new())),
    ];
    for (path, values) in group {
        let own = values.iter().skip(1).cloned().map(Some);
        for value in own.chain(others.clone()) {
            let mut probe = base.clone();
            set(&mut probe, path, value);
            probes.push(probe);
        }
    }
}

/// Sets an attribute by its whole path, or takes it away.
fn set(context: &mut Context, path: &str, value: Option<Value>) {
    match (path, value) {
        (TARGETING_KEY, Some(Value::String(key))) => context.targeting_key = Some(key),
        (TARGETING_KEY, _) => context.targeting_key = None,
        (path, Some(value)) => {
            context.attributes.insert(path.to_owned(), value);
        }
        (path, None) => {
            context.attributes.remove(path);
        }
    }
}

/// At most `most` of them, evenly.
fn spread(probes: Vec<Context>, most: usize) -> Vec<Context> {
    let all = probes.len();
    if all <= most {
        return probes;
    }
    let wanted: BTreeSet<usize> = (0..most).map(|number| number * all / most.max(1)).collect();
    let numbered = probes.into_iter().enumerate();
    numbered.filter(|(number, _)| wanted.contains(number)).map(|(_, probe)| probe).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::document;
    use crate::interpret::evaluate;

    fn flag_set() -> FlagSet {
        let document = json!({
            "format": "vexil/1",
            "environments": ["e"],
            "segments": { "staff": {
                "when": { "attribute": "email", "ends_with": "@vexil.dev" },
                "included": ["adam"], "excluded": ["eva"],
            } },
            "flags": {
                "base": { "kind": "boolean", "environments": { "e": {
                    "enabled": true,
                    "rules": [{ "id": "r", "when": { "segment": "staff" }, "serve": "on" }],
                } } },
                "f": { "kind": "string", "variants": { "a": "1", "b": "2", "c": "3", "d": "4" },
                    "environments": { "e": {
                    "enabled": true,
                    "prerequisites": [{ "flag": "base", "variant": "on" }],
                    "overrides": { "d": ["root"] },
                    "rules": [
                        { "id": "old", "when": { "attribute": "age", "gt": 60 }, "serve": "b" },
                        { "id": "new", "when": { "attribute": "version", "semver_gte": "3.0.0" },
                          "serve": "c" },
                    ],
                    "fallthrough": { "split": { "weights": { "a": 50_000, "b": 50_000 } } },
                } } },
            },
        });
        document::read_value(&document).unwrap().flag_set("e").unwrap()
    }

    #[test]
    fn the_probes_of_a_flag_bring_it_to_every_rule_and_off_it() {
        let flags = flag_set();
        let probes = probes(&flags, "base", 1_000);
        let variants: BTreeSet<u16> =
            probes.iter().map(|probe| evaluate(&flags, "base", probe, 0.0).variant).collect();
        assert_eq!(variants.len(), 2, "met and missed");
    }

    #[test]
    fn a_boundary_is_asked_on_both_sides_and_with_other_kinds() {
        let probes = probes(&flag_set(), "f", 1_000);
        let ages: Vec<Option<&Value>> =
            probes.iter().map(|probe| probe.attributes.get("age")).collect();
        let has = |value: &Value| ages.contains(&Some(value));
        assert!(has(&Value::Number(60.0)) && has(&Value::Number(60.0_f64.next_up())));
        assert!(has(&text("60")) && has(&Value::Bool(true)) && ages.contains(&None));
        let keys: BTreeSet<&str> =
            probes.iter().filter_map(|probe| probe.targeting_key.as_deref()).collect();
        assert!(keys.contains("root") && keys.contains("adam") && keys.contains("eva"));
    }

    #[test]
    fn there_are_no_more_than_asked_for_and_always_the_same() {
        let flags = flag_set();
        let all = probes(&flags, "f", usize::MAX);
        for most in [0, 1, 7, 50] {
            assert_eq!(probes(&flags, "f", most).len(), most.min(all.len()));
        }
        assert_eq!(probes(&flags, "f", 50), probes(&flags, "f", 50));
        assert_eq!(probes(&flags, "absent", 9), []);
    }
}
