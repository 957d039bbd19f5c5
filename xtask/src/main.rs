//! The tasks of this repository: `cargo xtask up`, `test`, `browser`, `fuzz`, `simulate`, `bench`,
//! `load` and `ofrep`.
//!
//! In: a task's name and options. Out: its work, told on the terminal, and an exit code. A task
//! never asks anything, so that machines can run it; it never touches files outside `target`,
//! the `node_modules` of npm's packages, `browser-loader/dist`, what `fuzz` learns, and the records
//! of `bench`.
// Blank lines keep rustfmt from sorting the modules: they stand in reading order.

mod up;

mod test;

mod fuzz;

mod simulate;

mod bench;

mod load;

mod npm;

mod browser;

mod ofrep;

mod links;

mod tools;

mod show;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Start a server with the storefront's flags, and the shop that follows it
    Up(up::Up),
    /// Check everything that a change has to pass
    Test(test::Test),
    /// Make the npm package of the browser loader, or measure it
    Browser(browser::Browser),
    /// Look for input that breaks something
    Fuzz(fuzz::Fuzz),
    /// Live through worlds in which everything goes wrong, one for each seed
    Simulate(simulate::Simulate),
    /// Measure Vexil and what a user could pick instead
    Bench(bench::Bench),
    /// Put load on a server, and measure what its clients feel
    Load(load::Load),
    /// Ask this server by OpenFeature's Rust provider for OFREP
    Ofrep,
}

fn main() -> ExitCode {
    let done = match Options::parse().task {
        Task::Up(up) => up::run(&up),
        Task::Test(test) => test::run(&test),
        Task::Browser(browser) => browser::run(&browser),
        Task::Fuzz(fuzz) => fuzz::run(&fuzz),
        Task::Simulate(simulate) => simulate::run(&simulate),
        Task::Bench(bench) => bench::run(&bench),
        Task::Load(load) => load::run(&load),
        Task::Ofrep => ofrep::run(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{} {error:#}", show::bad("xtask:"));
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the folder above this crate's.
fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    here.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Runs a program to its good end; it gets no input. `what` it is, for the error.
fn succeed(command: &mut Command, what: &str) -> Result<()> {
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("{what} does not start"))?;
    if !status.success() {
        bail!("{what} failed ({status})");
    }
    Ok(())
}

/// Where cargo builds to.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo that runs this task.
fn cargo() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root());
    command
}
