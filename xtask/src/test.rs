//! `cargo xtask test`: everything that a change has to pass, in order of how soon it tells.
//!
//! In: the working tree. Out: a heading and a time for each step, a summary, and a last line with
//! the number of tests. Every step runs, also after one has failed: a change is read once.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};

use crate::browser::{self, LOADER, TESTS, chromium};
use crate::{cargo, links, npm, root, show, succeed, target, tools};

/// Which steps to run.
#[derive(Args, Debug)]
pub struct Test {
    /// Only these steps; all of them when none is named
    #[arg(value_enum)]
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The code is formatted
    Format,
    /// Links in Markdown lead somewhere
    Links,
    /// Clippy finds nothing
    Lints,
    /// The documentation of the code builds without warnings
    Docs,
    /// The tests pass
    Tests,
    /// The browser loader works in a browser
    Browser,
}

/// How many tests passed, failed, were skipped.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Runs the steps.
pub fn run(test: &Test) -> Result<ExitCode> {
    tools::need(&[tools::C_COMPILER, tools::NODE, tools::NPM, tools::RUSTFMT, tools::CLIPPY])?;
    let chosen = |step: &Step| test.steps.is_empty() || test.steps.contains(step);
    let steps: Vec<Step> = Step::value_variants().iter().copied().filter(chosen).collect();
    let mut tally = Tally::default();
    let mut outcomes = Vec::new();
    for step in steps.iter().copied() {
        let started = Instant::now();
        println!("\n{} {}", show::strong(format!("── {}", name(step))), "─".repeat(60));
        let done = perform(step, steps.contains(&Step::Tests), &mut tally);
        if let Err(error) = &done {
            println!("{} {error:#}", show::bad("✗"));
        }
        outcomes.push((step, done.is_ok(), started.elapsed()));
    }
    Ok(summary(&outcomes, &tally))
}

/// `tested`: whether the tests in Rust were run before.
fn perform(step: Step, tested: bool, tally: &mut Tally) -> Result<()> {
    match step {
        Step::Format => succeed(cargo().args(["fmt", "--all", "--check"]), "cargo fmt"),
        Step::Links => links::check(&root()),
        Step::Lints => {
            let clippy =
                ["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"];
            succeed(cargo().args(clippy), "clippy")
        }
        Step::Docs => {
            let mut doc = cargo();
            succeed(
                doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
                "cargo doc",
            )
        }
        Step::Tests => {
            npm::install(&root(), "tests/conformance")?;
            npm::install(&root(), TESTS)?;
            chromium::need()?;
            tests(tally)
        }
        Step::Browser => {
            npm::install(&root(), TESTS)?;
            chromium::need()?;
            browser::build()?;
            // The step before has built the server; this one may be the only one.
            if !tested {
                browser::vexil()?;
            }
            let loader = in_node(LOADER, tally);
            in_node(TESTS, tally).and(loader)
        }
    }
}

fn name(step: Step) -> String {
    step.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Runs all tests, shows what they print, and counts them.
fn tests(tally: &mut Tally) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--workspace", "--no-fail-fast"]).stdin(Stdio::null());
    // Whole-system tests start programs; a test of the whole workspace has built them.
    command.env("VEXIL_PROGRAMS_BUILT", "1");
    let status = counted(&mut command, tally)?;
    if !status.success() {
        bail!("tests failed ({status})");
    }
    Ok(())
}

/// Shows what a program prints, and counts the tests in it.
fn counted(command: &mut Command, tally: &mut Tally) -> Result<ExitStatus> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command.stdout(Stdio::piped()).spawn();
    let child = child.as_mut().map_err(|error| anyhow!("{program} does not start: {error}"))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.count(&line);
        }
    }
    Ok(child.wait()?)
}

/// Runs the tests of a package of npm's, which print as those of Rust do what came of them.
fn in_node(folder: &str, tally: &mut Tally) -> Result<()> {
    let mut command = Command::new("npm");
    command.args(["test", "--silent"]).current_dir(root().join(folder)).stdin(Stdio::null());
    command.env("NO_COLOR", "1").env("CARGO_TARGET_DIR", target());
    let status = counted(&mut command, tally)?;
    if !status.success() {
        bail!("tests of {folder} failed ({status})");
    }
    Ok(())
}

impl Tally {
    /// Adds what a line like `test result: ok. 3 passed; 0 failed; 1 ignored; …` says, or one of
    /// Node's, like `ℹ pass 3`.
    fn count(&mut self, line: &str) {
        if let Some((what, number)) = line.strip_prefix("ℹ ").and_then(|it| it.split_once(' ')) {
            let number = number.parse().unwrap_or(0);
            match what {
                "pass" => self.passed += number,
                "fail" | "cancelled" => self.failed += number,
                "skipped" | "todo" => self.skipped += number,
                _ => {}
            }
            return;
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let words: Vec<&str> =
            result.split([' ', '.', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let [number, what] = pair else { continue };
            let number = number.parse().unwrap_or(0);
            match *what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

fn summary(outcomes: &[(Step, bool, Duration)], tally: &Tally) -> ExitCode {
    println!("\n{} {}", show::strong("── summary"), "─".repeat(57));
    for (step, good, time) in outcomes {
        let mark = if *good { show::good("✓") } else { show::bad("✗") };
        println!("  {mark} {:<8} {:>9}", name(*step), show::seconds(*time));
    }
    let good = outcomes.iter().all(|(_, good, _)| *good);
    if outcomes.iter().any(|(step, ..)| matches!(step, Step::Tests | Step::Browser)) {
        println!("\n{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests_of_test {
    use super::*;

    #[test]
    fn results_of_several_binaries_add_up() {
        let mut tally = Tally::default();
        tally.count("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s");
        tally.count(
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        tally.count("test something ... ok");
        assert_eq!(tally, Tally { passed: 14, failed: 1, skipped: 1 });
        for line in ["ℹ tests 5", "ℹ pass 3", "ℹ fail 1", "ℹ skipped 1", "ℹ duration_ms 17.5"]
        {
            tally.count(line);
        }
        assert_eq!(tally, Tally { passed: 17, failed: 2, skipped: 2 });
    }
}
