//! `cargo xtask fuzz`: looks for bytes that break something, with libFuzzer.
//!
//! In: names of targets, perhaps, and for how long. Out: what was found, where it lies and how to
//! keep it; executions of each target. What is learnt stays in `fuzz/corpus` for the next time.
//! The stable toolchain will do: nothing of ours is `unsafe`, so no sanitizer is needed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use crate::{cargo, root, show, tools};

/// Seconds after which an input counts as endless. The dearest legal document takes a few.
const TIMEOUT_SECONDS: u64 = 60;

/// Memory of a target. Generated machine code and a flag set are far below.
const MEMORY_MB: u64 = 3_000;

/// What to fuzz, and for how long.
#[derive(Args, Debug)]
pub struct Fuzz {
    /// Only these targets; all of them, one after the other, when none is named
    #[arg(value_enum)]
    targets: Vec<Target>,
    /// Seconds for each target
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Flag documents: read, checked, compiled, verified
    Document,
    /// Documents of Unleash
    Unleash,
    /// Contexts: the interpreter and compiled modules agree
    Context,
    /// Modules, and damaged modules
    Module,
}

impl Target {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Folders of `tests/cases` that it begins with.
    const fn seeds(self) -> &'static [&'static str] {
        match self {
            Self::Document => &["documents", "golden"],
            Self::Unleash => &["import"],
            Self::Context | Self::Module => &[],
        }
    }

    /// Bytes of the longest input.
    const fn bytes_max(self) -> usize {
        match self {
            Self::Document | Self::Unleash => 16_384,
            Self::Context => 2_048,
            Self::Module => 8_192,
        }
    }
}

/// Fuzzes the targets.
pub fn run(fuzz: &Fuzz) -> Result<ExitCode> {
    tools::need(&[tools::C_COMPILER, tools::CXX_COMPILER, tools::CARGO_FUZZ])?;
    let all = Target::value_variants();
    let targets = if fuzz.targets.is_empty() { all } else { &fuzz.targets };
    println!("building; the first time it takes minutes, because wasmtime is instrumented as well");
    build()?;
    let mut outcomes = Vec::new();
    for target in targets {
        println!("\n{} {}", show::strong(format!("── {}", target.name())), "─".repeat(60));
        outcomes.push((target.name(), one(*target, fuzz.seconds)?));
    }
    Ok(summary(&outcomes))
}

fn build() -> Result<()> {
    let status = cargo().args(["fuzz", "build", "--sanitizer", "none"]).status();
    match status.context("cargo does not start")?.success() {
        true => Ok(()),
        false => bail!("the targets do not build"),
    }
}

/// What came of one target.
struct Outcome {
    is_good: bool,
    executions: Option<u64>,
    time: Duration,
}

fn one(target: Target, seconds: u64) -> Result<Outcome> {
    let started = Instant::now();
    let mut child = command(target, seconds)?.spawn().context("cargo does not start")?;
    let mut executions = None;
    if let Some(output) = child.stderr.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            executions = executions_of(&line).or(executions);
        }
    }
    let is_good = child.wait()?.success();
    if !is_good {
        let name = target.name();
        println!("{} what broke it lies in fuzz/artifacts/{name}", show::bad("✗"));
        println!("  copy it to tests/cases/fuzz/{name}, where the suite runs it for ever, and see");
        println!("  cargo test --workspace --test suite -- fuzz");
    }
    Ok(Outcome { is_good, executions, time: started.elapsed() })
}

fn command(target: Target, seconds: u64) -> Result<Command> {
    let (root, name) = (root(), target.name());
    let corpus = root.join("fuzz/corpus").join(&name);
    std::fs::create_dir_all(&corpus).context("the corpus has no folder")?;
    let mut command = cargo();
    command.args(["fuzz", "run", "--sanitizer", "none", &name]).arg(corpus);
    command.args(seeds(&root, target)).arg("--");
    command.arg(format!("-dict={}", root.join("fuzz/words").join(&name).display()));
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={}", target.bytes_max()));
    command.arg(format!("-timeout={TIMEOUT_SECONDS}")).arg(format!("-rss_limit_mb={MEMORY_MB}"));
    command.arg("-print_final_stats=1").stdin(Stdio::null()).stderr(Stdio::piped());
    Ok(command)
}

/// Folders to begin with, those that are there.
fn seeds(root: &Path, target: Target) -> Vec<PathBuf> {
    let cases = root.join("tests/cases");
    let found = cases.join("fuzz").join(target.name());
    let seeds = target.seeds().iter().map(|folder| cases.join(folder));
    seeds.chain([found]).filter(|folder| folder.is_dir()).collect()
}

/// The number in `stat::number_of_executed_units: 1234`.
fn executions_of(line: &str) -> Option<u64> {
    line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok()
}

fn summary(outcomes: &[(String, Outcome)]) -> ExitCode {
    println!("\n{} {}", show::strong("── summary"), "─".repeat(57));
    for (name, outcome) in outcomes {
        let mark = if outcome.is_good { show::good("✓") } else { show::bad("✗") };
        let executions = outcome.executions.map_or("?".to_owned(), |count| count.to_string());
        println!(
            "  {mark} {name:<9} {executions:>11} executions {:>9}",
            show::seconds(outcome.time)
        );
    }
    match outcomes.iter().all(|(_, outcome)| outcome.is_good) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::executions_of;

    #[test]
    fn the_number_of_executions_is_read() {
        assert_eq!(executions_of("stat::number_of_executed_units: 4711"), Some(4711));
        assert_eq!(executions_of("stat::average_exec_per_sec: 12"), None);
    }
}
