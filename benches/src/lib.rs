//! Workloads that all benchmarks share, by name, so that rows can be compared.
//!
//! In: nothing. Out: flag documents and contexts, built the same way on every machine.

#![allow(clippy::expect_used, clippy::indexing_slicing)]

pub mod fleet;
pub mod guest;

use serde_json::{Value, json};
use vexil_compiler::document;
use vexil_compiler::flag_set::FlagSet;

/// The clock of every benchmark, in milliseconds since the Unix epoch.
pub const NOW_MS: f64 = 1_700_000_000_000.0;

/// Contexts of a workload; evaluations take them in turn.
pub const CONTEXTS: usize = 1_024;

/// One flag and the contexts it is evaluated for.
pub struct Workload {
    /// Short name, as the records use it.
    pub name: &'static str,
    /// The flag `flag`.
    pub flags: FlagSet,
    /// Its contexts, as JSON.
    pub contexts: Vec<Value>,
}

/// All workloads: static; one equality; a list of 100; a 25 % rollout; five rules.
#[must_use]
pub fn workloads() -> Vec<Workload> {
    let addresses: Vec<String> = (0..100).map(|n| format!("user{n}@example.com")).collect();
    vec![
        workload_of(
            "boolean",
            &json!({ "off": false, "on": true }),
            "W1 static",
            &json!({ "enabled": true, "fallthrough": "on" }),
        ),
        workload("W2 equality", one_rule(&json!({ "attribute": "country", "equals": "DE" }))),
        workload("W3 list of 100", one_rule(&json!({ "attribute": "email", "in": addresses }))),
        workload(
            "W4 rollout",
            json!({
                "enabled": true,
                "fallthrough": { "split": { "weights": { "on": 25_000, "off": 75_000 } } },
            }),
        ),
        workload("W5 five rules", five_rules()),
    ]
}

fn one_rule(when: &Value) -> Value {
    json!({ "enabled": true, "rules": [{ "id": "one", "when": when, "serve": "on" }] })
}

fn five_rules() -> Value {
    json!({
        "enabled": true,
        "rules": [
            { "id": "country", "serve": "on",
              "when": { "attribute": "country", "in": ["FR", "IT", "ES"] } },
            { "id": "plan", "serve": "on",
              "when": { "all": [
                  { "attribute": "plan", "equals": "pro" }, { "attribute": "age", "gt": 60 },
              ] } },
            { "id": "email", "serve": "on",
              "when": { "attribute": "email", "ends_with": "@vexil.dev" } },
            { "id": "version", "serve": "on",
              "when": { "attribute": "version", "semver_gte": "3.0.0" } },
            { "id": "split",
              "serve": { "split": { "weights": {
                  "on": 40_000, "off": 30_000, "third": 20_000, "fourth": 10_000,
              } } } },
        ],
    })
}

fn workload(name: &'static str, configuration: Value) -> Workload {
    let variants = json!({ "off": "1", "on": "2", "third": "3", "fourth": "4" });
    workload_of("string", &variants, name, &configuration)
}

fn workload_of(
    kind: &str,
    variants: &Value,
    name: &'static str,
    configuration: &Value,
) -> Workload {
    let document = json!({
        "format": "vexil/1",
        "environments": ["bench"],
        "flags": { "flag": {
            "kind": kind,
            "variants": variants,
            "environments": { "bench": configuration },
        } },
    });
    let project = document::read_value(&document).expect("the workload is a good document");
    let flags = project.flag_set("bench").expect("the workload has its environment");
    Workload { name, flags, contexts: (0..CONTEXTS).map(context).collect() }
}

fn context(number: usize) -> Value {
    let country = ["DE", "AT", "FR", "US", "GB", "PL", "SE", "NL"];
    json!({
        "targetingKey": format!("user-{number}"),
        "country": country.get(number % 8),
        "plan": if number.is_multiple_of(3) { "pro" } else { "free" },
        "age": 18 + number % 60,
        "email": format!("user{number}@example.com"),
        "version": format!("2.{}.{}", number % 20, number % 7),
    })
}
