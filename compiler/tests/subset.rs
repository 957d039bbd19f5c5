//! Modules of some flags of a module: which bytes they have, and what is no module.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use vexil_compiler::flag_set::FlagSet;
use vexil_compiler::module::{InspectError, SubsetError, inspect, subset, verify};
use vexil_compiler::{Module, compile, document};

/// The flag sets of all documents that have golden code, by name.
fn documents() -> Vec<(String, FlagSet)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cases/golden");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.collect();
    folders.sort();
    let documents = folders.iter().filter_map(|folder| {
        let text = std::fs::read_to_string(folder.join("flags.yaml")).unwrap();
        let set = document::read(&text).ok()?.flag_set("test").unwrap();
        Some((folder.file_name().unwrap().to_str().unwrap().to_owned(), set))
    });
    let documents: Vec<_> = documents.collect();
    assert!(documents.len() > 10, "the documents are there");
    documents
}

fn golden(name: &str) -> (FlagSet, Module) {
    let (_, set) = documents().into_iter().find(|(known, _)| known == name).unwrap();
    let module = compile(&set).unwrap();
    (set, module)
}

fn keys(set: &FlagSet) -> Vec<&str> {
    set.flags.keys().map(String::as_str).collect()
}

fn taken(bytes: &[u8], keys: &[&str]) -> Module {
    let module = subset(bytes, keys).unwrap_or_else(|error| panic!("{keys:?}: {error}"));
    verify(&module.bytes).unwrap_or_else(|error| panic!("{keys:?}: {error}"));
    module
}

#[test]
fn the_order_of_keys_and_repetitions_are_not_seen() {
    for (name, set) in documents() {
        let module = compile(&set).unwrap();
        let keys = keys(&set);
        let once = taken(&module.bytes, &keys);
        let mut turned: Vec<&str> = keys.iter().rev().copied().collect();
        turned.extend(keys.first());
        assert_eq!(taken(&module.bytes, &turned), once, "{name}");
    }
}

#[test]
fn a_subset_of_a_subset_is_the_subset_taken_at_once() {
    for (name, set) in documents() {
        let module = compile(&set).unwrap();
        let keys = keys(&set);
        for start in 0..keys.len() {
            let (larger, smaller) = (&keys[start..], &keys[start..start + 1]);
            let in_steps = taken(&taken(&module.bytes, larger).bytes, smaller);
            let at_once = taken(&module.bytes, smaller);
            assert_eq!(in_steps.digest, at_once.digest, "{name}: {larger:?}, then {smaller:?}");
        }
    }
}

#[test]
fn a_subset_has_the_rows_that_were_asked_for_and_reads_no_more() {
    let (_, module) = golden("prerequisites");
    let part = taken(&module.bytes, &["top"]);
    let (whole, part) = (inspect(&module.bytes).unwrap(), inspect(&part.bytes).unwrap());
    let top = whole.flags.iter().find(|flag| flag.key == "top").unwrap();
    assert_eq!(part.flags.len(), 1);
    assert_eq!(
        (&part.flags[0].key, &part.flags[0].prerequisites, &part.flags[0].reads),
        (&top.key, &top.prerequisites, &top.reads),
        "names of prerequisites stay"
    );
    let paths: Vec<&str> = part.attributes.iter().map(|one| one.path.as_str()).collect();
    assert!(paths.iter().all(|path| top.reads.iter().any(|read| read == path)), "{paths:?}");
    assert!(part.bytes < whole.bytes);
}

#[test]
fn a_subset_without_flags_is_a_module_without_flags() {
    for (name, set) in documents() {
        let module = compile(&set).unwrap();
        let part = taken(&module.bytes, &[]);
        assert!(inspect(&part.bytes).unwrap().flags.is_empty(), "{name}");
        assert_eq!(taken(&part.bytes, &[]), part, "{name}");
    }
}

#[test]
fn an_unknown_flag_is_told() {
    let (_, module) = golden("prerequisites");
    let error = subset(&module.bytes, &["top", "nothing", "bsae"]).unwrap_err();
    let told = "the module has no flag `nothing`, `bsae` (did you mean `base`?)";
    assert_eq!(error.to_string(), told);
    let part = taken(&module.bytes, &["top"]);
    let error = subset(&part.bytes, &["base"]).unwrap_err();
    assert_eq!(error.to_string(), "the module has no flag `base`", "it is hidden now");
}

#[test]
fn what_cannot_be_taken_apart_is_told() {
    let (_, module) = golden("prerequisites");
    let renamed = |name: &[u8; 5]| {
        let mut bytes = module.bytes.clone();
        let at = bytes.windows(11).position(|at| at == b"vexil.image").unwrap();
        bytes[at + 6..at + 11].copy_from_slice(name);
        bytes
    };
    assert_eq!(
        subset(&renamed(b"other"), &["top"]).unwrap_err().to_string(),
        "the module has no `vexil.image` section; it cannot be taken apart"
    );
    let error = subset(b"\0asm\x01\0\0\0", &[]).unwrap_err();
    assert!(matches!(error, SubsetError::Inspect(InspectError::NoManifest)), "{error}");
    let error = subset(b"#!/bin/sh", &[]).unwrap_err();
    assert!(matches!(error, SubsetError::Inspect(InspectError::Wasm(_))), "{error}");
}

#[test]
fn damaged_modules_are_refused_or_taken_apart_and_nothing_panics() {
    let (set, module) = golden("segments");
    let keys = keys(&set);
    for at in 0..module.bytes.len() {
        for damage in [1, 0x80, 0xFF] {
            let mut bytes = module.bytes.clone();
            bytes[at] ^= damage;
            let _ = subset(&bytes, &keys);
        }
        let _ = subset(&module.bytes[..at], &keys);
    }
}
