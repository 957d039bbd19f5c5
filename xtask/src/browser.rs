//! `cargo xtask browser`: makes the npm package of the browser loader, and measures it.
//!
//! In: `browser-loader`. Out: `browser-loader/dist`, to be published or served as it is; tables of
//! what it weighs beside others, and of what a page feels.

pub mod chromium;

mod split;

mod wasm;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::{cargo, npm, root, succeed, target, tools};
use wasm::Library;

/// Where the loader is.
pub const LOADER: &str = "browser-loader";

/// Where its tests in a browser are.
pub const TESTS: &str = "tests/browser";

/// What others weigh.
const WEIGHT: &str = "benches/weight";

/// What to do; makes the package when nothing is named.
#[derive(Args, Debug)]
pub struct Browser {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Weigh the loader beside other systems', bundled in the same way
    Weigh(Further),
    /// Measure changes, swaps and evaluations in a page, beside a server
    Measure(Further),
    /// Weigh and time the loader's pure parts in JavaScript and in Rust
    Split,
}

/// What the script is told as well.
#[derive(Args, Debug)]
struct Further {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Does it.
pub fn run(browser: &Browser) -> Result<ExitCode> {
    tools::need(&[tools::NODE, tools::NPM])?;
    match &browser.task {
        None => {
            build()?;
            println!("the package is in {LOADER}/dist");
        }
        Some(Task::Weigh(further)) => {
            build()?;
            npm::install(&root(), WEIGHT)?;
            node(WEIGHT, "weigh.mjs", &further.arguments)?;
        }
        Some(Task::Measure(further)) => {
            // What people run is measured, not what tests do.
            let build = ["build", "--release", "--package", "vexil-server", "--bin", "vexil"];
            succeed(cargo().args(build), "the build of the server")?;
            chromium::need()?;
            npm::install(&root(), TESTS)?;
            node(TESTS, "measure.mjs", &further.arguments)?;
        }
        Some(Task::Split) => {
            npm::install(&root(), LOADER)?;
            split::run(&vexil()?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the package, with everything that it needs.
pub fn build() -> Result<()> {
    npm::install(&root(), LOADER)?;
    let module = wasm::build("browser-loader/verifier", "vexil_verifier", Library::Core)?;
    let verifier = module.with_file_name("vexil_verify.wasm");
    wasm::shrink(&module, &verifier)?;
    node(LOADER, "build.mjs", &["--verifier".to_owned(), verifier.display().to_string()])
}

/// The server's program, which is built.
pub fn vexil() -> Result<PathBuf> {
    // The tests have built it, with features of their own: then it is not built again.
    if std::env::var_os("VEXIL_PROGRAMS_BUILT").is_none() {
        let build = ["build", "--workspace", "--bin", "vexil"];
        succeed(cargo().args(build), "the build of the server")?;
    }
    Ok(target().join("debug/vexil"))
}

fn node(folder: &str, script: &str, arguments: &[String]) -> Result<()> {
    let mut node = Command::new("node");
    node.arg(script).args(arguments).current_dir(root().join(folder));
    succeed(node.env("CARGO_TARGET_DIR", target()), &format!("{folder}/{script}"))
}
