//! What whole documents become, as text that is read in the diff: the program, the code of each
//! flag, and verdicts; or the faults.
//!
//! `tests/cases/golden/NAME/flags.yaml`, and `contexts.json` if it is good. Beside them stand
//! `program.txt`, `FLAG.wat` for each flag and `verdicts.json`, or `diagnostics.txt`.
//! `BLESS=1 cargo test -p vexil-compiler --test golden` writes them anew. The verdicts here are the
//! interpreter's; the suite of all evaluators checks that modules give the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vexil_abi::verdict::{NO_RULE, NO_VARIANT, error_code, reason};
use vexil_compiler::context::Context;
use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::{compile, document, interpret, module, program};

/// `$now` of a context that does not say.
const NOW_MS: f64 = 1_700_000_000_000.0;

#[test]
fn documents_become_what_stands_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/golden");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.collect();
    folders.sort();
    assert!(folders.len() >= 15, "the documents are there");
    let wrong: Vec<String> = folders.iter().flat_map(|folder| check(folder)).collect();
    assert!(wrong.is_empty(), "BLESS=1 accepts these:\n{}", wrong.join("\n"));
}

/// The files of a folder that are not as they should be.
fn check(folder: &Path) -> Vec<String> {
    let mut found = found(folder);
    let sources = ["flags.yaml", "contexts.json"];
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let there = entries.filter(|path| !sources.iter().any(|source| path.ends_with(source)));
    let mut wrong = Vec::new();
    for path in there {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = found.remove(&name);
        if text.as_deref() == Some(&std::fs::read_to_string(&path).unwrap()) {
            continue;
        }
        match (blesses(), text) {
            (true, Some(text)) => std::fs::write(&path, text).unwrap(),
            (true, None) => std::fs::remove_file(&path).unwrap(),
            (false, text) => {
                wrong.push(format!("{}: {}", path.display(), text.unwrap_or_default()))
            }
        }
    }
    for (name, text) in found {
        match blesses() {
            true => std::fs::write(folder.join(name), text).unwrap(),
            false => wrong.push(format!("{}/{name} is missing: {text}", folder.display())),
        }
    }
    wrong
}

fn blesses() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Files by name that a document gives.
fn found(folder: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder.join("flags.yaml")).unwrap();
    let set = match document::read(&text) {
        Ok(project) => project.flag_set("test").unwrap(),
        Err(faults) => {
            let lines: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
            return BTreeMap::from([("diagnostics.txt".to_owned(), lines)]);
        }
    };
    let sealed = compile(&set).unwrap();
    module::verify(&sealed.bytes).unwrap();
    let wat = |key: &String| (format!("{key}.wat"), module::wat(&sealed.bytes, key).unwrap());
    let mut found: BTreeMap<String, String> = set.flags.keys().map(wat).collect();
    found.insert("program.txt".to_owned(), program(&set).unwrap().to_string());
    found.insert("verdicts.json".to_owned(), verdicts(&set, folder));
    found
}

/// The verdicts of all flags in each context, a line each.
fn verdicts(set: &FlagSet, folder: &Path) -> String {
    let contexts = std::fs::read_to_string(folder.join("contexts.json")).unwrap();
    let contexts: Vec<Value> = serde_json::from_str(&contexts).unwrap();
    assert!(!contexts.is_empty(), "{folder:?} has contexts");
    let mut blocks = Vec::new();
    for row in contexts {
        let context = Context::from_json(&row["context"]).unwrap();
        let now_ms = row["now_ms"].as_f64().unwrap_or(NOW_MS);
        let lines = set.flags.keys().map(|key| format!("    {}", line(set, key, &context, now_ms)));
        let lines: Vec<String> = lines.collect();
        let context = &row["context"];
        blocks.push(format!(
            "  {{\"context\":{context},\"now_ms\":{now_ms:?},\"verdicts\":[\n{}\n  ]}}",
            lines.join(",\n")
        ));
    }
    format!("[\n{}\n]\n", blocks.join(",\n"))
}

fn line(set: &FlagSet, key: &str, context: &Context, now_ms: f64) -> Value {
    let verdict = interpret::evaluate(set, key, context, now_ms);
    let flag = &set.flags[key];
    let variants = &flag.definition.variants;
    let variant = (verdict.variant != NO_VARIANT)
        .then(|| variants.get_index(usize::from(verdict.variant)).unwrap());
    let rule =
        (verdict.rule != NO_RULE).then(|| &flag.configuration.rules[usize::from(verdict.rule)].id);
    let error = (verdict.error_code != error_code::NONE)
        .then(|| error_code::NAMES[usize::from(verdict.error_code)]);
    json!({
        "key": key,
        "value": variant.map(|(_, value)| value),
        "variant": variant.map(|(key, _)| key),
        "reason": reason::NAMES[usize::from(verdict.reason)],
        "rule": rule,
        "errorCode": error,
    })
}
