//! The programs that the tasks need, and how to get those that are missing.

use std::process::Command;

use anyhow::{Result, bail};

/// A program that has to be there.
pub struct Tool {
    /// What it is called.
    name: &'static str,
    /// What it is for.
    purpose: &'static str,
    /// A command that prints its version.
    probe: &'static [&'static str],
    /// The oldest major version that will do; 0: any.
    oldest: u32,
    /// How to install it.
    install: &'static str,
}

/// Compiles SQLite and the cryptography of TLS, which are C.
pub const C_COMPILER: Tool = Tool {
    name: "a C compiler (cc)",
    purpose: "builds SQLite, which is bundled",
    probe: &["cc", "--version"],
    oldest: 0,
    install: "Debian, Ubuntu: apt-get install gcc libc6-dev\nFedora: dnf install gcc\nmacOS: xcode-select --install",
};

/// Compiles libFuzzer, which is C++.
pub const CXX_COMPILER: Tool = Tool {
    name: "a C++ compiler (c++)",
    purpose: "builds libFuzzer",
    probe: &["c++", "--version"],
    oldest: 0,
    install: "Debian, Ubuntu: apt-get install g++\nFedora: dnf install gcc-c++\nmacOS: xcode-select --install",
};

/// Builds and runs fuzz targets.
pub const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    purpose: "builds and runs the targets in fuzz/",
    probe: &["cargo-fuzz", "--version"],
    oldest: 0,
    install: "cargo install cargo-fuzz",
};

/// Runs the host in plain JavaScript that the tests compare with.
pub const NODE: Tool = Tool {
    name: "Node.js 20 or newer",
    purpose: "runs examples/hosts/node.mjs, one of the evaluators that must agree",
    probe: &["node", "--version"],
    oldest: 20,
    install: "nodejs.org, or your system's packages (Debian 13, Fedora and Homebrew have a new enough one)",
};

/// Brings the public test suites that imports are held to.
pub const NPM: Tool = Tool {
    name: "npm",
    purpose: "brings the test suites of other systems (tests/conformance)",
    probe: &["npm", "--version"],
    oldest: 0,
    install: "it comes with Node.js from nodejs.org; Debian, Ubuntu: apt-get install npm",
};

/// Formats; `cargo fmt` needs it.
pub const RUSTFMT: Tool = Tool {
    name: "rustfmt",
    purpose: "checks the format",
    probe: &["rustfmt", "--version"],
    oldest: 0,
    install: "rustup component add rustfmt",
};

/// Lints; `cargo clippy` needs it.
pub const CLIPPY: Tool = Tool {
    name: "clippy",
    purpose: "lints",
    probe: &["cargo-clippy", "--version"],
    oldest: 0,
    install: "rustup component add clippy",
};

/// Fails with everything that is missing, and how to install it.
pub fn need(tools: &[Tool]) -> Result<()> {
    let missing: Vec<String> =
        tools.iter().filter_map(|tool| Some(explain(tool, &fault(tool)?))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("something is missing on this machine\n\n{}", missing.join("\n"));
}

fn explain(tool: &Tool, fault: &str) -> String {
    let install = tool.install.replace('\n', "\n    ");
    format!("  {} {fault}; it {}\n    {install}\n", tool.name, tool.purpose)
}

/// What is wrong with a tool; `None` when it will do.
fn fault(tool: &Tool) -> Option<String> {
    let (program, arguments) = tool.probe.split_first()?;
    let Ok(output) = Command::new(program).args(arguments).output() else {
        return Some("is not installed".to_owned());
    };
    if !output.status.success() {
        return Some("does not run".to_owned());
    }
    let version = String::from_utf8_lossy(&output.stdout);
    let version = version.trim();
    (tool.oldest > 0 && major(version) < tool.oldest).then(|| format!("is too old ({version})"))
}

/// The major version in the likes of `v20.20.2`; 0 when there is none.
fn major(version: &str) -> u32 {
    let digits = version.trim_start_matches('v').split('.').next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("v20.20.2"), 20);
        assert_eq!(major("nonsense"), 0);
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let absent = Tool { probe: &["no-such-program-here"], ..C_COMPILER };
        let error = need(&[absent]).unwrap_err().to_string();
        assert!(error.contains("cc) is not installed"), "{error}");
        assert!(error.contains("apt-get install gcc libc6-dev"), "{error}");
    }
}
