//! A browser to test in: the one of this machine.
//!
//! In: nothing. Out: it is there, or what to do. On Debian it is installed where this may be done;
//! nothing is downloaded by a test.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Where one may be; `tests/browser/harness.mjs` looks in the same places.
const PLACES: [&str; 5] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// Finds a browser, or installs one.
pub fn need() -> Result<()> {
    let named = std::env::var_os("VEXIL_CHROMIUM");
    if let Some(named) = &named {
        let there = Path::new(named).is_file();
        if !there {
            bail!("VEXIL_CHROMIUM names {}, which is not there", named.display());
        }
        return Ok(());
    }
    if PLACES.iter().any(|place| Path::new(place).is_file()) {
        return Ok(());
    }
    apt_install(&["chromium"]).context(
        "the tests of the browser loader need Chromium or Chrome: install it (Debian, Ubuntu: \
         apt-get install chromium; macOS: brew install --cask google-chrome), or name one by \
         VEXIL_CHROMIUM",
    )
}

/// Installs packages of Debian, where this user may.
pub fn apt_install(packages: &[&str]) -> Result<()> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout == b"0\n");
    if !is_root || !Path::new("/usr/bin/apt-get").is_file() {
        bail!("they cannot be installed from here");
    }
    println!("installing {}", packages.join(" "));
    let apt = |arguments: &[&str]| -> Result<()> {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        let status = command.stdout(Stdio::null()).status().context("apt-get does not start")?;
        if !status.success() {
            bail!("apt-get {} failed ({status})", arguments.join(" "));
        }
        Ok(())
    };
    apt(&["update", "-qq"])?;
    let install = ["install", "-y", "-qq", "--no-install-recommends"];
    apt(&[&install[..], packages].concat())
}
