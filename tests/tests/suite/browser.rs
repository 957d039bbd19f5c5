//! The browser loader's evaluation in Chromium: the same cases as on every other evaluator.
//!
//! In: the cases, Unleash's suite, random flags; `tests/browser/cases.mjs`, which has npm's and the
//! machine's help (`cargo xtask test` sees to both). Out: how many are answered as they should be;
//! it has to be all of them.

use std::collections::VecDeque;
use std::process::{Command, Stdio};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use vexil_abi::{manifest, record, verdict};
use vexil_compiler::Module;
use vexil_tests::cases::{files, root};
use vexil_tests::unleash::suite;

use crate::{cases, unleash};

#[test]
fn chromium_gives_every_expected_verdict() {
    let files = files();
    let batches = files.iter().map(|file| batch(&cases::compiled(file), cases::requests(file)));
    let mut answers = chromium(&batches.collect::<Vec<_>>());
    cases::check("Chromium", |_| answers.pop_front().unwrap());
}

#[test]
fn chromium_answers_unleashs_suite() {
    let files = suite::files();
    let batches = files.iter().map(|file| batch(&unleash::compiled(file), unleash::requests(file)));
    let mut answers = chromium(&batches.collect::<Vec<_>>());
    unleash::check("Chromium", |file| unleash::answers(file, &answers.pop_front().unwrap()));
}

#[test]
fn chromium_gives_the_interpreters_verdicts_on_random_flags() {
    let pairs = cases::random_pairs();
    let batches = pairs.iter().map(|pairs| batch(&pairs.module, pairs.requests.iter().cloned()));
    let answers = chromium(&batches.collect::<Vec<_>>());
    let mut count = 0;
    for (pairs, answers) in pairs.iter().zip(answers) {
        assert_eq!(answers.len(), pairs.requests.len());
        for (index, given) in answers.iter().enumerate() {
            assert_eq!(*given, pairs.expected[index], "{}", pairs.requests[index]);
            count += 1;
        }
    }
    println!("{count} pairs on Chromium");
    assert!(count > 5_000);
}

/// The loader is JavaScript, and has the layout of the guest ABI a second time.
#[test]
fn the_loader_has_the_numbers_of_the_guest_abi() {
    let script = "import(process.argv[1]).then((abi) => console.log(JSON.stringify(abi)))";
    let path = root().join("browser-loader/src/abi.js");
    let output = Command::new("node").arg("-e").arg(script).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let given: Value = serde_json::from_slice(&output.stdout).unwrap();
    let signed = |prefix: &[u8]| String::from_utf8(prefix.to_vec()).unwrap();
    let mut codes: Vec<Value> = verdict::error_code::NAMES.map(Value::from).to_vec();
    codes[0] = Value::Null;
    let expected = json!({
        "ABI": vexil_abi::ABI_VERSION,
        "HEADER": record::HEADER_BYTES, "SLOT": record::SLOT_BYTES, "TAIL": record::TAIL,
        "BOOLEAN": record::tag::BOOLEAN, "NUMBER": record::tag::NUMBER,
        "STRING": record::tag::STRING, "LIST": record::tag::LIST, "OPAQUE": record::tag::OPAQUE,
        "AS_NUMBER": manifest::read::NUMBER, "AS_UNIT": manifest::read::UNIT,
        "AS_FLOAT": manifest::read::FLOAT,
        "NONE": verdict::NO_VARIANT, "REASONS": verdict::reason::NAMES, "ERROR_CODES": codes,
        "KINDS": ["boolean", "string", "number", "json"],
        "ANNOUNCEMENT_PREFIX": signed(vexil_abi::announcement::ANNOUNCEMENT_PREFIX),
        "KEYS_PREFIX": signed(vexil_abi::announcement::KEYS_PREFIX),
    });
    assert_eq!(given, expected);
}

/// A module and questions to it.
fn batch(module: &Module, requests: impl Iterator<Item = Value>) -> Value {
    let requests: Vec<Value> = requests.collect();
    json!({ "module": BASE64_STANDARD.encode(&module.bytes), "requests": requests })
}

/// What a page answers, batch by batch.
fn chromium(batches: &[Value]) -> VecDeque<Vec<Value>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("batches.json");
    std::fs::write(&path, serde_json::to_vec(batches).unwrap()).unwrap();
    let script = root().join("tests/browser/cases.mjs");
    let mut command = Command::new("node");
    let output = command.arg(script).arg(&path).stderr(Stdio::inherit()).output().unwrap();
    assert!(
        output.status.success(),
        "the cases run in Chromium: `cargo xtask test` installs what that needs"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}
