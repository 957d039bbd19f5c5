//! Documents at and beyond every limit: refused in words, never by running out of stack or memory.

use std::time::{Duration, Instant};

use indexmap::IndexMap;
use serde_json::{Value, json};
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::flag_set::{
    Configuration, Definition, Flag, FlagSet, Kind, Lifecycle, NumberDialect, Order, Predicate,
    Rule, Serve, Test,
};
use vexil_compiler::{check, document, limits};

fn faults(text: &str) -> Vec<Diagnostic> {
    document::read(text).err().unwrap_or_default()
}

fn codes(faults: &[Diagnostic]) -> Vec<&'static str> {
    faults.iter().map(|fault| fault.code).collect()
}

/// A document with one boolean flag whose production configuration is this.
fn with_configuration(configuration: &Value) -> Value {
    json!({ "format": "vexil/1", "flags": { "a": {
        "kind": "boolean", "environments": { "production": configuration } } } })
}

fn with_when(when: &Value) -> Value {
    with_configuration(&json!({ "rules": [{ "id": "r", "when": when, "serve": "on" }] }))
}

/// Asserts that `document(most)` is good and `document(most + 1)` gives one fault of `code`.
fn check_limit(most: usize, code: &str, document: impl Fn(usize) -> Value) {
    let at = document::read_value(&document(most));
    assert_eq!(at.err(), None, "at {most}");
    let beyond = document::read_value(&document(most + 1)).unwrap_err();
    assert_eq!(codes(&beyond), [code], "{beyond:?}");
}

#[test]
fn each_count_is_good_at_its_limit_and_a_fault_beyond() {
    let numbers = |count: usize| Value::from_iter(0..count);
    let texts = |count: usize| Value::from_iter((0..count).map(|n| n.to_string()));
    let map = |count: usize, value: Value| {
        Value::Object((0..count).map(|n| (format!("k{n}"), value.clone())).collect())
    };
    let boolean = json!({ "kind": "boolean" });
    check_limit(
        limits::MAX_FLAGS,
        "VX0601",
        |n| json!({ "format": "vexil/1", "flags": map(n, boolean.clone()) }),
    );
    check_limit(
        limits::MAX_SEGMENTS,
        "VX0601",
        |n| json!({ "format": "vexil/1", "segments": map(n, json!({})) }),
    );
    check_limit(
        limits::MAX_SENSITIVE,
        "VX0601",
        |n| json!({ "format": "vexil/1", "sensitive": texts(n) }),
    );
    check_limit(
        limits::MAX_ENVIRONMENTS,
        "VX0601",
        |n| json!({ "format": "vexil/1", "environments": texts(n) }),
    );
    check_limit(limits::MAX_VARIANTS, "VX0601", |n| {
        let flag = json!({ "kind": "number", "variants": map(n, json!(1)) });
        json!({ "format": "vexil/1", "flags": { "a": flag } })
    });
    check_limit(limits::MAX_RULES, "VX0601", |n| {
        let rule = |n: usize| json!({ "id": n.to_string(), "serve": "on" });
        with_configuration(&json!({ "rules": Value::from_iter((0..n).map(rule)) }))
    });
    check_limit(limits::MAX_PREDICATES, "VX0601", |n| {
        let one = json!({ "attribute": "a", "exists": true });
        with_when(&json!({ "any": vec![one; n - 1] }))
    });
    for test in ["in", "any_of", "none_of"] {
        check_limit(limits::MAX_SET, "VX0601", |n| {
            with_when(&json!({ "attribute": "a", test: numbers(n) }))
        });
    }
    check_limit(limits::MAX_PATTERNS, "VX0601", |n| {
        with_when(&json!({ "attribute": "a", "matches": vec!["x"; n] }))
    });
    check_limit(limits::MAX_PATTERN_BYTES, "VX0602", |n| {
        with_when(&json!({ "attribute": "a", "matches": "x".repeat(n) }))
    });
    check_limit(limits::MAX_NETS, "VX0601", |n| {
        with_when(&json!({ "attribute": "a", "cidr": vec!["::1"; n] }))
    });
    check_limit(limits::MAX_UNIT_PATHS, "VX0601", |n| {
        with_when(&json!({ "bucket": { "by": vec!["a"; n], "to": 1 } }))
    });
    check_limit(limits::MAX_BUCKETS as usize, "VX0105", |n| {
        with_when(&json!({ "bucket": { "hash": { "family": "md5", "buckets": n }, "to": 1 } }))
    });
    for test in ["contains", "starts_with", "ends_with", "all_of"] {
        check_limit(limits::MAX_NEEDLES, "VX0601", |n| {
            with_when(&json!({ "attribute": "a", test: texts(n) }))
        });
    }
    check_limit(limits::MAX_SET, "VX0601", |n| {
        with_configuration(&json!({ "overrides": { "on": texts(n) } }))
    });
    for list in ["included", "excluded"] {
        check_limit(
            limits::MAX_SET,
            "VX0601",
            |n| json!({ "format": "vexil/1", "segments": { "s": { list: texts(n) } } }),
        );
    }
}

#[test]
fn archived_flags_do_not_count() {
    let archived = json!({ "kind": "boolean", "lifecycle": "archived" });
    let flags = (0..=limits::MAX_FLAGS).map(|n| (n.to_string(), archived.clone())).collect();
    let document = json!({ "format": "vexil/1", "flags": Value::Object(flags) });
    assert_eq!(document::read_value(&document).err(), None);
}

#[test]
fn a_text_of_more_than_8_mib_is_not_parsed() {
    let fits = format!("{{\"format\":\"vexil/1\"}}{}", " ".repeat(8 * 1024 * 1024 - 20));
    assert_eq!(fits.len(), limits::MAX_DOCUMENT_BYTES);
    assert_eq!(faults(&fits), []);
    assert_eq!(codes(&faults(&format!("{fits} "))), ["VX0002"]);
}

#[test]
fn nesting_without_end_needs_no_stack() {
    let deep = 100_000;
    let json =
        format!("{{\"format\":\"vexil/1\",\"flags\":{}{}}}", "[".repeat(deep), "]".repeat(deep));
    let objects = format!("{{\"format\":\"vexil/1\",\"flags\":{}", "{\"a\":".repeat(deep));
    let yaml_flow = "[".repeat(deep);
    let yaml_block = "- ".repeat(deep);
    let yaml_maps = "? ".repeat(deep);
    let yaml_mixed = format!("format: vexil/1\nflags: {}", "{a: [".repeat(deep));
    let indented: String = (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    for text in [json, objects, yaml_flow, yaml_block, yaml_mixed, indented] {
        assert_eq!(codes(&faults(&text)), ["VX0003"], "{}", text.get(..60).unwrap());
    }
    // A key that is no text is a fault of its own.
    assert_eq!(faults(&yaml_maps).len(), 1);
}

#[test]
fn aliases_cannot_make_a_document_large() {
    let mut laughs = String::from("format: vexil/1\na0: &a0 [lol, lol, lol, lol]\n");
    for n in 1..40 {
        let line = format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1);
        laughs.push_str(&line);
    }
    let long = "x".repeat(1_000_000);
    let long = format!("format: vexil/1\na: &a {long}\nb: [{}]\n", "*a, ".repeat(1_000));
    for text in [laughs, long] {
        let began = Instant::now();
        let told = faults(&text);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(matches!(told[0].code, "VX0002" | "VX0001"), "{told:?}");
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn one_anchor_may_serve_a_thousand_flags() {
    let mut text = String::from(
        "format: vexil/1\nflags:\n  first: &usual\n    kind: boolean\n    environments:\n      \
         production: { enabled: true, fallthrough: on }\n",
    );
    for n in 0..1_000 {
        text.push_str(&format!("  f{n}: *usual\n"));
    }
    assert_eq!(document::read(&text).unwrap().flags.len(), 1_001);
}

#[test]
fn a_large_yaml_document_is_read() {
    let keys: String = (0..90_000).map(|n| format!("        - user-{n:09}\n")).collect();
    let text = format!(
        "format: vexil/1\nsegments:\n  a:\n    included:\n{keys}  b:\n    included:\n{keys}  c:\n    included:\n{keys}"
    );
    assert!(text.len() > 6_000_000, "{}", text.len());
    assert_eq!(document::read(&text).unwrap().segments.len(), 3);
}

#[test]
fn a_thousand_faults_are_told_and_the_rest_counted() {
    let weights: serde_json::Map<String, Value> =
        (0..5_000).map(|n| (format!("unknown {n}"), json!(20))).collect();
    let document =
        with_configuration(&json!({ "fallthrough": { "split": { "weights": weights } } }));
    let told = document::read_value(&document).unwrap_err();
    assert_eq!(told.len(), limits::MAX_DIAGNOSTICS + 1);
    assert_eq!(
        told[1_000].to_string(),
        "VX0006 (document): 4000 more faults are not shown (mend the ones above first)"
    );
    let misspelt: serde_json::Map<String, Value> =
        (0..5_000).map(|n| (format!("field {n}"), json!(1))).collect();
    assert_eq!(document::read_value(&Value::Object(misspelt)).unwrap_err().len(), 1_001);
}

#[test]
fn pointers_stay_short_however_long_the_names() {
    let name = "n".repeat(1_000_000);
    let document = json!({ "format": "vexil/1", &name: 1,
        "flags": { &name: { "kind": 1 }, "a": { "kind": "boolean", "variants": { &name: 1 },
            "environments": { &name: {}, "production": { &name: {}, "overrides": { &name: [] } } } } } });
    let told = document::read_value(&document).unwrap_err();
    assert_eq!(told.len(), 6, "{told:?}");
    for fault in told {
        assert!(fault.to_string().len() < 1_000, "{fault}");
    }
    let twice = format!("{{\"format\":\"vexil/1\",\"{name}\":1,\"{name}\":1}}");
    assert!(faults(&twice).iter().all(|fault| fault.to_string().len() < 1_000));
}

#[test]
fn a_hand_made_flag_set_is_checked_as_well() {
    let definition = Definition {
        kind: Kind::Boolean,
        variants: IndexMap::from([("on".to_owned(), json!(true))]),
        description: String::new(),
        owner: String::new(),
        tags: Vec::new(),
        client_visible: false,
        lifecycle: Lifecycle::Active,
    };
    let mut configuration = Configuration::default_for(&definition);
    let test = |order, operand| Test::Number { order, operand, dialect: NumberDialect::Decimal };
    let attribute = |test| Predicate::Attribute { path: "a".to_owned(), test };
    let mut deep = attribute(test(Order::Less, f64::INFINITY));
    for _ in 0..5_000 {
        deep = Predicate::Not(Box::new(deep));
    }
    let rule = |id: &str, when| Rule {
        id: id.to_owned(),
        description: String::new(),
        when,
        serve: Serve::Variant("on".to_owned()),
    };
    configuration.rules = vec![
        rule("nan", attribute(test(Order::Less, f64::NAN))),
        rule("time", attribute(Test::Time { after: true, operand_ms: f64::INFINITY })),
        rule("deep", deep),
    ];
    let mut flag_set = FlagSet::default();
    flag_set.flags.insert("a".to_owned(), Flag { definition, configuration });
    let told = check::flag_set(&flag_set, None);
    assert_eq!(codes(&told), ["VX0504", "VX0504", "VX0603"]);
    assert_eq!(told[0].pointer, "/flags/a/rules/0/when");
    let told = check::flag_set(&flag_set, Some("production"));
    assert_eq!(told[0].pointer, "/flags/a/environments/production/rules/0/when");
}
