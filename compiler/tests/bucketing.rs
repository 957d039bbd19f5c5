//! Buckets: the published vectors, and that they are uniform and independent between salts.
//!
//! In: `tests/cases/bucketing.json` and the table in `docs/bucketing.md`; made-up units and salts.
//! Every input is fixed, so a test here passes always or never. The bounds are those of chance: a
//! perfect hash stays inside them with more than 99.9 %. Quantiles are those of the chi-squared
//! distribution.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;

use serde::Deserialize;
use vexil_compiler::interpret::bucket;
use xxhash_rust::xxh64::xxh64;

const SALTS: usize = 1_000;
const UNITS: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    unit: String,
    salt: String,
    /// 16 hexadecimal digits.
    unit_hash: String,
    bucket: u32,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn vectors() -> Vec<Vector> {
    let text = fs::read_to_string(root().join("tests/cases/bucketing.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_published_vectors_hold() {
    for Vector { unit, salt, unit_hash, bucket: expected } in vectors() {
        assert_eq!(format!("{:016x}", xxh64(unit.as_bytes(), 0)), unit_hash, "hash of {unit:?}");
        let got = bucket(unit.as_bytes(), salt.as_bytes());
        assert_eq!(got, expected, "bucket of {unit:?} under {salt:?}");
    }
}

#[test]
fn the_vectors_reach_every_path_of_xxh64() {
    let lengths: Vec<usize> = vectors().iter().map(|vector| vector.unit.len()).collect();
    for length in (0..=40).chain([63, 64, 65, 100]) {
        assert!(lengths.contains(&length), "no unit of {length} bytes");
    }
}

#[test]
fn the_table_in_the_documentation_is_a_part_of_the_vectors() {
    let page = fs::read_to_string(root().join("docs/bucketing.md")).unwrap();
    let vectors = vectors();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')))
        .map(Iterator::collect)
        .collect();
    assert!(rows.len() >= 8, "{rows:?}");
    for row in rows {
        let [unit, salt, unit_hash, bucket] = row[..] else { panic!("{row:?}") };
        let text = |cell: &str| cell.trim_matches('"').to_owned();
        let found = vectors.iter().any(|vector| {
            vector.unit == text(unit)
                && vector.salt == text(salt)
                && vector.unit_hash == unit_hash
                && vector.bucket.to_string() == bucket
        });
        assert!(found, "{row:?} is not in tests/cases/bucketing.json");
    }
}

#[test]
fn a_unit_that_is_its_own_salt_falls_in_bucket_0() {
    for text in ["", "user-1", "日本"] {
        assert_eq!(bucket(text.as_bytes(), text.as_bytes()), 0);
    }
}

/// The buckets of the units `user-0`, `user-1`, … under one salt: the plainest of real keys.
fn buckets(salt: &str) -> Vec<u32> {
    (0..UNITS).map(|i| bucket(format!("user-{i}").as_bytes(), salt.as_bytes())).collect()
}

fn salts() -> impl Iterator<Item = String> {
    (0..SALTS).map(|i| format!("flag-{i}"))
}

/// Pearson's statistic of `counts` against the same expectation in each.
fn chi_squared(counts: &[u32], expected: f64) -> f64 {
    counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
}

/// Checks that `statistics`, one for each salt or pair of salts, are spread as chi-squared with
/// `freedom` degrees of freedom spreads them.
///
/// `deciles` are its nine deciles and `critical` its 99 % quantile. Three things are asked:
///
/// - their mean is within 3.29 standard errors of `freedom` (99.9 % of chance);
/// - 2 to 22 in 1,000 lie beyond the 1 % critical value (the binomial's 99.9 % interval);
/// - they fill the ten classes between the deciles evenly: the statistic of the ten counts is
///   below 27.88, the 99.9 % quantile with 9 degrees of freedom.
fn check_spread(statistics: &[f64], freedom: f64, deciles: [f64; 9], critical: f64) {
    let count = statistics.len() as f64;
    let mean = statistics.iter().sum::<f64>() / count;
    let allowed = 3.29 * (2.0 * freedom / count).sqrt();
    let beyond = statistics.iter().filter(|statistic| **statistic > critical).count();
    let mut classes = [0; 10];
    for statistic in statistics {
        classes[deciles.partition_point(|decile| decile < statistic)] += 1;
    }
    let evenness = chi_squared(&classes, count / 10.0);
    println!("mean {mean:.3}, {beyond} beyond {critical}, deciles {classes:?}: {evenness:.2}");
    assert!((mean - freedom).abs() < allowed, "mean {mean}, not {freedom} ± {allowed}");
    assert!((2..=22).contains(&beyond), "{beyond} of {count} beyond the 1 % critical value");
    assert!(evenness < 27.88, "deciles {classes:?}");
}

/// For each of 1,000 salts: 10,000 units in 100 bins of 1,000 buckets; 99 degrees of freedom.
#[test]
fn buckets_are_uniform_under_a_thousand_salts() {
    let statistics: Vec<f64> = salts()
        .map(|salt| {
            let mut bins = [0; 100];
            for bucket in buckets(&salt) {
                bins[bucket as usize / 1_000] += 1;
            }
            chi_squared(&bins, UNITS as f64 / 100.0)
        })
        .collect();
    let deciles = [81.449, 87.005, 91.166, 94.826, 98.334, 101.928, 105.868, 110.607, 117.407];
    check_spread(&statistics, 99.0, deciles, 134.642);
}

/// For each of 1,000 pairs of salts that differ in little: do the lower halves under both have
/// anything to do with each other? A table of two by two; 1 degree of freedom.
#[test]
fn buckets_are_independent_between_salts() {
    let halves: Vec<Vec<bool>> = salts()
        .map(|salt| buckets(&salt).into_iter().map(|bucket| bucket < 50_000).collect())
        .collect();
    let statistics: Vec<f64> =
        (0..SALTS).map(|i| association(&halves[i], &halves[(i + 1) % SALTS])).collect();
    let deciles = [
        0.015_791, 0.064_185, 0.148_472, 0.274_996, 0.454_936, 0.708_326, 1.074_194, 1.642_374,
        2.705_543,
    ];
    check_spread(&statistics, 1.0, deciles, 6.635);
}

/// Pearson's statistic of the contingency table of two properties of the same units.
fn association(left: &[bool], right: &[bool]) -> f64 {
    let mut table = [[0.0; 2]; 2];
    for (left, right) in left.iter().zip(right) {
        table[usize::from(*left)][usize::from(*right)] += 1.0;
    }
    let [[a, b], [c, d]] = table;
    let total: f64 = a + b + c + d;
    total * (a * d - b * c).powi(2) / ((a + b) * (c + d) * (a + c) * (b + d))
}

/// A rollout that grows keeps everyone it has: `bucket < percentage` is monotone by construction,
/// and 1 % of the units more or less come with each per cent.
#[test]
fn every_per_cent_of_a_rollout_brings_a_per_cent_of_the_units() {
    let mut all: Vec<u32> = salts().take(10).flat_map(|salt| buckets(&salt)).collect();
    all.sort_unstable();
    // The largest distance from the straight line (Kolmogorov and Smirnov); 1.95 / sqrt(n) is its
    // 99.9 % quantile.
    let count = all.len() as f64;
    let distance = all
        .iter()
        .enumerate()
        .map(|(i, bucket)| (f64::from(*bucket) / 100_000.0 - i as f64 / count).abs())
        .fold(0.0, f64::max);
    println!("distance {distance:.5}");
    assert!(distance < 1.95 / count.sqrt(), "distance {distance}");
}
