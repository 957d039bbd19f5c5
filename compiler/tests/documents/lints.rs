//! The lints end soon, say the same each time, and do no harm on projects that nobody checked.

use proptest::prelude::*;
use serde_json::{Value, json};
use vexil_compiler::flag_set::Project;
use vexil_compiler::{document, limits, lint};

use super::projects::{Choices, project};

fn read(document: &Value) -> Project {
    document::read_value(document).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// A document with one boolean flag, enabled, whose rules these are.
fn with_rules(rules: impl Iterator<Item = Value>) -> Value {
    let rules: Vec<Value> = rules
        .enumerate()
        .map(|(number, when)| json!({ "id": format!("r{number}"), "when": when, "serve": "on" }))
        .collect();
    json!({ "format": "vexil/1", "flags": { "a": {
        "kind": "boolean", "environments": { "production": { "enabled": true, "rules": rules } } } } })
}

/// Nothing is asserted of the time: without a bound on the work this would not end at all.
#[test]
fn rules_that_leave_exponentially_many_ways_are_looked_at_within_bounds() {
    let part = |n: usize| json!({ "attribute": format!("a{}", n % 50), "gt": n });
    let rules = (0..limits::MAX_RULES).map(|n| {
        json!({ "all": [{ "any": [part(n), part(n + 7)] }, { "any": [part(n + 1), part(n + 9)] }] })
    });
    let project = read(&with_rules(rules));
    assert_eq!(lint::project(&project), lint::project(&project));
}

#[test]
fn the_longest_lists_are_looked_at_within_bounds() {
    let list = |n: usize| Value::from_iter((0..limits::MAX_SET).map(|at| at * 7 + n));
    let rules = (0..8).map(|n| json!({ "attribute": "id", "in": list(n) }));
    // Each list has an operand that no other has.
    let warnings = lint::project(&read(&with_rules(rules)));
    assert!(warnings.iter().all(|warning| !warning.code.starts_with("VX11")), "{warnings:#?}");
}

#[test]
fn the_deepest_condition_is_looked_at() {
    let innermost = json!({ "any": [] });
    let depth = limits::MAX_PREDICATE_DEPTH - 1;
    let when = (0..depth).fold(innermost, |inner, _| json!({ "not": inner }));
    let warnings = lint::project(&read(&with_rules([when].into_iter())));
    assert_eq!(warnings.first().map(|warning| warning.code), Some("VX1202"), "{warnings:#?}");
}

#[test]
fn warnings_beyond_the_limit_are_counted() {
    let segment = json!({ "included": ["u"] });
    let count = limits::MAX_DIAGNOSTICS + 3;
    let segments: serde_json::Map<String, Value> =
        (0..count).map(|n| (format!("s{n}"), segment.clone())).collect();
    let document = json!({ "format": "vexil/1", "segments": segments });
    let warnings = lint::project(&read(&document));
    assert_eq!(warnings.len(), limits::MAX_DIAGNOSTICS + 1);
    let last = warnings.last().unwrap();
    assert_eq!((last.code, last.message.as_str()), ("VX1001", "3 more warnings are not shown"));
}

/// A project that would not pass the check: circles, and names of nothing.
#[test]
fn a_project_that_nobody_checked_does_no_harm() {
    let needs = json!([{ "flag": "b", "variant": "on" }]);
    let document = json!({ "format": "vexil/1", "environments": ["e"], "flags": {
        "a": { "kind": "boolean", "environments": { "e": { "enabled": true, "prerequisites": needs } } },
        "b": { "kind": "boolean", "environments": { "e": { "enabled": true } } },
    }, "segments": { "s": { "when": { "not": { "segment": "t" } } }, "t": { "included": ["u"] } } });
    let mut project = read(&document);
    let needs = project.flags["a"].environments["e"].prerequisites.clone();
    let configuration = project.flags.get_mut("b").unwrap().environments.get_mut("e").unwrap();
    configuration.prerequisites = needs;
    configuration.off_variant = "nothing".to_owned();
    let when = project.segments["s"].when.clone();
    project.segments.get_mut("t").unwrap().when = when;
    assert!(lint::project(&project).iter().any(|warning| warning.code == "VX1601"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    #[test]
    fn equal_projects_get_equal_warnings(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let project = project(&mut Choices::new(bytes));
        prop_assert_eq!(lint::project(&project), lint::project(&project));
    }
}
