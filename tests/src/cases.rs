//! The evaluation cases of `tests/cases/evaluation/`.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use vexil_compiler::document;
use vexil_compiler::flag_set::FlagSet;

/// `$now` of a case that does not say.
pub const NOW_MS: f64 = 1_700_000_000_000.0;

/// One case file.
#[derive(Debug)]
pub struct CaseFile {
    /// Its name without the ending.
    pub name: String,
    /// The flags of its one environment.
    pub flags: FlagSet,
    /// Its cases.
    pub cases: Vec<Case>,
}

/// One case: a context and what has to be answered.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Key of the flag, which may not exist.
    pub flag: String,
    /// The context.
    pub context: Value,
    /// `$now`, in milliseconds since the Unix epoch.
    #[serde(default = "now_ms")]
    pub now_ms: f64,
    /// The verdict line, without its `key`.
    pub expect: Value,
}

#[derive(Deserialize)]
struct Wire {
    flags: Value,
    cases: Vec<Case>,
}

fn now_ms() -> f64 {
    NOW_MS
}

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All case files, by name.
#[must_use]
pub fn files() -> Vec<CaseFile> {
    let folder = root().join("tests/cases/evaluation");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() > 20, "the case files are there");
    paths.iter().map(|path| file(path)).collect()
}

fn file(path: &std::path::Path) -> CaseFile {
    let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let text = std::fs::read_to_string(path).unwrap();
    let Wire { flags, cases } = serde_json::from_str(&text).unwrap();
    let project = document::read_value(&flags).unwrap_or_else(|faults| {
        panic!("{name}: {}", faults[0]);
    });
    CaseFile { name, flags: project.flag_set("test").unwrap(), cases }
}

/// The expected verdict line of a case.
#[must_use]
pub fn expected(case: &Case) -> Value {
    let mut line = serde_json::Map::from_iter([("key".to_owned(), case.flag.clone().into())]);
    line.extend(case.expect.as_object().unwrap().clone());
    Value::Object(line)
}
