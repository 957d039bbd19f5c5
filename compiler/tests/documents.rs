//! Documents as data: good ones read, write and read alike; bad ones give exactly the faults that
//! stand beside them, and others the warnings; the JSON Schema agrees with the reader.
//!
//! In: `tests/cases/documents/`. `BLESS=1 cargo test -p vexil-compiler --test documents` writes the
//! `.diagnostics` files anew; read the difference before committing it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

#[path = "documents/cases.rs"]
mod cases;
#[path = "documents/fragments.rs"]
mod fragments;
#[path = "documents/limits.rs"]
mod limits;
#[path = "documents/lints.rs"]
mod lints;
#[path = "documents/projects.rs"]
mod projects;
#[path = "documents/round_trip.rs"]
mod round_trip;
#[path = "documents/schema.rs"]
mod schema;

/// The files of `tests/cases/documents/<folder>` that are documents, by name.
fn documents(folder: &str) -> Vec<PathBuf> {
    let folder = cases_folder().join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end != "diagnostics"));
    paths.sort();
    assert!(!paths.is_empty(), "no documents in {folder:?}");
    paths
}

fn cases_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/documents")
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path:?}: {e}"))
}
