//! Modules that anybody may have written: refused in words, before much is done with them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::borrow::Cow;

use serde_json::{Value, json};
use vexil_compiler::limits::{
    MAX_FUNCTION_BYTES, MAX_LOCALS, MAX_MANIFEST_DEPTH, MAX_MODULE_BYTES,
};
use vexil_compiler::module::{inspect, subset, verify, wat};
use vexil_compiler::{check, compile, document};
use wasm_encoder::{
    CodeSection, CustomSection, Function, FunctionSection, Module, TypeSection, ValType,
};

const MANIFEST: &str = "vexil.manifest";

/// What each of the four says of a module.
fn refusals(bytes: &[u8]) -> [String; 4] {
    [
        inspect(bytes).map(|_| ()).map_err(|error| error.to_string()),
        subset(bytes, &["a"]).map(|_| ()).map_err(|error| error.to_string()),
        wat(bytes, "a").map(|_| ()).map_err(|error| error.to_string()),
        verify(bytes).map_err(|error| error.to_string()),
    ]
    .map(|result| result.expect_err("refused"))
}

#[track_caller]
fn check_all(bytes: &[u8], expected: &str) {
    for refusal in refusals(bytes) {
        assert_eq!(refusal, expected);
    }
}

fn with_sections(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut module = Module::new();
    for (name, data) in sections {
        module.section(&CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(data) });
    }
    module.finish()
}

#[test]
fn a_module_over_the_size_limit_is_not_parsed() {
    let expected =
        format!("the module has {} bytes, more than {MAX_MODULE_BYTES}", MAX_MODULE_BYTES + 1);
    check_all(&vec![0; MAX_MODULE_BYTES + 1], &expected);
}

#[test]
fn a_manifest_that_nests_without_end_needs_no_stack() {
    let json = |depth: usize| [vec![0x91; depth], vec![0xC0]].concat();
    let deep = with_sections(&[(MANIFEST, &json(10_000_000))]);
    let expected = format!(
        "the manifest cannot be read: it nests more than {MAX_MANIFEST_DEPTH} arrays and maps"
    );
    check_all(&deep, &expected);
}

#[test]
fn a_manifest_that_claims_or_holds_too_much_is_refused() {
    let lie = with_sections(&[(MANIFEST, &[0xDD, 0xFF, 0xFF, 0xFF, 0xFF])]);
    check_all(&lie, "the manifest cannot be read: it ends in the middle of a value");
    let mut flood = vec![0xDD, 0, 0xFF, 0xFF, 0xFF];
    flood.resize(5 + 0xFF_FFFF, 0xC0);
    flood.truncate(MAX_MODULE_BYTES - 100);
    let flood = with_sections(&[(MANIFEST, &flood)]);
    check_all(&flood, "the manifest cannot be read: it holds more than 3000000 values");
}

#[test]
fn a_section_that_stands_twice_is_refused() {
    let nil = [0xC0];
    let twice = with_sections(&[(MANIFEST, &nil), (MANIFEST, &nil)]);
    check_all(&twice, "the module has more than one `vexil.manifest` section");
    let index = with_sections(&[("vexil.image", &nil), ("vexil.image", &nil), (MANIFEST, &nil)]);
    assert!(verify(&index).unwrap_err().to_string().contains("more than one `vexil.image`"));
}

#[test]
fn functions_that_claim_many_locals_or_are_huge_are_refused() {
    let with_function = |function: &Function| {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut code = CodeSection::new();
        code.function(function);
        Module::new().section(&types).section(&functions).section(&code).clone().finish()
    };
    let mut claims = Function::new([(50_000, ValType::I64)]);
    claims.instructions().end();
    let claims = verify(&with_function(&claims)).unwrap_err().to_string();
    assert_eq!(
        claims,
        format!("the module has 50000 locals in one function, more than {MAX_LOCALS}")
    );
    let mut huge = Function::new([]);
    (0..100_000).for_each(|_| {
        huge.instructions().nop();
    });
    huge.instructions().end();
    let huge = verify(&with_function(&huge)).unwrap_err().to_string();
    let expected = format!("bytes in one function, more than {MAX_FUNCTION_BYTES}");
    assert!(huge.ends_with(&expected), "{huge}");
}

/// Flags that read what a flag reads that they need share the list of it.
#[test]
fn flags_that_read_the_same_attributes_say_so_once() {
    let conditions: Vec<Value> =
        (0..450).map(|n| json!({ "attribute": format!("a{n}"), "exists": true })).collect();
    let base = json!({ "kind": "boolean", "environments": { "test": {
        "enabled": true, "rules": [{ "id": "r", "when": { "any": conditions }, "serve": "on" }] } } });
    let needy = json!({ "kind": "boolean", "environments": { "test": {
        "enabled": true, "prerequisites": [{ "flag": "a", "variant": "on" }] } } });
    let mut flags: serde_json::Map<String, Value> =
        (0..10_000).map(|n| (format!("f{n}"), needy.clone())).collect();
    flags.insert("a".to_owned(), base);
    let document = json!({ "format": "vexil/1", "environments": ["test"], "flags": flags });
    let project = document::read_value(&document).unwrap();
    assert_eq!(check::project(&project), []);
    let module = compile(&project.flag_set("test").unwrap()).unwrap();
    assert!(module.bytes.len() < 1_000_000, "{} bytes", module.bytes.len());
    let inspection = inspect(&module.bytes).unwrap();
    assert!(inspection.flags.iter().all(|flag| flag.reads.len() == 450));
}

/// A text that many flags serve stands once in the module, and hosts give each flag its own.
#[test]
fn flags_that_stand_for_more_than_hosts_accept_are_not_compiled() {
    let flag = json!({ "kind": "string", "variants": { "long": "x".repeat(60_000) },
        "environments": { "test": { "enabled": true } } });
    let flags: serde_json::Map<String, Value> =
        (0..300).map(|n| (format!("f{n}"), flag.clone())).collect();
    let document = json!({ "format": "vexil/1", "environments": ["test"], "flags": flags });
    let project = document::read_value(&document).unwrap();
    assert_eq!(check::project(&project), []);
    let faults = compile(&project.flag_set("test").unwrap()).unwrap_err();
    assert_eq!(faults[0].code, "VX0900");
    assert!(faults[0].message.contains("of all flags take more than"), "{}", faults[0]);
}

#[test]
fn flags_that_ask_for_more_attributes_than_a_record_holds_are_not_compiled() {
    let compiled = |attributes: usize| {
        let rule = |rule: usize| {
            let numbers = (rule * 100..attributes).take(100);
            let conditions: Vec<Value> =
                numbers.map(|n| json!({ "attribute": format!("a{n}"), "exists": true })).collect();
            json!({ "id": format!("r{rule}"), "when": { "any": conditions }, "serve": "on" })
        };
        let rules: Vec<Value> = (0..attributes / 100).map(rule).collect();
        let test = json!({ "enabled": true, "rules": rules });
        let flag = json!({ "kind": "boolean", "environments": { "test": test } });
        let document =
            json!({ "format": "vexil/1", "environments": ["test"], "flags": { "a": flag } });
        let project = document::read_value(&document).unwrap();
        compile(&project.flag_set("test").unwrap())
    };
    assert!(compiled(12_200).is_ok());
    let faults = compiled(12_400).unwrap_err();
    let expected = "a context takes 198416 bytes for the attributes that these flags ask for; at \
                    most 196608 are allowed";
    assert_eq!((faults[0].code, faults[0].message.as_str()), ("VX0900", expected));
    assert!(compiled(99_900).is_err());
}
