//! Many flags at once: the flag sets that scaling and bulk evaluation are measured on.
//!
//! In: how many flags, of how many shapes, and how their constants are chosen. Out: a flag
//! document, the same on every machine. Every flag has five rules: four conditions and a split.

use serde_json::{Map, Value, json};
use vexil_compiler::document;
use vexil_compiler::flag_set::FlagSet;

/// How flags get their constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constants {
    /// All flags ask the same questions; each has its own salt.
    Equal,
    /// From the pools that a shop would have: 40 countries, 5 plans, 200 companies, 300 versions.
    Pooled,
    /// No two flags have a constant in common.
    Distinct,
}

/// Conditions that a rule can have; four of them make a shape.
const CONDITIONS: usize = 13;

/// What a thousand flags at once are measured on, by name.
#[must_use]
pub fn bulk() -> [(&'static str, Value); 4] {
    [
        ("W6: equal predicates, own salts", fleet_document(1_000, 1, Constants::Equal)),
        ("W6d: every constant different", fleet_document(1_000, 1, Constants::Distinct)),
        ("1,000 flags of 50 shapes", fleet_document(1_000, 50, Constants::Pooled)),
        ("1,000 neglected flags", neglected(1_000)),
    ]
}

/// `count` flags of `shapes` shapes.
#[must_use]
pub fn fleet(count: usize, shapes: usize, constants: Constants) -> FlagSet {
    flag_set(&fleet_document(count, shapes, constants))
}

/// The document of `count` flags of `shapes` shapes.
#[must_use]
pub fn fleet_document(count: usize, shapes: usize, constants: Constants) -> Value {
    let flags: Map<String, Value> = (0..count)
        .map(|number| (format!("flag-{number:05}"), flag(number, number % shapes, constants)))
        .collect();
    document_of(flags)
}

/// Flags as people leave them behind: with rules that can never be reached, prerequisites on flags
/// that are the same for everybody, alternatives written one by one, and the dearest condition
/// first.
fn neglected(count: usize) -> Value {
    let mut flags: Map<String, Value> =
        (0..count).map(|n| (format!("flag-{n:05}"), old(n))).collect();
    let released = json!({ "enabled": true, "fallthrough": "a" });
    flags.insert("released".to_owned(), of_kind(released));
    document_of(flags)
}

fn document_of(flags: Map<String, Value>) -> Value {
    json!({ "format": "vexil/1", "environments": ["bench"], "flags": flags })
}

/// The flag set of a document here.
#[must_use]
pub fn flag_set(document: &Value) -> FlagSet {
    let project = document::read_value(document).expect("the fleet is a good document");
    project.flag_set("bench").expect("the fleet has its environment")
}

fn of_kind(configuration: Value) -> Value {
    json!({
        "kind": "string",
        "variants": { "a": "1", "b": "2", "c": "3", "d": "4" },
        "environments": { "bench": configuration },
    })
}

fn flag(number: usize, shape: usize, constants: Constants) -> Value {
    // The five rules of the workload W5 are the first shape.
    let mut code = shape;
    let mut kinds = [0, 1, 2, 3];
    for kind in &mut kinds {
        *kind = (*kind + code % CONDITIONS) % CONDITIONS;
        code /= CONDITIONS;
    }
    let seed = match constants {
        Constants::Equal => 0,
        Constants::Pooled | Constants::Distinct => number + 1,
    };
    let mut rules: Vec<Value> = kinds
        .iter()
        .enumerate()
        .map(|(rule, kind)| {
            let when = condition(*kind, seed.wrapping_mul(4) + rule, constants);
            json!({ "id": format!("r{}", rule + 1), "when": when, "serve": "b" })
        })
        .collect();
    let weights = json!({ "a": 40_000, "b": 30_000, "c": 20_000, "d": 10_000 });
    rules.push(json!({ "id": "r5", "serve": { "split": { "weights": weights } } }));
    of_kind(json!({ "enabled": true, "off_variant": "a", "rules": rules }))
}

/// A number below `below` that looks drawn.
fn draw(seed: usize, salt: u64, below: u64) -> u64 {
    let mut x = (seed as u64 ^ salt << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ x >> 31) % below
}

fn condition(kind: usize, seed: usize, constants: Constants) -> Value {
    let distinct = constants == Constants::Distinct;
    let country = |salt| match distinct {
        true => format!("{:04x}", seed * 4 + salt as usize),
        false => {
            let code = draw(seed, salt, 40) as u8;
            format!("{}{}", (b'A' + code % 26) as char, (b'A' + code / 26 + 3) as char)
        }
    };
    let plan = match distinct {
        true => format!("plan-{seed}"),
        false => format!("plan-{}", draw(seed, 1, 5)),
    };
    let age = if distinct { 60.0 + seed as f64 / 1e6 } else { (60 + draw(seed, 2, 30)) as f64 };
    let domain = match distinct {
        true => format!("@company{seed}.example"),
        false => format!("@company{}.example", draw(seed, 3, 200)),
    };
    let version = match distinct {
        true => format!("{}.{}.{}", 3 + seed / 10_000, seed / 100 % 100, seed % 100),
        false => format!("3.{}.{}", draw(seed, 4, 30), draw(seed, 5, 10)),
    };
    match kind {
        0 => json!({ "attribute": "country", "in": [country(1), country(2), country(3)] }),
        1 => json!({ "all": [
            { "attribute": "plan", "equals": plan }, { "attribute": "age", "gt": age },
        ] }),
        2 => json!({ "attribute": "email", "ends_with": domain }),
        3 => json!({ "attribute": "version", "semver_gte": version }),
        4 => json!({ "attribute": "country", "equals": country(1) }),
        5 => json!({ "attribute": "age", "gte": age }),
        6 => json!({ "attribute": "email", "contains": domain }),
        7 => json!({ "attribute": "roles", "any_of": [plan.clone(), country(1)] }),
        8 => json!({ "attribute": "age", "between": [age, age + 0.5] }),
        9 => json!({ "all": [
            { "attribute": "plan", "equals": plan }, { "attribute": "country", "equals": country(1) },
        ] }),
        10 => json!({ "attribute": "email", "starts_with": format!("{plan}.") }),
        11 => json!({ "bucket": { "salt": plan, "to": 1_000 } }),
        _ => json!({ "attribute": "version", "semver_eq": version }),
    }
}

fn old(number: usize) -> Value {
    let plan = |n: usize| format!("plan-{}", (number + n) % 40);
    let condition = json!({ "all": [
        { "attribute": "email", "contains": format!("+team{}@", number % 50) },
        { "any": [
            { "attribute": "plan", "equals": plan(0) }, { "attribute": "plan", "equals": plan(1) },
            { "attribute": "plan", "equals": plan(2) }, { "attribute": "plan", "equals": plan(3) },
        ] },
        { "attribute": "age", "gt": 60 },
    ] });
    let always = json!({ "any": [{ "all": [] }, { "attribute": "plan", "equals": plan(0) }] });
    let email = json!({ "attribute": "email", "ends_with": format!("@company{number}.example") });
    let never = json!({ "all": [{ "any": [] }, email] });
    let prerequisites = if number.is_multiple_of(3) {
        json!([{ "flag": "released", "variant": "a" }])
    } else {
        json!([])
    };
    of_kind(json!({
        "enabled": true,
        "off_variant": "a",
        "prerequisites": prerequisites,
        "rules": [
            { "id": "never", "when": never, "serve": "c" },
            { "id": "team", "when": condition, "serve": "b" },
            { "id": "everybody", "when": always, "serve": "a" },
            { "id": "unreachable", "when": email, "serve": "d" },
        ],
    }))
}

/// A subject that the conditions of [`fleet`] are made for and mostly miss.
#[must_use]
pub fn subject(number: usize) -> Value {
    let countries = ["DE", "AD", "BE", "CD"];
    json!({
        "targetingKey": format!("user-{number}"),
        "country": countries[number % 4],
        "plan": format!("plan-{}", number % 7),
        "age": 18 + number % 60,
        "email": format!("user{number}@example.com"),
        "version": format!("2.{}.{}", number % 20, number % 7),
        "roles": ["reader", "author"],
    })
}
