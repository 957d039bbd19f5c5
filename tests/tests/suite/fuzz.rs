//! The fuzz targets on what was found before, on seeds, and on some random bytes.

use std::path::{Path, PathBuf};

use vexil_tests::cases::root;
use vexil_tests::fuzz::{TARGETS, Target};
use vexil_tests::generate::Dice;

/// Random inputs of each target, and cut or changed seeds; set `VEXIL_INPUTS` for more.
const RANDOM: u64 = 150;

#[test]
fn any_bytes_are_a_document_or_are_refused() {
    check("document", &["documents", "golden"], RANDOM);
}

#[test]
fn any_bytes_are_imported_from_unleash_or_are_refused() {
    check("unleash", &["import"], RANDOM);
}

#[test]
fn any_context_gets_the_same_verdicts_from_all() {
    check("context", &[], 2 * RANDOM);
}

#[test]
fn any_bytes_are_a_module_or_are_refused() {
    check("module", &[], 2 * RANDOM);
}

#[test]
fn every_target_has_a_program_for_the_fuzzer() {
    for (name, _) in TARGETS {
        let program = root().join("fuzz/targets").join(name).with_extension("rs");
        assert!(program.is_file(), "{}", program.display());
    }
}

fn check(name: &str, seeds: &[&str], random: u64) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).unwrap();
    let random = std::env::var("VEXIL_INPUTS").map_or(random, |most| most.parse().unwrap());
    let cases = root().join("tests/cases");
    let found: Vec<PathBuf> = inputs(&cases.join("fuzz").join(name));
    let seeds: Vec<PathBuf> = seeds.iter().flat_map(|folder| inputs(&cases.join(folder))).collect();
    for path in found.iter().chain(&seeds) {
        run(target, &std::fs::read(path).unwrap(), &path.display().to_string());
    }
    let seeds: Vec<Vec<u8>> = seeds.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for seed in 0..random {
        let mut dice = Dice::new(seed);
        run(target, &random_input(&seeds, &mut dice), &format!("{name}, seed {seed}"));
    }
    println!("{name}: {} cases, {} seeds, {random} random inputs", found.len(), seeds.len());
}

fn run(target: Target, bytes: &[u8], what: &str) {
    if let Err(panic) = std::panic::catch_unwind(|| target(bytes)) {
        println!("{what}");
        std::panic::resume_unwind(panic);
    }
}

/// Random bytes, or a seed with some of its bytes changed.
fn random_input(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let small = |dice: &mut Dice| dice.below(256) as u8;
    let seed = if seeds.is_empty() { &Vec::new() } else { dice.one_of(seeds) };
    if seed.is_empty() {
        return dice.several(0, 400, small);
    }
    let mut bytes = seed.clone();
    for _ in 0..1 + dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(3) {
            0 => bytes[at] = small(dice),
            1 => drop(bytes.splice(at..at, dice.several(1, 4, small))),
            _ => drop(bytes.drain(at..(at + 1 + dice.below(8)).min(bytes.len()))),
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

/// All files of a folder and the folders in it, in order.
fn inputs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let nested = paths.into_iter().map(|path| match path.is_dir() {
        true => inputs(&path),
        false => vec![path],
    });
    nested.flatten().collect()
}
