//! `cargo xtask browser`: makes the npm package of the browser loader.
//!
//! In: `browser-loader`. Out: `browser-loader/dist`, to be published or served as it is, and what its
//! files weigh.

pub mod chromium;

mod verifier;

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{npm, root, tools};

/// Where the loader is.
pub const LOADER: &str = "browser-loader";

/// Where its tests in a browser are.
pub const TESTS: &str = "tests/browser";

/// Makes the package.
pub fn run() -> Result<ExitCode> {
    tools::need(&[tools::NODE, tools::NPM])?;
    build()?;
    println!("the package is in {LOADER}/dist");
    Ok(ExitCode::SUCCESS)
}

/// Makes the package, with everything that it needs.
pub fn build() -> Result<()> {
    npm::install(&root(), LOADER)?;
    let verifier = verifier::build()?;
    let mut node = Command::new("node");
    node.arg("build.mjs").arg("--verifier").arg(verifier).current_dir(root().join(LOADER));
    if !node.stdin(Stdio::null()).status().context("node does not start")?.success() {
        bail!("the package could not be made");
    }
    Ok(())
}
