//! `$random`, as hosts draw it: anew for each evaluation, once for all flags of one record, evenly,
//! and only where the context sets nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vexil_compiler::{Module, document};
use vexil_runtime::{Context, Engine, Instance, load};
use vexil_tests::cases::NOW_MS;

use crate::cases::node;

/// Draws of each test. The bounds hold for all but one in a million runs.
const DRAWS: usize = 4_000;

/// `by-number` and `by-unit` are on for the lower half of draws, `split` for half of the buckets,
/// `same` for the same half as `split`.
fn module() -> Module {
    let enabled = |fields: Value| {
        let mut configuration = json!({ "enabled": true });
        configuration.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "kind": "boolean", "environments": { "test": configuration } })
    };
    let rule = |when: Value| json!({ "rules": [{ "id": "r", "when": when, "serve": "on" }] });
    let split = json!({ "split": { "by": ["nothing", "$random"], "salt": "s",
        "weights": { "on": 50_000, "off": 50_000 } } });
    let document = json!({
        "format": "vexil/1",
        "environments": ["test"],
        "flags": {
            "by-number": enabled(rule(json!({ "attribute": "$random", "lt": 2_147_483_648_u32 }))),
            "whole": enabled(rule(json!({ "attribute": "$random", "between": [0, 4_294_967_295_u32] }))),
            "split": enabled(json!({ "fallthrough": split })),
            "same": enabled(rule(json!({ "bucket": { "by": "$random", "salt": "s", "to": 50_000 } }))),
            "exists": enabled(rule(json!({ "attribute": "$random", "exists": true }))),
        }
    });
    let project = document::read_value(&document).unwrap();
    vexil_compiler::compile(&project.flag_set("test").unwrap()).unwrap()
}

/// Within five standard deviations of half.
fn is_about_half(count: usize) -> bool {
    let spread = 5.0 * (DRAWS as f64 / 4.0).sqrt();
    (count as f64 - DRAWS as f64 / 2.0).abs() < spread
}

#[test]
fn wasmtime_draws_once_for_all_flags_and_anew_for_each_evaluation() {
    let module = module();
    let engine = Engine::new().unwrap();
    let loaded = load(&engine, &module.bytes, Some(&module.digest)).unwrap();
    let mut instance = Instance::new(&loaded).unwrap();
    let number = |key: &str| loaded.manifest.flag(key).unwrap().0 as usize;
    let keys = ["by-number", "whole", "split", "same", "exists"].map(number);
    let [by_number, whole, split, same, exists] = keys;
    let context = Context::with_key("user-1");
    let mut on = [0; 2];
    let mut one_by_one = 0;
    for _ in 0..DRAWS {
        let all = instance.evaluate_all(&context, NOW_MS).unwrap();
        let is_on = |flag: usize| all[flag].variant == 0;
        assert!(is_on(whole) && is_on(exists), "{all:?}");
        assert_eq!(is_on(split), is_on(same), "two draws for one record: {all:?}");
        on[0] += usize::from(is_on(by_number));
        on[1] += usize::from(is_on(split));
        let one = instance.evaluate(by_number as u32, &context, NOW_MS).unwrap();
        one_by_one += usize::from(one.variant == 0);
    }
    assert!(on.into_iter().chain([one_by_one]).all(is_about_half), "{on:?}, {one_by_one}");
    let set = context.set("$random", 7.0);
    let verdicts: BTreeSet<u16> =
        (0..100).map(|_| instance.evaluate_all(&set, NOW_MS).unwrap()[split].variant).collect();
    assert_eq!(verdicts.len(), 1, "the context sets it");
}

#[test]
fn node_draws_anew_for_each_evaluation() {
    let requests = (0..DRAWS).map(|_| json!({ "flag": "split", "context": {} }));
    let lines = node(&module(), requests);
    let on = lines.iter().filter(|line| line["variant"] == "on").count();
    assert!(lines.len() == DRAWS && is_about_half(on), "{on} of {}", lines.len());
    let requests = ["whole", "exists"].map(|flag| json!({ "flag": flag, "context": {} }));
    for line in node(&module(), requests.into_iter()) {
        assert_eq!(line["variant"], "on", "{line}");
    }
}
