//! `cargo xtask simulate`: lives through many simulated worlds, or through one again.
//!
//! In: which seeds. Out: how many worlds were lived through and how fast; of the first that broke its
//! history. The worlds are in the suite (`tests/tests/suite/simulation.rs`), which is built as for
//! `cargo xtask test`, so that wasmtime is linked once.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{cargo, tools};

/// Which worlds.
#[derive(Args, Debug)]
pub struct Simulate {
    /// How many, one for each seed
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// Only the world of this seed
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
}

/// Builds the suite, and lives through them.
pub fn run(simulate: &Simulate) -> Result<ExitCode> {
    tools::need(&[tools::C_COMPILER])?;
    let (from, seeds) = simulate.seed.map_or((simulate.from, simulate.seeds), |seed| (seed, 1));
    let mut test = cargo();
    test.args(["test", "--workspace", "--test", "suite", "--"]);
    test.args(["--ignored", "--exact", "simulation::many_worlds", "--nocapture"]);
    test.env("VEXIL_SEEDS", format!("{from}..{}", from.saturating_add(seeds)));
    // Where a test says that a world broke tells nothing of the world.
    test.env("RUST_BACKTRACE", "0");
    let status = test.status().context("cargo does not run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
