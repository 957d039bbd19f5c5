//! What documents compile to, before and after the passes, as text that is read in the diff.
//!
//! `tests/cases/programs/NAME.yaml` beside `NAME.txt`; `BLESS=1` writes the text anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use serde_json::json;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::{compile, document, program};
use wasmparser::{Parser, Payload};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/programs")
}

fn flag_set(name: &str) -> FlagSet {
    let text = std::fs::read_to_string(folder().join(name).with_extension("yaml")).unwrap();
    document::read(&text).unwrap().flag_set("test").unwrap()
}

fn check(name: &str) {
    let set = flag_set(name);
    let text = format!("{}", program(&set).unwrap());
    let path = folder().join(name).with_extension("txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{name}");
}

#[test]
fn a_rollout_compiles_to_its_program() {
    check("rollout");
}

#[test]
fn every_test_compiles_to_its_leaf() {
    check("tests");
}

#[test]
fn foreign_hashes_compile_to_numbers_and_ranges() {
    check("foreign");
}

/// A flag set with a segment, an override, a split and a bucket, of which only constants differ.
fn with_constants(percent: u32, included: usize, excluded: usize, overridden: usize) -> FlagSet {
    let keys = |prefix: &str, count: usize| -> Vec<String> {
        (0..count).map(|number| format!("{prefix}-{number}")).collect()
    };
    let weights = json!({ "on": percent * 1_000, "off": 100_000 - percent * 1_000 });
    let cohort = json!({ "all": [
        { "segment": "s" }, { "attribute": "age", "gt": percent },
        { "attribute": "country", "in": ["DE", "AT"] }, { "bucket": { "to": percent * 1_000 + 1 } },
    ] });
    let document = json!({
        "format": "vexil/1", "environments": ["test"],
        "segments": { "s": {
            "included": keys("in", included), "excluded": keys("out", excluded),
            "when": { "attribute": "email", "ends_with": "@example.com" },
        } },
        "flags": { "f": { "kind": "boolean", "environments": { "test": {
            "enabled": true, "overrides": { "on": keys("qa", overridden) },
            "rules": [{ "id": "r", "when": cohort, "serve": { "split": { "weights": weights } } }],
        } } } },
    });
    document::read_value(&document).unwrap().flag_set("test").unwrap()
}

/// Hosts find the machine code of such a module in their cache.
#[test]
fn changed_percentages_and_cohorts_leave_the_code_as_it_was() {
    let code = |set: &FlagSet| {
        let bytes = compile(set).unwrap().bytes;
        let section = Parser::new(0).parse_all(&bytes).find_map(|payload| match payload.unwrap() {
            Payload::CodeSectionStart { range, .. } => Some(range),
            _ => None,
        });
        bytes[section.unwrap()].to_vec()
    };
    let base = code(&with_constants(25, 3, 3, 3));
    for (percent, included, excluded, overridden) in [
        (50, 3, 3, 3),
        (0, 3, 3, 3),
        (99, 3, 3, 3),
        (25, 1, 3, 3),
        (25, 9, 3, 3),
        (25, 5_000, 3, 3),
        (25, 3, 1, 3),
        (25, 3, 500, 3),
        (25, 3, 3, 1),
        (25, 3, 3, 90),
        (77, 1, 1, 1),
    ] {
        let changed = code(&with_constants(percent, included, excluded, overridden));
        assert!(changed == base, "{percent} % {included} {excluded} {overridden}");
    }
}

#[test]
fn the_text_form_of_a_flag_can_be_inspected() {
    let module = compile(&flag_set("rollout")).unwrap();
    let inspection = vexil_compiler::module::inspect(&module.bytes).unwrap();
    let keys: Vec<&str> = inspection.flags.iter().map(|flag| flag.key.as_str()).collect();
    assert_eq!(keys, ["checkout", "payments"]);
    let checkout = &inspection.flags[0];
    assert_eq!(checkout.reads, ["app.version", "country", "email", "plan", "targetingKey"]);
    assert_eq!(checkout.rules, ["staff", "dach", "never", "rest", "unreachable"]);
    assert_eq!(checkout.prerequisites, ["payments"]);
    assert!(checkout.constant.is_none() && inspection.flags[1].constant.is_some());
    let text = vexil_compiler::module::wat(&module.bytes, "checkout").unwrap();
    assert!(text.starts_with(";; ") && text.trim_end().ends_with(')'), "{text}");
    assert!(vexil_compiler::module::wat(&module.bytes, "nothing").is_err());
    assert!(vexil_compiler::module::inspect(b"\0asm").is_err());
}
