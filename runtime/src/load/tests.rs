//! Modules that are refused, and why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use serde_json::json;
use wasm_encoder::ExportKind;

use super::*;
use crate::fixture::{Fixture, manifest, module};

fn refusal(bytes: &[u8]) -> String {
    load(&Engine::new().unwrap(), bytes, None).unwrap_err().to_string()
}

/// The refusal of the good fixture after `change`.
#[track_caller]
fn check(change: impl FnOnce(&mut Fixture), expected: &str) {
    let mut fixture = Fixture::new("x");
    change(&mut fixture);
    assert_eq!(refusal(&fixture.assemble()), expected);
}

#[test]
fn a_good_module_is_loaded() {
    let (bytes, digest) = module("x");
    let loaded = load(&Engine::new().unwrap(), &bytes, Some(&digest)).unwrap();
    assert_eq!((&loaded.digest, loaded.bytes, loaded.arena), (&digest, bytes.len(), 1000));
    assert_eq!(loaded.manifest.flags.len(), 2);
}

#[test]
fn the_digest_is_sha256_in_lower_case() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(digest(b""), empty);
    let error = load(&Engine::new().unwrap(), &module("x").0, Some(empty)).unwrap_err();
    assert!(matches!(error, LoadError::WrongDigest { expected, .. } if expected == empty));
}

#[test]
fn modules_that_could_do_more_than_compute_are_refused() {
    check(|f| f.import = true, "the module imports `env.clock`; a module may only compute");
    check(|f| f.start = true, "the module has a start function");
}

#[test]
fn the_guest_abi_is_checked() {
    check(|f| f.abi = 2, "the module is for guest ABI 2; this host knows 1");
    for at in 0..6 {
        let name = Fixture::new("x").exports[at].0;
        let missing = format!("the module does not export `{name}`");
        check(
            |f| {
                f.exports.remove(at);
            },
            &missing,
        );
    }
    check(
        |f| f.exports.push(("run", ExportKind::Func, 0)),
        "the module exports `run`, which the guest ABI does not know",
    );
    check(
        |f| f.exports[4].2 = 2,
        "the module's export `evaluate` is not a function `(i32, i32) -> i64`",
    );
    check(
        |f| f.exports[1].2 = 2,
        "the module's export `vexil_abi` is not an immutable global `i32` with a constant value",
    );
    check(
        |f| f.exports[2] = ("arena", ExportKind::Func, 0),
        "the module's export `arena` is not an immutable global `i32` with a constant value",
    );
}

#[test]
fn the_memory_neither_grows_nor_is_huge() {
    check(|f| f.memory = (1, Some(2)), "the module's memory may grow");
    check(|f| f.memory = (1, None), "the module's memory may grow");
    check(
        |f| f.memory = (1025, Some(1025)),
        "the module has 67174400 bytes of memory, more than 67108864",
    );
    check(
        |f| f.arena = 65_500,
        "the module's arena at 65500 has no room in a memory of 65536 bytes",
    );
    check(
        |f| f.arena = -1,
        "the module's arena at 4294967295 has no room in a memory of 65536 bytes",
    );
}

#[test]
fn one_manifest_is_needed() {
    check(|f| f.manifests.clear(), "the module has 0 `vexil.manifest` sections; it needs one");
    let two = "the module has 2 `vexil.manifest` sections; it needs one";
    check(|f| f.manifests.push(manifest("y")), two);
    check(
        |f| f.manifests[0][2] = json!(3),
        "the module's manifest is refused: scratch of 3 bytes is not a multiple of 8",
    );
    check(
        |f| f.manifests[0][2] = json!(1_u64 << 31),
        "the module's arena at 1000 has no room in a memory of 65536 bytes",
    );
}

#[test]
fn large_functions_and_modules_are_refused_before_they_are_compiled() {
    check(|f| f.padding = 200_000, "the module has 200006 bytes in one function, more than 131072");
    check(|f| f.locals = 50_000, "the module has 50001 locals in one function, more than 2000");
    let huge = vec![0; MODULE_BYTES + 1];
    assert_eq!(refusal(&huge), "the module has 16777217 bytes, more than 16777216");
}

#[test]
fn a_module_that_answers_rubbish_is_refused_before_it_serves() {
    check(
        |f| f.manifests[0][4][1][1] = json!([["only", true]]),
        "the module fails on an empty context: \
         the module's verdict on flag `checkout` names variant number 1 of 1",
    );
}

#[test]
fn cut_and_changed_modules_never_panic() {
    let engine = Engine::new().unwrap();
    let (bytes, digest) = module("x");
    for end in (0..bytes.len()).step_by(3) {
        assert!(load(&engine, &bytes[..end], Some(&digest)).is_err());
        assert!(load(&engine, &bytes[..end], None).is_err(), "cut at {end}");
    }
    for at in (0..bytes.len()).step_by(2) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let _ = load(&engine, &changed, None);
    }
}
