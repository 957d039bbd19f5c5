//! `cargo xtask load`: a server as it is shipped, under load.
//!
//! In: a scenario with its options, as `benches/load` takes them. Out: what that measures. Both are
//! built with optimisation first, which takes minutes the first time.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{cargo, root, target, tools};

/// What to measure.
#[derive(Args, Debug)]
pub struct Load {
    /// A scenario and its options; without one they are listed
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "SCENARIO")]
    words: Vec<String>,
}

/// Builds, and runs it.
pub fn run(load: &Load) -> Result<ExitCode> {
    tools::need(&[tools::C_COMPILER])?;
    let mut build = cargo();
    build.args(["build", "--release", "--package", "vexil-server", "--package", "vexil-load"]);
    build.args(["--bin", "vexil", "--bin", "vexil-load"]);
    if !build.status().context("cargo does not run")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let program = |name: &str| target().join("release").join(name);
    let status = Command::new(program("vexil-load"))
        .args(&load.words)
        .arg("--vexil")
        .arg(program("vexil"))
        .current_dir(root())
        .status()
        .context("the load does not run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
