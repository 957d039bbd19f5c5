//! Packages from npm, by lock files.
//!
//! In: a folder of this repository with a lock file. Out: its packages in its `node_modules`. What is
//! there already is left alone, so that no network is asked twice. No script of a package runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Installs what the lock file in `folder` names, unless it is there. `folder` is below `root`.
pub fn install(root: &Path, folder: &str) -> Result<()> {
    let path = root.join(folder);
    let lock = fs::read(path.join("package-lock.json"))
        .with_context(|| format!("{folder}/package-lock.json cannot be read"))?;
    // A copy of the lock file says what was installed, and that it came to its end.
    let stamp = path.join("node_modules/.installed.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("installing the packages of {folder} with npm");
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let mut npm = Command::new("npm");
    npm.args(arguments).current_dir(&path).stdin(Stdio::null());
    if !npm.status().context("npm does not start")?.success() {
        bail!("npm could not install what {folder} needs; without a network it has to be there");
    }
    fs::write(stamp, lock).context("what was installed cannot be noted")
}
