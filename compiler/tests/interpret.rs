//! The evaluation cases of `tests/cases/evaluation`, on the interpreter.
//!
//! In: every case file. Out: a report of all cases whose verdict is not the one expected. The same
//! files run on compiled modules elsewhere; what they expect was written from the reference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use vexil_abi::verdict::{Verdict, error_code, reason};
use vexil_compiler::context::Context;
use vexil_compiler::document;
use vexil_compiler::flag_set::{
    Configuration, Definition, Flag, FlagSet, FlagTest, Kind, Lifecycle, Predicate, Rule, Segment,
    Serve,
};
use vexil_compiler::interpret::evaluate;

/// The clock of a case that gives none.
const NOW_MS: f64 = 1_700_000_000_000.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(rename = "description")]
    _description: String,
    flags: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    flag: String,
    context: Value,
    now_ms: Option<f64>,
    expect: Value,
}

/// Runs one file's cases and returns a line for each that fails, and how many there are.
fn check(path: &Path) -> (Vec<String>, usize) {
    let text = fs::read_to_string(path).unwrap();
    let file: CaseFile = serde_json::from_str(&text).unwrap();
    let project = match document::read_value(&file.flags) {
        Ok(project) => project,
        Err(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            return (vec![format!("{}: {}", path.display(), faults.join("\n  "))], 0);
        }
    };
    let flag_set = project.flag_set("test").unwrap();
    let mut failures = Vec::new();
    for case in &file.cases {
        let context = Context::from_json(&case.context).unwrap();
        let now_ms = case.now_ms.unwrap_or(NOW_MS);
        let verdict = evaluate(&flag_set, &case.flag, &context, now_ms);
        let got = describe(&flag_set, &case.flag, verdict);
        if !same(&got, &case.expect) {
            let (file, name, expect) = (path.display(), &case.name, &case.expect);
            failures.push(format!("{file}\n  {name}\n  expected {expect}\n       got {got}"));
        }
    }
    (failures, file.cases.len())
}

/// A verdict as the cases and the command line show it.
fn describe(flag_set: &FlagSet, key: &str, verdict: Verdict) -> Value {
    let flag = flag_set.flags.get(key);
    let variant = flag
        .and_then(|flag| flag.definition.variants.get_index(usize::from(verdict.variant)))
        .filter(|_| verdict.variant != vexil_abi::verdict::NO_VARIANT);
    let rule = flag.and_then(|flag| flag.configuration.rules.get(usize::from(verdict.rule)));
    let error = Some(verdict.error_code).filter(|code| *code != error_code::NONE);
    json!({
        "variant": variant.map(|(key, _)| key),
        "value": variant.map(|(_, value)| value),
        "reason": reason::NAMES[usize::from(verdict.reason)],
        "rule": rule.map(|rule| &rule.id),
        "errorCode": error.map(|code| error_code::NAMES[usize::from(code)]),
    })
}

/// Equality of JSON in which `1` and `1.0` are one number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(k, l)| right.get(k).is_some_and(|r| same(l, r)))
        }
        _ => left == right,
    }
}

#[test]
fn every_case_has_the_verdict_of_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/evaluation");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    let (mut failures, mut cases) = (Vec::new(), 0);
    for path in &paths {
        let (failed, count) = check(path);
        failures.extend(failed);
        cases += count;
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
    assert!(cases > 3_000, "only {cases} cases in {} files", paths.len());
}

/// An enabled boolean flag with one rule, served `on`.
fn flag(when: Predicate, prerequisites: Vec<FlagTest>) -> Flag {
    let variants = [("on", true), ("off", false)];
    let definition = Definition {
        kind: Kind::Boolean,
        variants: variants.map(|(key, value)| (key.to_owned(), json!(value))).into_iter().collect(),
        description: String::new(),
        owner: String::new(),
        tags: Vec::new(),
        client_visible: false,
        lifecycle: Lifecycle::Active,
    };
    let rule = Rule {
        id: "r".to_owned(),
        description: String::new(),
        when,
        serve: Serve::Variant("on".to_owned()),
    };
    let default = Configuration::default_for(&definition);
    let configuration =
        Configuration { enabled: true, prerequisites, rules: vec![rule], ..default };
    Flag { definition, configuration }
}

fn needs(flag: &str) -> FlagTest {
    FlagTest { flag: flag.to_owned(), variants: vec!["on".to_owned()] }
}

fn flags<const N: usize>(flags: [(&str, Flag); N]) -> FlagSet {
    let flags = flags.map(|(key, flag)| (key.to_owned(), flag)).into_iter().collect();
    FlagSet { flags, ..FlagSet::default() }
}

/// A flag set that `check` would refuse is answered with `GENERAL`.
fn check_unsound(flag_set: &FlagSet) {
    let verdict = evaluate(flag_set, "a", &Context::default(), NOW_MS);
    assert_eq!(verdict, Verdict::error(error_code::GENERAL));
}

#[test]
fn flags_in_a_circle_are_an_error() {
    let always = Predicate::always;
    check_unsound(&flags([("a", flag(always(), vec![needs("a")]))]));
    check_unsound(&flags([("a", flag(Predicate::Flag(needs("a")), Vec::new()))]));
    check_unsound(&flags([
        ("a", flag(always(), vec![needs("b")])),
        ("b", flag(Predicate::Flag(needs("a")), Vec::new())),
    ]));
}

#[test]
fn segments_in_a_circle_are_an_error() {
    let segment = |key: &str| Segment {
        description: String::new(),
        when: Some(Predicate::Segment(key.to_owned())),
        included: Vec::new(),
        excluded: Vec::new(),
    };
    let mut set = flags([("a", flag(Predicate::Segment("s".to_owned()), Vec::new()))]);
    set.segments.insert("s".to_owned(), segment("t"));
    set.segments.insert("t".to_owned(), segment("s"));
    check_unsound(&set);
}

#[test]
fn unknown_names_are_an_error() {
    let always = Predicate::always;
    check_unsound(&flags([("a", flag(always(), vec![needs("nobody")]))]));
    check_unsound(&flags([("a", flag(Predicate::Segment("none".to_owned()), Vec::new()))]));
    let mut unknown = flag(always(), Vec::new());
    unknown.configuration.off_variant = "blue".to_owned();
    check_unsound(&flags([("a", unknown)]));
    let mut unknown = flag(always(), Vec::new());
    unknown.configuration.rules[0].serve = Serve::Variant("blue".to_owned());
    check_unsound(&flags([("a", unknown)]));
}

#[test]
fn bottomless_predicates_are_an_error() {
    let deep = (0..5_000).fold(Predicate::always(), |inner, _| Predicate::Not(Box::new(inner)));
    check_unsound(&flags([("a", flag(deep, Vec::new()))]));
}

/// 16 flags, each of which names the next one 1,000 times: 1,000^15 ways, one evaluation each.
#[test]
fn flags_that_name_each_other_many_times_are_evaluated_once_each() {
    let names: Vec<String> = (0..16).map(|i| format!("flag-{i:02}")).collect();
    let mut set = FlagSet::default();
    for (i, name) in names.iter().enumerate() {
        let tests = names.get(i + 1).map_or(Vec::new(), |next| vec![needs(next); 1_000]);
        let when = Predicate::All(tests.into_iter().map(Predicate::Flag).collect());
        set.flags.insert(name.clone(), flag(when, Vec::new()));
    }
    let verdict = evaluate(&set, "flag-00", &Context::default(), NOW_MS);
    assert_eq!(verdict, Verdict { rule: 0, ..Verdict::serve(0, reason::TARGETING_MATCH) });
}
