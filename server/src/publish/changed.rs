//! Which flags mean something else than before.
//!
//! In: two flag sets. Out: the keys of flags that may now give another verdict: those that differ
//! themselves, and those that lean on a changed segment or flag. Descriptions, owners, tags and
//! visibility mean nothing to a module. Orders do: of variants, of weights, of rules.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;
use vexil_compiler::flag_set::{
    Configuration, Definition, Flag, FlagSet, Predicate, Rule, Segment, Serve,
};

/// Keys of the flags in `new` or `old` that may differ in meaning, in order.
#[must_use]
pub fn changed(old: &FlagSet, new: &FlagSet) -> Vec<String> {
    let segments = changed_segments(old, new);
    let keys: BTreeSet<&String> = old.flags.keys().chain(new.flags.keys()).collect();
    let mut changed: BTreeSet<&str> = keys
        .into_iter()
        .filter(|key| match (old.flags.get(*key), new.flags.get(*key)) {
            (Some(before), Some(after)) => {
                !same_flag(before, after) || leans(after, &segments, &BTreeSet::new())
            }
            _ => true,
        })
        .map(String::as_str)
        .collect();
    loop {
        let more: Vec<&str> = new
            .flags
            .iter()
            .filter(|(key, _)| !changed.contains(key.as_str()))
            .filter(|(_, flag)| leans(flag, &BTreeSet::new(), &changed))
            .map(|(key, _)| key.as_str())
            .collect();
        if more.is_empty() {
            return changed.into_iter().map(str::to_owned).collect();
        }
        changed.extend(more);
    }
}

fn changed_segments<'s>(old: &'s FlagSet, new: &'s FlagSet) -> BTreeSet<&'s str> {
    let keys: BTreeSet<&String> = old.segments.keys().chain(new.segments.keys()).collect();
    let mut changed: BTreeSet<&str> = keys
        .into_iter()
        .filter(|key| match (old.segments.get(*key), new.segments.get(*key)) {
            (Some(before), Some(after)) => !same_segment(before, after),
            _ => true,
        })
        .map(String::as_str)
        .collect();
    loop {
        let names = |predicate: &Predicate| names_any(predicate, &changed, &BTreeSet::new());
        let more: Vec<&str> = new
            .segments
            .iter()
            .filter(|(key, _)| !changed.contains(key.as_str()))
            .filter(|(_, segment)| segment.when.as_ref().is_some_and(names))
            .map(|(key, _)| key.as_str())
            .collect();
        if more.is_empty() {
            return changed;
        }
        changed.extend(more);
    }
}

/// Does the flag name one of these segments or flags.
fn leans(flag: &Flag, segments: &BTreeSet<&str>, flags: &BTreeSet<&str>) -> bool {
    let configuration = &flag.configuration;
    configuration.prerequisites.iter().any(|test| flags.contains(test.flag.as_str()))
        || configuration.rules.iter().any(|rule| names_any(&rule.when, segments, flags))
}

fn names_any(predicate: &Predicate, segments: &BTreeSet<&str>, flags: &BTreeSet<&str>) -> bool {
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => {
            parts.iter().any(|part| names_any(part, segments, flags))
        }
        Predicate::Not(part) => names_any(part, segments, flags),
        Predicate::Segment(key) => segments.contains(key.as_str()),
        Predicate::Flag(test) => flags.contains(test.flag.as_str()),
        Predicate::Bucket(_) | Predicate::Attribute { .. } => false,
    }
}

fn same_segment(before: &Segment, after: &Segment) -> bool {
    before.when == after.when
        && before.included == after.included
        && before.excluded == after.excluded
}

fn same_flag(before: &Flag, after: &Flag) -> bool {
    same_definition(&before.definition, &after.definition)
        && same_configuration(&before.configuration, &after.configuration)
}

fn same_definition(before: &Definition, after: &Definition) -> bool {
    before.kind == after.kind
        && before.variants.len() == after.variants.len()
        && before
            .variants
            .iter()
            .zip(&after.variants)
            .all(|((one, value), (other, new))| one == other && same_value(value, new))
}

/// Equality of maps ignores the order of names, but what a client receives does not.
fn same_value(before: &Value, after: &Value) -> bool {
    before == after && (!before.is_object() && !before.is_array() || text(before) == text(after))
}

fn text(value: &Value) -> String {
    value.to_string()
}

fn same_configuration(before: &Configuration, after: &Configuration) -> bool {
    before.enabled == after.enabled
        && before.off_variant == after.off_variant
        && before.prerequisites == after.prerequisites
        && before.overrides == after.overrides
        && same_serve(&before.fallthrough, &after.fallthrough)
        && before.rules.len() == after.rules.len()
        && before.rules.iter().zip(&after.rules).all(|(one, other)| same_rule(one, other))
}

fn same_rule(before: &Rule, after: &Rule) -> bool {
    before.id == after.id && before.when == after.when && same_serve(&before.serve, &after.serve)
}

fn same_serve(before: &Serve, after: &Serve) -> bool {
    let same_order =
        |one: &IndexMap<String, u32>, other: &IndexMap<String, u32>| one.keys().eq(other.keys());
    match (before, after) {
        (Serve::Split(one), Serve::Split(other)) => {
            one == other && same_order(&one.weights, &other.weights)
        }
        _ => before == after,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use vexil_compiler::flag_set::{FlagTest, Hashing, Kind, Lifecycle, Split};

    use super::*;

    fn flag() -> Flag {
        let definition = Definition {
            kind: Kind::Boolean,
            variants: IndexMap::from([("on".into(), true.into()), ("off".into(), false.into())]),
            description: String::new(),
            owner: String::new(),
            tags: Vec::new(),
            client_visible: false,
            lifecycle: Lifecycle::Active,
        };
        let configuration = Configuration::default_for(&definition);
        Flag { definition, configuration }
    }

    fn rule(when: Predicate) -> Rule {
        let serve = Serve::Variant("on".into());
        Rule { id: "r".into(), description: String::new(), when, serve }
    }

    /// `a` stands alone; `b` requires `a`; `c` asks for segment `inner` through `outer`; `d` asks
    /// for `b`.
    fn set() -> FlagSet {
        let (a, mut b, mut c, mut d) = (flag(), flag(), flag(), flag());
        let test = |flag: &str| FlagTest { flag: flag.into(), variants: vec!["on".into()] };
        b.configuration.prerequisites.push(test("a"));
        c.configuration.rules.push(rule(Predicate::Segment("outer".into())));
        d.configuration.rules.push(rule(Predicate::Not(Box::new(Predicate::Flag(test("b"))))));
        let segment = |when: Option<Predicate>| Segment {
            description: String::new(),
            when,
            included: vec!["u".into()],
            excluded: Vec::new(),
        };
        let outer = segment(Some(Predicate::All(vec![Predicate::Segment("inner".into())])));
        let flags = [("a", a), ("b", b), ("c", c), ("d", d)];
        let segments = [("inner", segment(None)), ("outer", outer)];
        FlagSet {
            flags: flags.into_iter().map(|(key, flag)| (key.into(), flag)).collect(),
            segments: segments.into_iter().map(|(key, one)| (key.into(), one)).collect(),
        }
    }

    fn after(edit: impl FnOnce(&mut FlagSet)) -> Vec<String> {
        let mut new = set();
        edit(&mut new);
        changed(&set(), &new)
    }

    #[test]
    fn nothing_changes_with_words_for_people() {
        assert!(after(|_| {}).is_empty());
        assert!(
            after(|new| {
                new.flags.get_mut("a").unwrap().definition.description = "new".into();
                new.flags.get_mut("c").unwrap().configuration.rules[0].description = "new".into();
                new.segments.get_mut("inner").unwrap().description = "new".into();
            })
            .is_empty()
        );
    }

    #[test]
    fn flags_that_lean_on_a_changed_flag_change_with_it() {
        let enabled = after(|new| new.flags.get_mut("a").unwrap().configuration.enabled = true);
        assert_eq!(enabled, ["a", "b", "d"]);
    }

    #[test]
    fn flags_that_lean_on_a_changed_segment_change_with_it() {
        let left = after(|new| new.segments.get_mut("inner").unwrap().included.clear());
        assert_eq!(left, ["c"]);
    }

    #[test]
    fn flags_that_came_or_went_are_named() {
        let left = after(|new| {
            new.flags.remove("c");
            new.flags.insert("e".into(), flag());
        });
        assert_eq!(left, ["c", "e"]);
    }

    #[test]
    fn the_order_of_weights_and_variants_has_a_meaning() {
        let split = |weights: [(&str, u32); 2]| {
            let weights = weights.into_iter().map(|(key, weight)| (key.into(), weight)).collect();
            Serve::Split(Split {
                by: vec!["targetingKey".into()],
                hashing: Hashing::native(),
                weights,
                otherwise: None,
            })
        };
        let mut old = set();
        old.flags.get_mut("c").unwrap().configuration.fallthrough =
            split([("on", 1), ("off", 99_999)]);
        let mut new = old.clone();
        new.flags.get_mut("c").unwrap().configuration.fallthrough =
            split([("off", 99_999), ("on", 1)]);
        assert_eq!(changed(&old, &new), ["c"]);
        let reversed = after(|new| new.flags.get_mut("c").unwrap().definition.variants.reverse());
        assert_eq!(reversed, ["c"]);
    }
}
