//! The edges between the crates of this workspace are those that the design allows.
//!
//! In: `cargo metadata`. Out: every edge that has no business to be there. An edge more is a
//! decision, to be written down in `docs/ARCHITECTURE.md` with its reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// The normal dependencies that a crate may have on others of this workspace. Crates that stand in
/// none of the two lists must not exist.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("vexil-abi", &[]),
    ("vexil-compiler", &["vexil-abi"]),
    ("vexil-runtime", &["vexil-abi"]),
    ("vexil-openfeature", &["vexil-runtime"]),
    ("vexil-testing", &["vexil-compiler", "vexil-runtime"]),
    ("vexil-server", &["vexil-abi", "vexil-compiler", "vexil-runtime"]),
    ("storefront", &["vexil-runtime"]),
];

/// These may use everything, and nobody may depend on them.
const ENDS: [&str; 4] = ["vexil-tests", "vexil-benches", "vexil-load", "xtask"];

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// Every edge between crates of the workspace: from, to, whether it is a normal dependency.
fn edges(metadata: &Metadata) -> Vec<(String, String, bool)> {
    let ours: BTreeSet<&str> =
        metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let edges = metadata.packages.iter().flat_map(|package| {
        let dependencies = package.dependencies.iter();
        dependencies.map(|to| {
            let normal = to.kind != DependencyKind::Development;
            (package.name.to_string(), to.name.clone(), normal)
        })
    });
    edges.filter(|(_, to, _)| ours.contains(to.as_str())).collect()
}

#[test]
fn every_crate_is_known() {
    let known = ALLOWED.iter().map(|(name, _)| *name).chain(ENDS);
    let metadata = metadata();
    let found = metadata.packages.iter().map(|package| package.name.as_str());
    assert_eq!(found.collect::<BTreeSet<_>>(), known.collect::<BTreeSet<_>>());
}

#[test]
fn crates_depend_only_on_those_they_may() {
    let may = |from: &str, to: &str| {
        let allowed = ALLOWED.iter().find(|(name, _)| *name == from);
        allowed.is_none_or(|(_, allowed)| allowed.contains(&to))
    };
    for (from, to, normal) in edges(&metadata()) {
        assert!(!normal || may(&from, &to), "{from} may not depend on {to}");
    }
}

#[test]
fn nobody_depends_on_tests_benches_and_tasks() {
    for (from, to, _) in edges(&metadata()) {
        assert!(!ENDS.contains(&to.as_str()), "{from} depends on {to}");
    }
}

#[test]
fn the_guest_abi_depends_on_nothing_at_all() {
    let metadata = metadata();
    let abi = metadata.packages.iter().find(|package| package.name == "vexil-abi").unwrap();
    let names: Vec<_> = abi.dependencies.iter().map(|dependency| &dependency.name).collect();
    assert!(names.is_empty(), "vexil-abi depends on {names:?}");
}
