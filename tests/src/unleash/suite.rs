//! The cases of `@unleash/client-specification`.

use std::path::PathBuf;

use serde_json::Value;
use vexil_compiler::dialect::unleash::{self, Options};
use vexil_compiler::document;
use vexil_compiler::flag_set::FlagSet;

use super::Question;
use crate::cases::root;

/// One file of the suite.
pub struct File {
    /// Its name.
    pub name: String,
    /// What its features become.
    pub flags: FlagSet,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One case.
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Of which feature.
    pub feature: String,
    /// What is asked.
    pub question: Question,
    /// The context, as ours.
    pub context: Value,
    /// The answer, in Unleash's words.
    pub expected: Value,
}

/// Where npm puts the suite.
#[must_use]
pub fn folder() -> PathBuf {
    root().join("tests/conformance/node_modules/@unleash/client-specification")
}

/// Every file of the suite, imported.
#[must_use]
pub fn files() -> Vec<File> {
    let folder = folder().join("specifications");
    let index = std::fs::read_to_string(folder.join("index.json")).expect(
        "the suite is installed: `cargo xtask test` does it, or `npm ci` in tests/conformance",
    );
    let names: Vec<String> = serde_json::from_str(&index).unwrap();
    names.iter().map(|name| file(name, &folder.join(name))).collect()
}

fn file(name: &str, path: &std::path::Path) -> File {
    let text = std::fs::read_to_string(path).unwrap();
    let suite: Value = serde_json::from_str(&text).unwrap();
    let imported = unleash::import_value(&suite["state"], &Options::default())
        .unwrap_or_else(|faults| panic!("{name}: {}", faults[0]));
    // Through the text, as a user's document would come.
    let project = document::read(&imported.document.to_string())
        .unwrap_or_else(|faults| panic!("{name}: {}", faults[0]));
    let of = |field: &str, question| {
        let cases = suite[field].as_array().cloned().unwrap_or_default();
        cases.into_iter().map(move |case| self::case(&case, question))
    };
    let cases = of("tests", Question::IsOn).chain(of("variantTests", Question::Variant)).collect();
    File { name: name.to_owned(), flags: project.flag_set("production").unwrap(), cases }
}

fn case(case: &Value, question: Question) -> Case {
    let text = |field: &str| case[field].as_str().unwrap().to_owned();
    let mut context = unleash::context(&case["context"]).unwrap();
    // One draw for all evaluators, so that none of them has luck.
    context["$random"] = 7.into();
    Case {
        name: text("description"),
        feature: text("toggleName"),
        question,
        context,
        expected: case["expectedResult"].clone(),
    }
}
