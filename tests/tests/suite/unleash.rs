//! Unleash's public suite, imported, on every evaluator.
//!
//! In: `tests/conformance`, where npm has put the suite. Out: a line for each evaluator with how
//! many of the cases it answers as the suite says; it has to be all of them.

use serde_json::{Value, json};
use vexil_compiler::Module;
use vexil_compiler::context::Context;
use vexil_runtime::{Engine, Instance, Loaded, load};
use vexil_tests::cases::NOW_MS;
use vexil_tests::unleash::suite::{Case, File, files};
use vexil_tests::unleash::{answer, interpreted};

use crate::cases::node;

/// Cases of version 6.1.0.
const CASES: usize = 279;

/// Compares the answers that `ask` gives on each file with those of the suite.
pub(crate) fn check(evaluator: &str, mut ask: impl FnMut(&File) -> Vec<Value>) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files() {
        let answers = ask(&file);
        assert_eq!(answers.len(), file.cases.len(), "{}", file.name);
        for (case, given) in file.cases.iter().zip(answers) {
            count += 1;
            if given != case.expected {
                let Case { name, context, expected, .. } = case;
                wrong.push(format!("{} / {name}: {context}\n  {given}\n  {expected}", file.name));
            }
        }
    }
    let right = count - wrong.len();
    println!("Unleash client specification 6.1.0: {right} of {count} on {evaluator}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, CASES);
}

#[test]
fn the_interpreter_answers_unleashs_suite() {
    check("the interpreter", |file| {
        let cases = file.cases.iter();
        let answers = cases.map(|case| {
            let context = Context::from_json(&case.context).unwrap();
            let value_of = |key: &str| interpreted(&file.flags, key, &context, NOW_MS);
            answer(&file.flags, &case.feature, case.question, value_of)
        });
        answers.collect()
    });
}

#[test]
fn wasmtime_answers_unleashs_suite() {
    let engine = Engine::new().unwrap();
    check("wasmtime", |file| {
        let module = compiled(file);
        let loaded = load(&engine, &module.bytes, Some(&module.digest)).unwrap();
        let mut instance = Instance::new(&loaded).unwrap();
        let cases = file.cases.iter();
        let answers = cases.map(|case| {
            let context = vexil_runtime::Context::from_json(&case.context).unwrap();
            answer(&file.flags, &case.feature, case.question, |key| {
                served(&loaded, &mut instance, key, &context)
            })
        });
        answers.collect()
    });
}

#[test]
fn node_answers_unleashs_suite() {
    check("Node", |file| answers(file, &node(&compiled(file), requests(file))));
}

/// One question for each flag, and one for its variant, whether there is one or not.
pub(crate) fn requests(file: &File) -> impl Iterator<Item = Value> {
    file.cases.iter().flat_map(|case| {
        ["", ".variant"].map(|end| {
            let flag = format!("{}{end}", case.feature);
            json!({ "flag": flag, "context": case.context, "now_ms": NOW_MS })
        })
    })
}

/// What the suite asks for, of the answers to `requests`.
pub(crate) fn answers(file: &File, lines: &[Value]) -> Vec<Value> {
    let answers = file.cases.iter().zip(lines.chunks(2)).map(|(case, pair)| {
        let value_of = |key: &str| pair[usize::from(key != case.feature)]["value"].clone();
        answer(&file.flags, &case.feature, case.question, value_of)
    });
    answers.collect()
}

/// The value of the flag `key` in a module; null for an unknown one.
pub(crate) fn served(
    loaded: &Loaded,
    instance: &mut Instance,
    key: &str,
    context: &vexil_runtime::Context,
) -> Value {
    let Some((index, row)) = loaded.manifest.flag(key) else { return Value::Null };
    let verdict = instance.evaluate(index, context, NOW_MS).unwrap();
    let served = row.variants.get(usize::from(verdict.variant));
    served.map(|(_, value)| value.clone()).unwrap_or_default()
}

pub(crate) fn compiled(file: &File) -> Module {
    vexil_compiler::compile(&file.flags)
        .unwrap_or_else(|faults| panic!("{}: {}", file.name, faults[0]))
}
