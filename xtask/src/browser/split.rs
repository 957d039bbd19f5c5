//! What the pure parts of the loader would weigh in Rust.
//!
//! In: `benches/split`. Out: a table beside those in JavaScript. `wasm-bindgen`'s program is brought
//! by cargo for this alone, into `target/tools`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::wasm::{self, Library};
use crate::{cargo, root, show, succeed, target};

/// The version of the program has to be that of the crate.
const WASM_BINDGEN: &str = "0.2.130";

/// Builds, weighs and times.
pub fn run(vexil: &Path) -> Result<()> {
    let module = wasm::build("benches/split", "vexil_split", Library::Std)?;
    let bindings = target().join("split");
    let mut bindgen = Command::new(wasm_bindgen()?);
    bindgen.args(["--target", "web", "--no-typescript", "--out-dir"]).arg(&bindings).arg(module);
    succeed(&mut bindgen, "wasm-bindgen")?;
    let bound = bindings.join("vexil_split_bg.wasm");
    wasm::shrink(&bound, &bound)?;
    // The bindings are a module of JavaScript.
    std::fs::write(bindings.join("package.json"), "{\"type\": \"module\"}\n")?;
    let mut node = Command::new("node");
    node.arg(root().join("benches/split/measure.mjs")).arg(bindings).arg(vexil);
    succeed(&mut node, "the measurement")
}

/// The program, which is built when it is not there.
fn wasm_bindgen() -> Result<PathBuf> {
    let tools = target().join("tools");
    let program = tools.join("bin/wasm-bindgen");
    let is_there = Command::new(&program)
        .arg("--version")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(WASM_BINDGEN));
    if !is_there {
        println!("{}", show::faint("building wasm-bindgen (it takes some minutes)"));
        let mut install = cargo();
        install.args(["install", "--quiet", "wasm-bindgen-cli", "--version", WASM_BINDGEN]);
        install.arg("--root").arg(tools).arg("--target-dir").arg(target().join("tools-build"));
        succeed(&mut install, "cargo install wasm-bindgen-cli")?;
    }
    Ok(program)
}
