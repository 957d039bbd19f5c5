//! The reference and the cases belong together: `docs/flag-language.md` names every file of
//! evaluation cases, and no other, so that a row without cases is seen.
//!
//! In: the page, and the names of the files. The last column of a table whose head ends with
//! `cases` holds names of files in backticks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The names in the columns of cases.
fn named(page: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut in_table = false;
    for line in page.lines() {
        if !line.starts_with('|') {
            in_table = false;
        } else if line.ends_with("| cases |") {
            in_table = true;
        } else if in_table && !line.starts_with("|---") {
            let last = line.trim_end_matches('|').rsplit_once('|').unwrap().1;
            let cells: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
            let elsewhere = last.contains("in the table there");
            assert!(elsewhere || !cells.is_empty(), "a row without cases: {line}");
            names.extend(cells.into_iter().map(str::to_owned));
        }
    }
    names
}

#[test]
fn every_file_of_cases_has_a_row_and_every_row_has_cases() {
    let page = fs::read_to_string(root().join("docs/flag-language.md")).unwrap();
    let files: BTreeSet<String> = fs::read_dir(root().join("tests/cases/evaluation"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(named(&page), files);
}
