//! Manifests good, newer and hostile.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::{Value, json};
use vexil_abi::verdict::{Verdict, reason};

use super::*;
use crate::limits::MANIFEST_VALUES;

fn constant() -> i64 {
    Verdict::serve(0, reason::STATIC).pack()
}

fn good() -> Value {
    json!([
        1, "vexil 0.1.0", 8,
        [["country", 0], ["$now", 1]],
        [[0, [["on", true], ["off", false]]], [3, [["x", {"k": [1, null]}]]], [1, [["x", "text"]]]],
        [["r"], []],
        [[0], [1], []],
        [
            ["a", 0, 0, 0, ["b"], null],
            ["b", 1, 1, 1, [], null],
            ["c", 2, 1, 2, [], constant()],
        ],
    ])
}

fn read(manifest: &Value) -> Result<Manifest, String> {
    decode(&rmp_serde::to_vec(manifest).unwrap()).map_err(|error| error.to_string())
}

/// The error that the good manifest gives when the value at `pointer` is replaced.
#[track_caller]
fn check(pointer: &str, value: Value, expected: &str) {
    let mut manifest = good();
    *manifest.pointer_mut(pointer).unwrap() = value;
    let error = read(&manifest).unwrap_err();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_manifest_is_read_as_the_tables_say() {
    let manifest = read(&good()).unwrap();
    assert_eq!((manifest.compiler.as_str(), manifest.scratch), ("vexil 0.1.0", 8));
    assert_eq!(manifest.attributes.len(), 2);
    let (number, row) = manifest.flag("b").unwrap();
    assert_eq!((number, row.kind, row.reads_now), (1, Kind::Json, true));
    assert_eq!(*row.variants, [("x".to_owned(), json!({"k": [1, null]}))]);
    let (_, row) = manifest.flag("a").unwrap();
    assert_eq!((row.reads_now, row.constant), (false, None));
    assert_eq!((&*row.rules, &*row.prerequisites), (&["r".into()][..], &["b".into()][..]));
    assert_eq!(manifest.flag("c").unwrap().1.constant, Some(constant()));
    assert!(manifest.flag("d").is_none());
}

#[test]
fn elements_beyond_those_known_are_ignored() {
    let mut manifest = good();
    for pointer in ["", "/3/0", "/4/0", "/4/0/1/0", "/7/0"] {
        let row = manifest.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
        row.extend([json!("new"), json!({"deep": [[], {}]})]);
    }
    assert_eq!(read(&manifest), read(&good()));
}

#[test]
fn shorter_rows_and_other_shapes_are_refused() {
    check("/7/0", json!(["a"]), "`variants` is absent");
    check("/4/0", json!([0]), "`variants` is absent");
    check("/3/0", json!(["a"]), "`read` is absent");
    check("/3/0", json!({"path": "a"}), "an attribute as an array");
    check("/0", json!(2), "guest ABI 2");
    check("/1", json!(7), "not a manifest");
    check("/2", json!(-8), "not a manifest");
    check("/2", json!(12), "scratch of 12 bytes is not a multiple of 8");
    assert!(read(&json!("text")).is_err());
}

#[test]
fn every_index_is_checked() {
    check("/3/0/1", json!(4), "read number 4 is not known");
    check("/4/0/0", json!(4), "kind number 4 is not known");
    check("/4/0/0", json!(256), "kind number 256 is not known");
    check("/6/0", json!([2]), "flag `a`: slot 2 does not exist");
    check("/6/0", json!([1, 0]), "flag `a`: the slots it reads are not ascending");
    check("/7/0/1", json!(3), "flag `a`: variants number 3 are not there");
    check("/7/0/2", json!(2), "flag `a`: rules number 2 are not there");
    check("/7/0/3", json!(3), "flag `a`: reads number 3 are not there");
    check("/4/0/1/1/1", json!("off"), "variant `off` is not of kind boolean");
    check("/7/0/0", json!("b"), "flag `b` is out of order");
    check("/7/2/0", json!("aa"), "flag `aa` is out of order");
}

#[test]
fn constant_verdicts_are_checked() {
    let served = Verdict::serve(0, reason::STATIC);
    let wrong = [
        (Verdict { variant: 1, ..served }, "variant number 1 of 1"),
        (Verdict { rule: 0, ..served }, "rule number 0 of 0"),
        (Verdict { reason: 7, ..served }, "reason number 7"),
        (Verdict { error_code: 9, ..served }, "error code number 9"),
        (Verdict { detail: 1, ..served }, "prerequisite 1 of 0"),
    ];
    for (verdict, expected) in wrong {
        check("/7/2/5", json!(verdict.pack()), expected);
    }
}

#[test]
fn cut_manifests_are_refused() {
    let bytes = rmp_serde::to_vec(&good()).unwrap();
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    let longer = [bytes.as_slice(), &[0xc0]].concat();
    assert!(decode(&longer).unwrap_err().to_string().contains("bytes behind the value"));
}

#[test]
fn changed_bytes_never_panic() {
    let bytes = rmp_serde::to_vec(&good()).unwrap();
    for at in 0..bytes.len() {
        for value in 0..=255 {
            let mut changed = bytes.clone();
            changed[at] = value;
            let _ = decode(&changed);
        }
    }
}

#[test]
fn lying_counts_and_floods_are_refused() {
    for lie in [&[0xdd, 0xff, 0xff, 0xff, 0xff][..], &[0xdf, 0xff, 0xff, 0xff, 0xff, 1, 1]] {
        assert!(decode(lie).is_err());
    }
    let text_of_4_gib = [0x95, 1, 0xdb, 0xff, 0xff, 0xff, 0xff];
    assert!(decode(&text_of_4_gib).is_err());
    let nested = vec![0x91; 10_000];
    assert!(decode(&nested).is_err());

    let mut flood = vec![0xdd];
    flood.extend((MANIFEST_VALUES as u32).to_be_bytes());
    flood.resize(flood.len() + MANIFEST_VALUES, 0xc0);
    assert!(decode(&flood).unwrap_err().to_string().contains("more than"));
}
