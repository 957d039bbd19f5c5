//! Every case of `tests/cases/evaluation/` on wasmtime and on Node.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use vexil_abi::verdict::{Verdict, error_code};
use vexil_compiler::Module;
use vexil_compiler::interpret;
use vexil_runtime::{Context, Engine, Instance, Loaded, load};
use vexil_tests::cases::{Case, CaseFile, NOW_MS, expected, files, root};
use vexil_tests::generate::{Dice, context, flag_set};
use vexil_tests::hosts::{json_context, line};

#[test]
fn wasmtime_gives_every_expected_verdict() {
    let engine = Engine::new().unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files() {
        let module = compiled(&file);
        let loaded = load(&engine, &module.bytes, Some(&module.digest)).unwrap();
        let mut instance = Instance::new(&loaded).unwrap();
        for case in &file.cases {
            count += 1;
            let given = answer(&loaded, &mut instance, case);
            if given != expected(case) {
                wrong.push(format!(
                    "{} / {}:\n  {given}\n  {}",
                    file.name,
                    case.name,
                    expected(case)
                ));
            }
        }
    }
    println!("{count} cases on wasmtime");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn node_gives_every_expected_verdict() {
    check("Node", |file| node(&compiled(file), requests(file)));
}

/// Compares the answers that `ask` gives to `requests` of each file with what is expected.
pub(crate) fn check(evaluator: &str, mut ask: impl FnMut(&CaseFile) -> Vec<Value>) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in files() {
        let lines = ask(&file);
        assert_eq!(lines.len(), file.cases.len(), "{}", file.name);
        for (case, given) in file.cases.iter().zip(lines) {
            count += 1;
            let expected = expected(case);
            if given != expected {
                wrong.push(format!("{} / {}:\n  {given}\n  {expected}", file.name, case.name));
            }
        }
    }
    println!("{count} cases on {evaluator}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The cases of a file as questions to a host in JavaScript.
pub(crate) fn requests(file: &CaseFile) -> impl Iterator<Item = Value> {
    file.cases
        .iter()
        .map(|case| json!({ "flag": case.flag, "context": case.context, "now_ms": case.now_ms }))
}

#[test]
fn node_gives_the_interpreters_verdicts_on_random_flags() {
    let pairs = random_pairs();
    let mut count = 0;
    for Pairs { module, requests, expected } in pairs {
        for (index, given) in node(&module, requests.iter().cloned()).iter().enumerate() {
            assert_eq!(*given, expected[index], "{}", requests[index]);
            count += 1;
        }
    }
    println!("{count} pairs on Node");
    assert!(count > 5_000);
}

/// Questions on a module, and what the interpreter answers.
pub(crate) struct Pairs {
    pub(crate) module: Module,
    pub(crate) requests: Vec<Value>,
    pub(crate) expected: Vec<Value>,
}

/// Random flags, each asked with random contexts, as far as JSON can say them.
pub(crate) fn random_pairs() -> Vec<Pairs> {
    let of_seed = |seed| {
        let mut dice = Dice::new(seed);
        let set = flag_set(&mut dice);
        let module = vexil_compiler::compile(&set).unwrap();
        let (mut requests, mut expected) = (Vec::new(), Vec::new());
        for context in (0..120).map(|_| context(&mut dice)) {
            let Some(json) = json_context(&context) else { continue };
            for (key, flag) in &set.flags {
                let variants: Vec<_> = flag.definition.variants.clone().into_iter().collect();
                let rules: Vec<_> =
                    flag.configuration.rules.iter().map(|rule| rule.id.clone()).collect();
                let verdict = interpret::evaluate(&set, key, &context, NOW_MS);
                requests.push(json!({ "flag": key, "context": json, "now_ms": NOW_MS }));
                expected.push(line(key, &variants, &rules, verdict));
            }
        }
        Pairs { module, requests, expected }
    };
    (0..12).map(of_seed).collect()
}

#[test]
fn the_cases_show_every_reason_and_every_error_a_guest_can_give() {
    let files = files();
    let shown: BTreeSet<String> = files
        .iter()
        .flat_map(|file| &file.cases)
        .flat_map(|case| ["reason", "errorCode"].map(|field| case.expect[field].to_string()))
        .collect();
    for wanted in [
        "STATIC",
        "DEFAULT",
        "TARGETING_MATCH",
        "SPLIT",
        "DISABLED",
        "ERROR",
        "FLAG_NOT_FOUND",
        "TARGETING_KEY_MISSING",
        "INVALID_CONTEXT",
    ] {
        assert!(shown.contains(&format!("{wanted:?}")), "no case shows {wanted}");
    }
}

pub(crate) fn compiled(file: &CaseFile) -> Module {
    vexil_compiler::compile(&file.flags)
        .unwrap_or_else(|faults| panic!("{}: {}", file.name, faults[0]))
}

fn answer(loaded: &Loaded, instance: &mut Instance, case: &Case) -> Value {
    let context = Context::from_json(&case.context).unwrap();
    let Some((index, row)) = loaded.manifest.flag(&case.flag) else {
        return line(&case.flag, &[], &[], Verdict::error(error_code::FLAG_NOT_FOUND));
    };
    let verdict = instance.evaluate(index, &context, case.now_ms).unwrap();
    let guest = instance.evaluate_in_guest(index, &context, case.now_ms).unwrap();
    assert_eq!(verdict, guest, "a constant is what the guest says: {}", case.name);
    line(&case.flag, &row.variants, &row.rules, verdict)
}

/// The verdict lines of `examples/hosts/node.mjs`.
pub(crate) fn node(module: &Module, requests: impl Iterator<Item = Value>) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.wasm");
    std::fs::write(&path, &module.bytes).unwrap();
    let batch = folder.path().join("batch.jsonl");
    let lines: String = requests.map(|request| format!("{request}\n")).collect();
    std::fs::File::create(&batch).unwrap().write_all(lines.as_bytes()).unwrap();
    let output = Command::new("node")
        .arg(root().join("examples/hosts/node.mjs"))
        .arg(&path)
        .arg("--batch")
        .arg(&batch)
        .stderr(Stdio::inherit())
        .output()
        .expect("Node 20 or newer is installed");
    assert!(output.status.success(), "the Node host succeeds");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
