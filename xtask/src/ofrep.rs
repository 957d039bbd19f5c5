//! `cargo xtask ofrep`: OpenFeature's Rust provider for OFREP against this server.
//!
//! In: nothing. Out: what the provider was answered, and whether that was right. The client has a
//! workspace of its own, because its dependencies would change the server's; the web provider's turn
//! is in the tests (`tests/tests/suite/ofrep.rs`).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{cargo, root, target, tools};

/// A server that ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds both, and runs the one against the other.
pub fn run() -> Result<ExitCode> {
    tools::need(&[tools::C_COMPILER])?;
    // The tests have built it, with features of their own: then it is not built again.
    if std::env::var_os("VEXIL_PROGRAMS_BUILT").is_none() {
        let mut build = cargo();
        build.args(["build", "--package", "vexil-server", "--bin", "vexil"]);
        if !build.status().context("cargo does not run")?.success() {
            return Ok(ExitCode::FAILURE);
        }
    }
    let vexil = target().join("debug/vexil");
    let mut server = Server(
        Command::new(&vexil)
            .args(["serve", "--json", "--memory", "--listen", "127.0.0.1:0", "--log", "warn"])
            .stdout(Stdio::piped())
            .spawn()
            .context("the server does not run")?,
    );
    let output = server.0.stdout.take().context("the server has no output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let started: serde_json::Value =
        serde_json::from_str(&line).context("the server does not start")?;
    let text = |name: &str| started.get(name).and_then(serde_json::Value::as_str);
    let (url, admin) = (text("url").context("no url")?, text("admin_key").context("no key")?);
    let flags = root().join("tests/cases/cli/files/flags.yaml");
    let flags = flags.to_str().context("the path is not UTF-8")?;
    ask(&vexil, url, admin, &["apply", flags, "--yes"])?;
    let create =
        ["key", "create", "ofrep", "--kind", "server", "-p", "shop", "-e", "production", "--json"];
    let key: serde_json::Value = serde_json::from_str(&ask(&vexil, url, admin, &create)?)?;
    let key = key.get("token").and_then(serde_json::Value::as_str).context("no token")?;

    let mut client = cargo();
    client.args(["run", "--quiet", "--locked", "--manifest-path"]);
    client.arg(root().join("tests/conformance/ofrep/rust/Cargo.toml"));
    // With the workspace's own it would build everything anew, each time.
    client.arg("--target-dir").arg(target().join("ofrep"));
    client.args(["--", url, key]);
    let status = client.status().context("cargo does not run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a command of the operator prints.
fn ask(vexil: &Path, url: &str, key: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(vexil);
    command.args(arguments).env("VEXIL_SERVER", url).env("VEXIL_KEY", key);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("vexil {arguments:?} failed");
    }
    Ok(String::from_utf8(output.stdout)?)
}
