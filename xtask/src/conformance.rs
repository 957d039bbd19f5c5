//! The public test suites of other flag systems, which npm brings as data.
//!
//! In: `tests/conformance` with its lock file. Out: the packages in its `node_modules`. What is
//! there already is left alone, so that no network is asked twice. No script of a package runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Installs what the lock file in `root` names, unless it is there.
pub fn install(root: &Path) -> Result<()> {
    let folder = root.join("tests/conformance");
    let lock = fs::read(folder.join("package-lock.json"))
        .context("tests/conformance/package-lock.json cannot be read")?;
    // A copy of the lock file says what was installed, and that it came to its end.
    let stamp = folder.join("node_modules/.installed.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("installing the test suites of tests/conformance with npm");
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let mut npm = Command::new("npm");
    npm.args(arguments).current_dir(&folder).stdin(Stdio::null());
    if !npm.status().context("npm does not start")?.success() {
        bail!("npm could not install the test suites; without a network they have to be there");
    }
    fs::write(stamp, lock).context("what was installed cannot be noted")
}
