//! Why hosts may trust what the compiler emits: looked at in modules of many flags, not in its code.

use serde_json::{Map, Value, json};
use vexil_compiler::{Module, document, module};
use vexil_runtime::{Engine, load};
use vexil_tests::cases::files;
use vexil_tests::generate::{Dice, flag_set};
use wasmparser::{Operator, Parser, Payload, Validator, WasmFeatures};

const SEEDS: u64 = 150;
const FUNCTION_BYTES: usize = 64 * 1024;

#[test]
fn random_modules_hold_nothing_that_traps_on_its_operands() {
    let mut operators = 0;
    for seed in 0..SEEDS {
        let set = flag_set(&mut Dice::new(seed));
        operators += check(&vexil_compiler::compile(&set).unwrap(), &format!("seed {seed}"));
    }
    for file in files() {
        operators += check(&vexil_compiler::compile(&file.flags).unwrap(), &file.name);
    }
    println!("{operators} instructions");
}

#[test]
fn a_flag_of_a_thousand_rules_has_no_large_function() {
    let condition = |n: usize| match n % 4 {
        0 => json!({ "attribute": "a", "equals": format!("value {n}") }),
        1 => json!({ "all": [
            { "attribute": "b", "gt": n }, { "attribute": "c", "contains": [format!("{n}"), "x"] },
        ] }),
        2 => json!({ "any": [
            { "attribute": "v", "semver_lt": format!("1.{n}.0") },
            { "not": { "attribute": "tags", "any_of": [format!("t{n}")] } },
        ] }),
        _ => json!({ "bucket": { "by": "targetingKey", "salt": format!("{n}"), "to": 1_000 } }),
    };
    let rules: Vec<Value> = (0..1_000)
        .map(|n| json!({ "id": format!("r{n}"), "when": condition(n), "serve": "on" }))
        .collect();
    check(&compiled(Map::from_iter([("a".to_owned(), flag(&json!(rules)))])), "1,000 rules");
}

#[test]
fn ten_thousand_flags_have_no_large_function() {
    let flags = (0..10_000).map(|n| {
        // As many shapes as fit: conditions nested in the pattern of the number's bits.
        let leaf = |bit: usize| json!({ "attribute": format!("a{}", bit % 5), "equals": n });
        let when = (0..8).fold(leaf(8), |inner, bit| match n >> bit & 1 {
            0 => json!({ "all": [leaf(bit), inner] }),
            _ => json!({ "any": [leaf(bit), { "not": inner }] }),
        });
        let rules = json!([{ "id": "r", "when": when, "serve": "on" }]);
        (format!("flag-{n:05}"), flag(&rules))
    });
    check(&compiled(flags.collect()), "10,000 flags");
}

/// The compiler's bound on attributes is there so that no host refuses what it lets through.
#[test]
fn a_flag_of_as_many_attributes_as_there_may_be_is_loaded() {
    let exists = |n: usize| json!({ "attribute": format!("a{n}"), "exists": true });
    let rules: Vec<Value> = (0..122)
        .map(|rule| {
            let conditions: Vec<Value> = (rule * 100..rule * 100 + 100).map(exists).collect();
            json!({ "id": format!("r{rule}"), "when": { "any": conditions }, "serve": "on" })
        })
        .collect();
    let sealed = compiled(Map::from_iter([("a".to_owned(), flag(&json!(rules)))]));
    load(&Engine::new().unwrap(), &sealed.bytes, Some(&sealed.digest)).unwrap();
}

fn flag(rules: &Value) -> Value {
    let test = json!({ "enabled": true, "rules": rules });
    json!({ "kind": "boolean", "environments": { "test": test } })
}

fn compiled(flags: Map<String, Value>) -> Module {
    let document = json!({ "format": "vexil/1", "environments": ["test"], "flags": flags });
    let project = document::read_value(&document).unwrap_or_else(|faults| panic!("{}", faults[0]));
    vexil_compiler::compile(&project.flag_set("test").unwrap()).unwrap()
}

/// Checks a module; how many instructions it has.
fn check(sealed: &Module, name: &str) -> usize {
    module::verify(&sealed.bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    let features = WasmFeatures::WASM1 | WasmFeatures::SIGN_EXTENSION | WasmFeatures::BULK_MEMORY;
    let valid = Validator::new_with_features(features).validate_all(&sealed.bytes);
    valid.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut count = 0;
    for payload in Parser::new(0).parse_all(&sealed.bytes) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        let bytes = body.range().len();
        assert!(bytes <= FUNCTION_BYTES, "{name}: a function of {bytes} bytes");
        for operator in body.get_operators_reader().unwrap() {
            let operator = operator.unwrap();
            assert!(!may_trap(&operator), "{name}: {operator:?}");
            count += 1;
        }
    }
    count
}

/// Not a list of what is allowed, which `module::verify` has, but of what traps or grows.
fn may_trap(operator: &Operator<'_>) -> bool {
    use Operator as Op;
    matches!(
        operator,
        Op::Unreachable
            | Op::I32DivS
            | Op::I32DivU
            | Op::I32RemS
            | Op::I32RemU
            | Op::I64DivS
            | Op::I64DivU
            | Op::I64RemS
            | Op::I64RemU
            | Op::I32TruncF32S
            | Op::I32TruncF32U
            | Op::I32TruncF64S
            | Op::I32TruncF64U
            | Op::I64TruncF32S
            | Op::I64TruncF32U
            | Op::I64TruncF64S
            | Op::I64TruncF64U
            | Op::MemoryGrow { .. }
            | Op::MemoryInit { .. }
            | Op::MemoryCopy { .. }
            | Op::MemoryFill { .. }
            | Op::DataDrop { .. }
            | Op::TableInit { .. }
            | Op::TableCopy { .. }
            | Op::ElemDrop { .. }
            | Op::GlobalSet { .. }
    )
}
