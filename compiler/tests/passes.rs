//! What each pass does: the program before and after it, as text that is read in the diff.
//!
//! `tests/cases/passes/PASS.yaml` or `PASS-WHAT.yaml` beside the text; `BLESS=1` writes it anew.
//! Before are the passes that come before this one, after is this one besides.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::{Passes, document, program_with};

/// Switches a pass on.
type Switch = fn(&mut Passes);

/// The passes that change programs, in their order, and how each is switched on.
const PASSES: [(&str, Switch); 5] = [
    ("fold", |passes| passes.fold = true),
    ("decide", |passes| passes.decide = true),
    ("merge", |passes| passes.merge = true),
    ("order", |passes| passes.order = true),
    ("prune", |passes| passes.prune = true),
];

#[test]
fn each_pass_does_what_stands_beside_its_cases() {
    let mut shown = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in documents() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let pass = name.split('-').next().unwrap();
        shown.insert(pass.to_owned());
        let text = before_and_after(pass, &flag_set(&path));
        let beside = path.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&beside, &text).unwrap();
        }
        if std::fs::read_to_string(&beside).unwrap_or_default() != text {
            wrong.push(format!("{name}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "BLESS=1 accepts these:\n\n{}", wrong.join("\n\n"));
    let all: BTreeSet<String> = PASSES.iter().map(|(pass, _)| (*pass).to_owned()).collect();
    assert_eq!(shown, all, "every pass has a case");
}

fn documents() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/passes");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().unwrap() == "yaml").collect();
    paths.sort();
    paths
}

fn flag_set(path: &Path) -> FlagSet {
    let text = std::fs::read_to_string(path).unwrap();
    let project = document::read(&text).unwrap_or_else(|faults| panic!("{path:?}: {faults:#?}"));
    project.flag_set("test").unwrap()
}

fn before_and_after(pass: &str, set: &FlagSet) -> String {
    let number = PASSES.iter().position(|(name, _)| *name == pass);
    let number = number.unwrap_or_else(|| panic!("there is no pass `{pass}`"));
    let mut passes = Passes::NONE;
    PASSES[..number].iter().for_each(|(_, switch)| switch(&mut passes));
    let before = program_with(set, passes).unwrap().to_string();
    PASSES[number].1(&mut passes);
    let after = program_with(set, passes).unwrap().to_string();
    assert_ne!(before, after, "a case of {pass} that it does nothing to");
    let mut text = String::new();
    write!(text, "before {pass}\n\n{before}\nafter {pass}\n\n{after}").unwrap();
    text
}
