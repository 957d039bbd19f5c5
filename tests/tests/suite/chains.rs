//! Flags and segments that name each other many times over are decided once per evaluation.

use serde_json::{Map, Value, json};
use vexil_compiler::context::Context;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::{document, interpret};
use vexil_runtime::{Engine, Instance, load};
use vexil_tests::cases::NOW_MS;
use vexil_tests::hosts::runtime_context;

/// The language's longest chain.
const LINKS: usize = 16;
/// Decided anew at each mention, the last link would take 8^15 steps.
const MENTIONS: usize = 8;

#[test]
fn a_chain_of_flags_costs_what_its_flags_cost() {
    let flags: Map<String, Value> =
        (0..LINKS).map(|link| (format!("f{link:02}"), flag(link))).collect();
    check(&json!({ "format": "vexil/1", "environments": ["test"], "flags": flags }));
}

fn flag(link: usize) -> Value {
    let when = |mention: usize| match link.checked_sub(1) {
        Some(before) => json!({ "all": [
            { "flag": format!("f{before:02}"), "variant": "on" },
            { "attribute": "a", "equals": format!("{mention}") },
        ] }),
        None => json!({ "attribute": "a", "equals": "nobody" }),
    };
    let rules: Vec<Value> = (0..MENTIONS)
        .map(
            |mention| json!({ "id": format!("r{mention}"), "when": when(mention), "serve": "off" }),
        )
        .collect();
    let test = json!({ "enabled": true, "rules": rules, "fallthrough": "on" });
    json!({ "kind": "boolean", "environments": { "test": test } })
}

#[test]
fn a_chain_of_segments_costs_what_its_segments_cost() {
    let segments: Map<String, Value> =
        (0..LINKS).map(|link| (format!("s{link:02}"), segment(link))).collect();
    let rule =
        json!({ "id": "r", "when": { "segment": format!("s{:02}", LINKS - 1) }, "serve": "on" });
    let flag = json!({ "kind": "boolean", "environments": { "test": { "enabled": true, "rules": [rule] } } });
    check(&json!({
        "format": "vexil/1", "environments": ["test"], "segments": segments, "flags": { "f": flag },
    }));
}

fn segment(link: usize) -> Value {
    let Some(before) = link.checked_sub(1) else {
        return json!({ "when": { "attribute": "a", "equals": "3" } });
    };
    let mention = |mention: usize| {
        json!({ "all": [
            { "segment": format!("s{before:02}") },
            { "attribute": "a", "equals": format!("{mention}") },
        ] })
    };
    let mentions: Vec<Value> = (0..MENTIONS).map(mention).collect();
    json!({ "when": { "any": mentions } })
}

/// Every flag on contexts that hit each mention, in one bound record and one by one.
fn check(document: &Value) {
    let project = document::read_value(document).unwrap_or_else(|faults| panic!("{}", faults[0]));
    let set: FlagSet = project.flag_set("test").unwrap();
    let module = vexil_compiler::compile(&set).unwrap();
    let loaded = load(&Engine::new().unwrap(), &module.bytes, Some(&module.digest)).unwrap();
    let mut instance = Instance::new(&loaded).unwrap();
    for value in ["0", "3", "7", "nobody", ""] {
        let context = Context::from_json(&json!({ "targetingKey": "k", "a": value })).unwrap();
        let given = runtime_context(&context);
        let all = instance.evaluate_all(&given, NOW_MS).unwrap();
        for (index, key) in set.flags.keys().enumerate() {
            let expected = interpret::evaluate(&set, key, &context, NOW_MS);
            assert_eq!(all[index], expected, "{key} of {value:?}, all at once");
            let one = instance.evaluate_in_guest(index as u32, &given, NOW_MS).unwrap();
            assert_eq!(one, expected, "{key} of {value:?}");
        }
    }
}
