//! Imports from Unleash as data: each document of Unleash stands beside what it becomes and what is
//! said of it, or beside the faults for which it is refused.
//!
//! In: `tests/cases/import/unleash/`; a name with `.node` is read as Unleash's Node client does.
//! `BLESS=1 cargo test -p vexil-compiler --test unleash` writes what stands beside; read the
//! difference before committing it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use vexil_compiler::check::codes::{CODES, Stage};
use vexil_compiler::diagnostic::Diagnostic;
use vexil_compiler::dialect::unleash::{self, Options, Profile};
use vexil_compiler::{dialect::Imported, document};

/// The documents of Unleash in a folder of the cases, by name.
fn cases(folder: &str) -> Vec<PathBuf> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/import/unleash").join(folder);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn import(path: &Path) -> Result<Imported, Vec<Diagnostic>> {
    let is_node = path.to_str().unwrap().ends_with(".node.json");
    let profile = if is_node { Profile::Node } else { Profile::Yggdrasil };
    let options = Options { profile, project: Some("shop".to_owned()), environment: None };
    unleash::import(&std::fs::read_to_string(path).unwrap(), &options)
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|one| format!("{one}\n")).collect()
}

/// What stands in the file beside `path` is `text`, or is made to be.
fn beside(path: &Path, ending: &str, text: &str, wrong: &mut Vec<String>) {
    let path = path.with_extension(ending);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    if std::fs::read_to_string(&path).unwrap_or_default() != text {
        wrong.push(format!("{}:\n{text}", path.display()));
    }
}

#[test]
fn features_become_the_flags_that_stand_beside_them() {
    let mut wrong = Vec::new();
    for path in cases("good") {
        let imported = import(&path).unwrap_or_else(|f| panic!("{path:?}:\n{}", lines(&f)));
        let text = serde_json::to_string_pretty(&imported.document).unwrap();
        beside(&path, "vexil", &format!("{text}\n"), &mut wrong);
        beside(&path, "warnings", &lines(&imported.warnings), &mut wrong);
        let read = document::read(&text).unwrap_or_else(|f| panic!("{path:?}:\n{}", lines(&f)));
        assert_eq!(read.environments, ["production"], "{path:?}");
    }
    assert!(wrong.is_empty(), "BLESS=1 accepts these:\n\n{}", wrong.join("\n"));
}

#[test]
fn what_is_refused_is_refused_with_the_faults_beside_it() {
    let mut wrong = Vec::new();
    for path in cases("bad") {
        let faults = import(&path).err().unwrap_or_else(|| panic!("{path:?} is not refused"));
        beside(&path, "diagnostics", &lines(&faults), &mut wrong);
    }
    assert!(wrong.is_empty(), "BLESS=1 accepts these:\n\n{}", wrong.join("\n"));
}

#[test]
fn every_code_of_an_import_has_a_case() {
    let told: String = ["good", "bad"]
        .into_iter()
        .flat_map(cases)
        .map(|path| match import(&path) {
            Ok(imported) => lines(&imported.warnings),
            Err(faults) => lines(&faults),
        })
        .collect();
    for row in CODES.iter().filter(|row| row.stage == Stage::Import) {
        assert!(told.contains(row.code), "no case gives {}: {}", row.code, row.meaning);
    }
}

#[test]
fn the_environment_is_the_one_asked_for_else_the_one_of_the_document() {
    let import = |text: &str, environment: Option<&str>| {
        let environment = environment.map(str::to_owned);
        let options = Options { environment, ..Options::default() };
        unleash::import(text, &options).unwrap().document["environments"][0].clone()
    };
    let named = r#"{"features": [], "query": {"environment": "staging"}}"#;
    assert_eq!(import(named, None), "staging");
    assert_eq!(import(named, Some("eu-1")), "eu-1");
    assert_eq!(import(r#"{"features": []}"#, None), "production");
    assert_eq!(import(r#"{"features": [], "query": {"environment": "a b"}}"#, None), "production");
}
